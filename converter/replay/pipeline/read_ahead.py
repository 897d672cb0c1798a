"""Reading and decoding on threads of their own, some images ahead of the engines.

One thread reads messages in their order; others decode them, each into a slot. A frame is often a
view of its slot's arrays, so that a slot is used again only when it has been released.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType

from converter.recordings.recorded_image import RecordedImage, SkippedImage
from converter.recordings.recorded_message import RecordedMessage
from converter.replay.pipeline.give_way import give_way
from converter.replay.sides.bundle_side import FittedImage, ImageFitter, InputLayout
from trt_inference.errors import ImageError
from trt_inference.images.image_reader import ImageReader
from trt_inference.keep_memory import keep_freed_memory
from trt_inference.timing import StageClock

READING, DECODING, FITTING = "reading", "decoding", "preprocessing"
READ_AHEAD_STAGES = (READING, DECODING, FITTING)

Decode = Callable[[RecordedMessage, ImageReader], RecordedImage]

_MOST_DECODERS = 4
# Beside those that are being decoded: one in the engines, one that is compared, two that wait.
_SLOTS_BESIDE = 4
# A file system may not answer: then its thread is left behind.
_SECONDS_TO_END = 5.0


class ImageSlot:
    """Where one image after the other is decoded and fitted into the inputs of the engines.

    Attributes:
        image: the one that lies in it; None for a message without a usable image.
        skipped: why there is none.
        fitted: the image in each layout.
    """

    def __init__(self, layouts: Sequence[InputLayout], release: "Callable[[ImageSlot], None]"):
        self.image: RecordedImage | None = None
        self.skipped: SkippedImage | None = None
        self.fitted: dict[InputLayout, FittedImage] = {}
        self._reader = ImageReader()
        self._fitters = {layout: ImageFitter(layout) for layout in layouts}
        self._release = release

    def fill(self, message: RecordedMessage, decode: Decode, clock: StageClock) -> "ImageSlot":
        """Decode a message, and fit its image; what cannot be used is ``skipped``."""
        self.image = self.skipped = None
        began = time.perf_counter()
        try:
            image = decode(message, self._reader)
            decoded = time.perf_counter()
            clock.record(DECODING, decoded - began)
            self.fitted = {layout: fit(image.frame) for layout, fit in self._fitters.items()}
            clock.record(FITTING, time.perf_counter() - decoded)
            self.image = image
        except ImageError as error:
            self.skipped = SkippedImage(message.topic, message.seconds, error.kind, str(error))
        return self

    def release(self) -> None:
        """Give it back: nobody looks at its image any more."""
        self.image = None  # with the message that it may be a view of
        self._release(self)


class ReadAhead:
    """The images of a recording in their order, each in a slot that has to be released.

    A context manager; an error of its threads is raised to whom iterates.
    """

    def __init__(
        self,
        messages: Iterable[RecordedMessage],
        decode: Decode,
        layouts: Sequence[InputLayout] = (),
        clock: StageClock | None = None,
        decoders: int | None = None,
    ) -> None:
        """
        Args:
            messages: iterated on one thread of this object alone, and closed there.
            decode: called by several threads, each with the reader of its slot.
            clock: of ``READ_AHEAD_STAGES`` and others.
            decoders: threads; None for what this machine has cores for.
        """
        self._messages, self._decode = messages, decode
        self._clock = clock or StageClock(READ_AHEAD_STAGES)
        count = decoders or min(_MOST_DECODERS, len(os.sched_getaffinity(0)))
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="decode", initializer=give_way)
        self._free: SimpleQueue[ImageSlot | None] = SimpleQueue()
        self._ordered: SimpleQueue[Future[ImageSlot] | BaseException | None] = SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="read", daemon=True)
        for _ in range(count + _SLOTS_BESIDE):
            self._free.put(ImageSlot(layouts, self._free.put))

    def __enter__(self) -> "ReadAhead":
        keep_freed_memory()
        self._thread.start()
        return self

    def __iter__(self) -> Iterator[ImageSlot]:
        while (waiting := self._ordered.get()) is not None:
            if isinstance(waiting, BaseException):
                raise waiting
            yield waiting.result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._free.put(None)  # wakes the thread where it waits for a slot
        self._thread.join(_SECONDS_TO_END)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self) -> None:
        end: BaseException | None = None
        give_way()
        try:
            with contextlib.closing(_timed(self._messages, self._clock)) as messages:
                for message in messages:
                    slot = self._free.get()
                    if slot is None or self._stopped.is_set():
                        return
                    filled = self._pool.submit(slot.fill, message, self._decode, self._clock)
                    self._ordered.put(filled)
        except BaseException as error:  # whatever it is, it is raised to whom iterates
            end = error
        finally:
            self._ordered.put(end)


def _timed(
    messages: Iterable[RecordedMessage], clock: StageClock
) -> Generator[RecordedMessage, None, None]:
    """The messages, with the time that reading each takes."""
    iterator = iter(messages)
    try:
        while True:
            began = time.perf_counter()
            message = next(iterator, None)
            if message is None:
                return
            clock.record(READING, time.perf_counter() - began)
            yield message
    finally:
        if isinstance(iterator, Generator):
            iterator.close()
