"""Answers that are none of the model: each is refused, and never gets into a result."""

from pathlib import Path
from typing import Any, Callable, Iterator, Tuple

import numpy as np
import pytest
from tritonclient.grpc import service_pb2

from test.triton_double import TritonDouble
from test.trt_inference.engines.triton.remote_models import (
    SECONDS,
    connected,
    failure_of_run,
    noise,
)
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.triton.failures import BAD_ANSWER, FAILURE_KINDS, ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel

Change = Callable[[Any], object]
BOXES, SCORES, CLASSES = range(3)  # the outputs of the double


@pytest.fixture
def served(shared_color_bundle: Path) -> Iterator[Tuple[TritonDouble, RemoteModel, Bundle]]:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        yield double, model, bundle


Served = Tuple[TritonDouble, RemoteModel, Bundle]


def set_scores(answer: Any, values: "list[float]") -> None:
    """Replace the first scores."""
    scores = np.frombuffer(answer.raw_output_contents[SCORES], np.float32).copy()
    scores[: len(values)] = values
    answer.raw_output_contents[SCORES] = scores.tobytes()


def swap_contents(answer: Any) -> None:
    contents = list(answer.raw_output_contents)
    answer.raw_output_contents[BOXES] = contents[SCORES]
    answer.raw_output_contents[SCORES] = contents[BOXES]


def move_contents(answer: Any) -> None:
    """As a server may send results that are not raw."""
    raw = answer.raw_output_contents.pop(SCORES)
    answer.outputs[SCORES].contents.fp32_contents.extend(np.frombuffer(raw, np.float32))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda one: setattr(one, "model_version", "2"), "it is of 'colors', version '2', not of"),
        (lambda one: setattr(one, "model_version", ""), "it is of 'colors', version ''"),
        (lambda one: setattr(one, "model_name", "\x1b[2J"), r"it is of '\x1b[2J', version '1'"),
        (lambda one: setattr(one, "id", "7"), "it answers request '7', not '1'"),
        (lambda one: one.outputs.pop(), "its outputs are 'boxes', 'scores' with 3 contents"),
        (lambda one: one.raw_output_contents.pop(), "with 2 contents, not"),
        (lambda one: one.raw_output_contents.append(b""), "with 4 contents, not"),
        (lambda one: one.outputs.add(name="more"), "'more' with 3 contents"),
        (lambda one: setattr(one.outputs[BOXES], "name", "scores"), "its outputs are 'scores'"),
        (lambda one: setattr(one.outputs[BOXES], "datatype", "FP64"), "'boxes' is 'FP64' [1, 20"),
        (lambda one: one.outputs[BOXES].shape.append(1), "[1, 20, 4, 1], not FP32 [1, 20, 4]"),
        (lambda one: one.outputs[SCORES].shape.__setitem__(0, 2), "[2, 20], not FP32 [1, 20]"),
        (lambda one: one.outputs[SCORES].shape.__setitem__(0, -1), "[-1, 20], not FP32 [1, 20]"),
        (lambda one: one.outputs[CLASSES].shape.__delitem__(slice(None)), "[], not INT32 [1, 20]"),
        (
            lambda one: one.raw_output_contents.__setitem__(CLASSES, bytes(79)),
            "its output 'classes' has 79 bytes, not 80",
        ),
        (swap_contents, "its output 'boxes' has 80 bytes, not 320"),
        (move_contents, "with 2 contents, not"),
        (lambda one: set_scores(one, [1.5]), "its scores are above 1, or not in descending order"),
        (lambda one: set_scores(one, [float("inf")]), "its scores are above 1"),
        (lambda one: set_scores(one, [0.5, 0.6]), "or not in descending order"),
    ],
)
def test_each_part_is_compared(served: Served, change: Change, reason: str) -> None:
    double, model, bundle = served
    double.faults.change = change
    failure = failure_of_run(model.start(noise(bundle, 1), SECONDS))
    assert failure.kind == BAD_ANSWER
    assert reason in str(failure)
    assert len(str(failure)) < 1000
    double.faults.change = None
    model.start(noise(bundle, 1), SECONDS).finish()


@pytest.mark.parametrize(
    ("replace", "reason"),
    [
        (lambda one: service_pb2.ModelInferResponse(), "it is of '', version ''"),
        (lambda one: b"", "it is of '', version ''"),
        (lambda one: b"\xff" * 50, "50 bytes are no ModelInferResponse"),
        (lambda one: one.SerializeToString()[:-1], "bytes are no ModelInferResponse"),
    ],
)
def test_what_is_no_answer_at_all_is_refused(served: Served, replace: Change, reason: str) -> None:
    double, model, bundle = served
    double.faults.replace = replace
    failure = failure_of_run(model.start(noise(bundle, 1), SECONDS))
    assert failure.kind == BAD_ANSWER
    assert reason in str(failure)


def test_an_answer_for_another_number_of_images_is_refused(served: Served) -> None:
    double, model, bundle = served
    kept: list[bytes] = []
    double.faults.change = lambda answer: kept.append(answer.SerializeToString())
    model.start(noise(bundle, 1), SECONDS).finish()
    double.faults.replace = lambda _: kept[0]
    assert failure_of_run(model.start(noise(bundle, 2), SECONDS)).kind == BAD_ANSWER


def test_an_answer_that_is_far_too_long_is_not_read(served: Served) -> None:
    double, model, bundle = served
    double.faults.change = lambda answer: answer.raw_output_contents.append(bytes(16 << 20))
    failure = failure_of_run(model.start(noise(bundle, 1), SECONDS))
    assert failure.kind == BAD_ANSWER
    assert "larger than max" in str(failure)


def test_long_text_of_an_answer_is_cut(served: Served) -> None:
    double, model, bundle = served
    double.faults.change = lambda answer: setattr(answer, "model_name", "x" * 1000000)
    assert len(str(failure_of_run(model.start(noise(bundle, 1), SECONDS)))) < 1000


@pytest.mark.parametrize("values", [[float("nan")], [1.0, float("nan"), 0.9], [1.0, -5.0]])
def test_scores_that_no_threshold_lets_through_pass(served: Served, values: "list[float]") -> None:
    """The detector reports those that are no numbers, whoever has computed them."""
    double, model, bundle = served

    def change(answer: Any) -> None:
        set_scores(answer, [*values, *[-9.0] * (20 - len(values))])

    double.faults.change = change
    found = model.start(noise(bundle, 1), SECONDS).finish()["scores"]
    np.testing.assert_array_equal(found[0, : len(values)], np.float32(values))


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """The bytes with a few of them changed, left out, doubled or put in."""
    changed = bytearray(content)
    for _ in range(int(random.integers(1, 6))):
        place = int(random.integers(0, max(1, min(len(changed), 120))))  # where the names are
        kind = int(random.integers(0, 4))
        if kind == 0 and changed:
            changed[place] = int(random.integers(0, 256))
        elif kind == 1:
            del changed[place : place + int(random.integers(1, 9))]
        elif kind == 2:
            changed[place:place] = random.bytes(int(random.integers(1, 9)))
        else:
            changed[place:place] = changed[place : place + 20]
    return bytes(changed)


def test_random_answers_fail_as_what_they_are_or_are_right(served: Served) -> None:
    double, model, bundle = served
    random = np.random.default_rng(20)
    image = noise(bundle, 1)
    expected = {name: one.copy() for name, one in model.start(image, SECONDS).finish().items()}
    refused = 0
    for turn in range(1000):
        if turn % 4 == 0:
            double.faults.replace = lambda _: random.bytes(int(random.integers(0, 200)))
        else:
            double.faults.replace = lambda one: mutated(one.SerializeToString(), random)
        run = model.start(image, SECONDS)
        try:
            found = run.finish()
        except ServerFailure as failure:
            refused += 1
            assert failure.kind in FAILURE_KINDS
            assert str(failure).isprintable()
            continue
        for name, output in expected.items():
            assert (found[name].shape, found[name].dtype) == (output.shape, output.dtype)
    assert refused > 500


def test_random_answers_of_other_methods_fail_as_what_they_are(served: Served) -> None:
    double, _, bundle = served
    random = np.random.default_rng(21)
    double.faults.replace_any = lambda _, one: (
        mutated(one.SerializeToString(), random) if random.random() < 0.4 else None
    )
    refused = 0
    for _ in range(200):
        try:
            with connected(double, bundle) as other:
                other.check(SECONDS)
                other.statistics(SECONDS)
        except ServerFailure as failure:
            refused += 1
            assert failure.kind in FAILURE_KINDS
            assert str(failure).isprintable()
    assert refused > 50
