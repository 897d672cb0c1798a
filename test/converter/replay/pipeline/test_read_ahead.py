"""Images are read and decoded ahead, in order, and every error reaches whom waits for them."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from converter.errors import RecordingError
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import RecordedMessage
from converter.replay.pipeline.read_ahead import ImageSlot, ReadAhead
from converter.replay.sides.bundle_side import InputLayout
from test.converter.replay.picture_samples import recorded
from trt_inference.bundles.bundle import Fitting
from trt_inference.errors import ImageError
from trt_inference.images.image_reader import ImageReader

LAYOUT = InputLayout(8, 8, Fitting())
ENOUGH = 60.0  # seconds, for whatever else the machine does


def messages(count: int) -> Iterator[RecordedMessage]:
    for number in range(count):
        yield RecordedMessage("/camera", "test", number, float(number), bytes([number % 256]))


def decode(message: RecordedMessage, reader: ImageReader) -> RecordedImage:
    """Every pixel of an image is its number. Each seventh is broken."""
    (value,) = message.data
    if value % 7 == 6:
        raise ImageError(f"image {value} is broken", kind="broken")
    return recorded(np.full((16, 16, 3), value, np.uint8), int(message.seconds))


def values(read: ReadAhead, use: Callable[[ImageSlot], object]) -> None:
    with read:
        for slot in read:
            use(slot)
            slot.release()


@pytest.mark.parametrize("decoders", [1, 4])
def test_all_images_come_in_order_with_the_reason_of_each_that_is_not_usable(decoders: int) -> None:
    found: list[object] = []

    def note(slot: ImageSlot) -> None:
        found.append(slot.skipped or int(slot.fitted[LAYOUT].pixels.mean()))

    values(ReadAhead(messages(100), decode, [LAYOUT], decoders=decoders), note)
    broken = [one for one in found if not isinstance(one, int)]
    assert [one for one in found if isinstance(one, int)] == [n for n in range(100) if n % 7 != 6]
    assert [tuple(one) for one in broken] == [  # type: ignore[arg-type]
        ("/camera", float(n), "broken", f"image {n} is broken") for n in range(100) if n % 7 == 6
    ]
    assert [found.index(one) for one in broken] == [n for n in range(100) if n % 7 == 6]


def test_an_image_stays_as_it_is_until_it_is_released() -> None:
    """The reader waits when all slots are taken, and goes on with one that comes back."""
    with ReadAhead(messages(100), decode, [LAYOUT], decoders=2) as read:
        images = iter(read)
        held = [next(images) for _ in range(6)]  # two decoders and four beside
        before = [slot.fitted[LAYOUT].pixels.copy() for slot in held]
        following: list[ImageSlot] = []
        taker = threading.Thread(target=lambda: following.append(next(images)), daemon=True)
        taker.start()
        taker.join(0.2)
        assert following == []
        assert [int(one.mean()) for one in before] == [0, 1, 2, 3, 4, 5]
        for slot, pixels in zip(held, before, strict=True):
            assert (slot.fitted[LAYOUT].pixels == pixels).all()
        held[0].release()
        taker.join(ENOUGH)
        assert following == [held[0]] and held[0].skipped is not None  # the seventh is broken


def failing(after: int, error: BaseException) -> Iterator[RecordedMessage]:
    yield from messages(after)
    raise error


@pytest.mark.parametrize("after", [0, 3, 50])
@pytest.mark.parametrize("error", [RecordingError("cut short"), MemoryError(), OSError("gone")])
def test_an_error_while_reading_comes_after_the_images_before_it(
    after: int, error: BaseException
) -> None:
    found: list[int] = []
    with pytest.raises(type(error)):
        values(ReadAhead(failing(after, error), decode), lambda slot: found.append(1))
    assert len(found) == after


def test_an_error_of_the_decoder_that_is_no_broken_image_is_raised() -> None:
    def fail(message: RecordedMessage, reader: ImageReader) -> RecordedImage:
        if message.seconds == 5:
            raise MemoryError
        return decode(message, reader)

    found: list[int] = []
    with pytest.raises(MemoryError):
        values(ReadAhead(messages(20), fail), lambda slot: found.append(1))
    assert len(found) == 5


def test_who_ends_early_ends_the_reader_which_closes_the_recording() -> None:
    closed = threading.Event()

    def endless() -> Iterator[RecordedMessage]:
        try:
            while True:
                yield from messages(10)
        finally:
            closed.set()

    with pytest.raises(KeyboardInterrupt), ReadAhead(endless(), decode) as read:
        for _ in read:
            raise KeyboardInterrupt
    assert closed.wait(ENOUGH)
    assert "read" not in [thread.name for thread in threading.enumerate()]
