"""Who answers which run, over real gRPC: the server, or this machine in its place, with the same
image; and nothing is sent twice."""

import threading
import time
from typing import Any, Callable, Dict, List

import grpc
import numpy as np
import pytest

from test.color_bundle import picture
from test.triton_double import Faults
from test.trt_inference.engines.triton.server_bench import (
    HERE,
    SERVER,
    SOON,
    Bench,
    assert_same,
    close_breaker,
    failures,
    finish,
    noise,
    run,
    start,
    values,
    wait_until,
)
from trt_inference.engines.onnxruntime.engine import OnnxRuntimeEngine
from trt_inference.engines.triton.failures import (
    BAD_ANSWER,
    NOT_REACHED,
    OTHER_MODEL,
    REFUSED,
    SERVER_ERROR,
    TOO_LATE,
)
from trt_inference.errors import EngineError
from trt_inference.inference.detector import Detector

GONE = (grpc.StatusCode.UNAVAILABLE, "the server is gone")


def half(answer: Any) -> None:
    """Scores that are not the local engine's, by which the server's answers can be told."""
    names = [one.name for one in answer.outputs]
    place = names.index("scores")
    scores = np.frombuffer(answer.raw_output_contents[place], np.float32) / 2
    answer.raw_output_contents[place] = scores.tobytes()


def cut_short(answer: Any) -> None:
    answer.raw_output_contents[0] = answer.raw_output_contents[0][:-4]


FAULTS: Dict[str, Callable[[], Faults]] = {
    NOT_REACHED: lambda: Faults(error=GONE),
    REFUSED: lambda: Faults(error=(grpc.StatusCode.UNAVAILABLE, "Exceeds maximum queue size")),
    SERVER_ERROR: lambda: Faults(error=(grpc.StatusCode.INTERNAL, "out of memory")),
    BAD_ANSWER: lambda: Faults(change=cut_short),
    OTHER_MODEL: lambda: Faults(error=(grpc.StatusCode.NOT_FOUND, "unknown model")),
}


def test_the_server_answers_and_each_image_is_sent_once(bench: Bench) -> None:
    bench.double.faults.change = half
    images = [noise(seed) for seed in range(5)]
    with bench.engine() as engine:
        found = [run(engine, image) for image in images]
        assert values(engine)["answered by"] == SERVER
        assert engine.description.startswith("Triton 2.51.0 at localhost:")
    expected = bench.own(*images)
    for number, outputs in enumerate(found):
        np.testing.assert_array_equal(outputs["scores"][0], expected["scores"][number] / 2)
    received = [request.images for request in bench.double.received]
    np.testing.assert_array_equal(np.concatenate(received), images)


def test_the_next_request_is_sent_while_the_last_is_on_its_way(bench: Bench) -> None:
    """The double answers the first one only when the second one has come."""
    second = threading.Event()

    def wait(answer: Any) -> None:
        if len(bench.double.received) == 1:
            assert second.wait(SOON)
        else:
            second.set()

    bench.double.faults.change = wait
    images = noise(1), noise(2)
    with bench.engine() as engine:
        assert engine.depth == 2
        for image in images:
            start(engine, image)
        found = [finish(engine) for _ in images]
        assert values(engine)["answered by"] == SERVER
    for image, outputs in zip(images, found):
        assert_same(outputs, bench.own(image))


@pytest.mark.parametrize("kind", FAULTS)
def test_the_same_image_goes_to_the_local_engine_and_is_not_sent_again(
    bench: Bench, kind: str
) -> None:
    image = noise(3)
    with bench.engine() as engine:
        run(engine, noise(1))
        bench.double.faults = FAULTS[kind]()
        found = run(engine, image)
        assert values(engine)["answered by"] == HERE
        assert failures(engine) == {kind: 1}
    assert_same(found, bench.own(image))
    assert bench.times_sent(image) == 1


def test_a_server_that_does_not_answer_costs_the_deadline_and_one_local_inference(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline, inferences = 0.3, []
    infer = OnnxRuntimeEngine.finish

    def finish_here(local: OnnxRuntimeEngine) -> Any:
        inferences.append(time.monotonic())
        return infer(local)

    with bench.engine(deadline=deadline) as engine:
        bench.double.faults.never = True
        monkeypatch.setattr(OnnxRuntimeEngine, "finish", finish_here)
        began = time.monotonic()
        found = run(engine, noise(3))
        assert failures(engine) == {TOO_LATE: 1}
    assert len(inferences) == 1
    # It has waited for the deadline, and not for anything much longer.
    assert deadline <= inferences[0] - began < deadline + 10
    assert_same(found, bench.own(noise(3)))


def test_runs_that_fail_together_are_answered_in_their_order_before_another_begins(
    bench: Bench,
) -> None:
    images = noise(1), noise(2)
    with bench.engine() as engine:
        bench.double.faults.error = GONE
        for image in images:
            start(engine, image)
        first = finish(engine)
        assert engine.depth == 1  # so that the second one is finished before a third begins
        second = finish(engine)
        assert engine.depth == 2
    assert_same(first, bench.own(images[0]))
    assert_same(second, bench.own(images[1]))
    assert [bench.times_sent(image) for image in images] == [1, 1]


def test_one_that_succeeds_behind_one_that_fails_is_the_servers(bench: Bench) -> None:
    bench.double.faults = Faults(error=GONE, first=1)
    with bench.engine() as engine:
        start(engine, noise(1))
        # The first request has to be the first that the double takes.
        wait_until(lambda: bool(bench.double.received))
        start(engine, noise(2))
        assert_same(finish(engine), bench.own(noise(1)))
        assert values(engine)["answered by"] == HERE
        assert_same(finish(engine), bench.own(noise(2)))
        assert values(engine)["answered by"] == SERVER
        assert engine.depth == 2


def test_after_three_failures_nothing_is_sent_any_more(bench: Bench) -> None:
    images = [noise(seed) for seed in range(8)]
    bench.double.faults.error = GONE
    with bench.engine() as engine:
        found = [run(engine, image) for image in images]
        assert failures(engine) == {NOT_REACHED: 3}
        assert values(engine)["images by this machine"] == "8"
    assert [bench.times_sent(image) for image in images] == [1] * 3 + [0] * 5
    for image, outputs in zip(images, found):
        assert_same(outputs, bench.own(image))
    assert len(bench.warned) == 1
    assert "the server is gone" in bench.warned[0]
    assert "This machine's engine answers" in bench.warned[0]


def test_two_failures_do_not_open_the_breaker(bench: Bench) -> None:
    with bench.engine() as engine:
        for seed in range(4):
            bench.double.faults.error = GONE
            run(engine, noise(seed))
            run(engine, noise(10 + seed))
            bench.double.faults.error = None
            run(engine, noise(20 + seed))
            assert values(engine)["answered by"] == SERVER
    assert len(bench.double.received) == 12
    assert bench.warned == []


def test_while_nothing_is_sent_images_are_written_into_the_local_engine_itself(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: List[OnnxRuntimeEngine] = []
    begin = OnnxRuntimeEngine.__init__

    def note(local: OnnxRuntimeEngine, *given: Any) -> None:
        begin(local, *given)
        opened.append(local)

    monkeypatch.setattr(OnnxRuntimeEngine, "__init__", note)
    bench.double.faults.error = GONE
    with bench.engine() as engine:
        [local] = opened
        servers = engine.input_buffer()
        assert not np.shares_memory(servers, local.input_buffer())
        for seed in range(3):
            run(engine, noise(seed))
        assert engine.input_buffer() is local.input_buffer()
        assert engine.depth == local.depth


def test_several_images_in_a_run_are_answered_together_by_either(bench: Bench) -> None:
    images = [noise(seed) for seed in range(3)]
    with bench.engine(batch=3) as engine:
        assert engine.batch == 3
        assert_same(run(engine, *images), bench.own(*images))
        assert values(engine)["images by the server"] == "3"
        bench.double.faults.error = GONE
        assert_same(run(engine, *images[:2]), bench.own(*images[:2]))
        assert values(engine)["images by this machine"] == "2"
    assert [len(request.images) for request in bench.double.received] == [3, 2]


@pytest.mark.parametrize("kind", [NOT_REACHED, OTHER_MODEL])
def test_an_image_that_came_while_the_server_failed_leaves_nothing_in_the_local_buffer(
    bench: Bench, kind: str
) -> None:
    """The local engine borrows its buffer for one image of the server's; what surrounds the images
    that are fitted into it must be there afterwards."""
    wide = np.full((64, 128, 3), 128, np.uint8)  # between borders of 16 rows
    filled = picture("red", (0, 0))  # over all rows
    with Detector.open(bench.bundle, "triton", "fp32", bench.options()) as detector:
        bench.double.faults = FAULTS[NOT_REACHED]()
        for _ in range(4):
            detector.detect(wide)  # the last one in the local buffer itself
        bench.double.faults = Faults()
        close_breaker(detector.engine)
        detector.detect(wide)  # after which the lane is chosen anew
        bench.double.faults = FAULTS[kind]()
        for _ in range(1 if kind == OTHER_MODEL else 3):
            assert len(detector.detect(filled)) == 1  # type: ignore[arg-type]
        detector.detect(wide)
        assert values(detector.engine)["answered by"] == HERE
        [image] = detector.engine.input_buffer()
        border = np.concatenate([image[:16], image[48:]])
        np.testing.assert_array_equal(border, bench.bundle.input.fitting.pad_value)


def test_closing_does_not_wait_for_a_run_that_hangs(bench: Bench) -> None:
    with bench.engine(deadline=600.0) as engine:
        bench.double.faults.never = True
        start(engine, noise(1))
        began = time.monotonic()
        engine.close()
        engine.close()
        assert time.monotonic() - began < SOON
        for use in (lambda: engine.start(1), engine.finish):
            with pytest.raises(EngineError, match="closed"):
                use()


def test_closing_ends_a_run_that_another_thread_waits_for(bench: Bench) -> None:
    with bench.engine(deadline=600.0) as engine:
        bench.double.faults.never = True
        start(engine, noise(1))
        errors: List[BaseException] = []

        def wait() -> None:
            try:
                engine.finish()
            except EngineError as error:
                errors.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until(lambda: bool(bench.double.received))
        engine.close()
        waiting.join(SOON)
        assert not waiting.is_alive()
        assert "closed" in str(errors[0])


def test_finish_without_start_is_an_error(bench: Bench) -> None:
    with bench.engine() as engine, pytest.raises(EngineError, match="no inference was started"):
        engine.finish()


def test_an_engine_does_not_care_about_another_that_is_closed(bench: Bench) -> None:
    """As at a swap, where both are open for a while."""
    with bench.engine() as first:
        run(first, noise(1))
        with bench.engine() as second:
            start(second, noise(2))
            first.close()
            assert_same(finish(second), bench.own(noise(2)))
            assert values(second)["answered by"] == SERVER
