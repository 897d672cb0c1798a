"""Rows that a network ranks are compared as sets: the order of equal scores is nobody's fault.

Both models choose the best cells of an image by the same scores, which are whole steps, so that
there are many ties. The reference takes the first of equal cells, the bundle the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rich.console import Console

from converter.commands.convert import convert
from converter.commands.convert_options import ConvertOptions, SourceOptions
from converter.commands.prepare import export_network, read_source
from converter.errors import ParityError
from converter.heads.base import Head
from converter.heads.end_to_end.recognise import EndToEndHead
from converter.heads.evidence import HeadOptions
from converter.heads.finished.head import FinishedHead
from converter.heads.finished.outputs import Finished
from converter.inputs.dataset import load_dataset
from converter.inputs.image_input import find_image
from converter.inputs.pixels import Pixels
from converter.inputs.sample import Sample
from converter.inputs.saved_model import read_saved_model
from converter.inputs.tensor import Tensor
from converter.terminal.progress import Progress
from converter.verification.check_parity import check
from converter.verification.source_model import SourceModel
from converter.verification.tensorflow_reference import Reference
from converter.verification.verification_results import Verification
from converter.verification.verify import verify
from test.converter.networks import tf
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector

SIDE, CELL, CLASSES = 64, 4, 3
ACROSS = SIDE // CELL
CELLS = ACROSS**2
BEST = 40  # rows of the network

Parts = tuple[Any, Any, Any]  # boxes [1, n, 4], scores [1, n] and classes [1, n]
Change = Callable[[Any, Any, Any], Parts]


def cells(images: Any, step: float, best: float) -> Parts:
    """Every cell with the largest value in it as its score, rounded down to whole steps."""
    largest = tf.nn.max_pool2d(tf.cast(images, tf.float32), CELL, CELL, "VALID")
    values = tf.reshape(tf.reduce_max(largest, -1), [1, CELLS])
    scores = tf.minimum(tf.floor(values / step) * step / 256.0, best)
    rows, columns = tf.meshgrid(tf.range(ACROSS), tf.range(ACROSS), indexing="ij")
    corner = tf.cast(tf.reshape(tf.stack([columns, rows], -1), [1, CELLS, 2]) * CELL, tf.float32)
    classes = tf.reshape(rows * 2 + columns, [1, CELLS]) % CLASSES
    return tf.concat([corner, corner + 2 * CELL], -1), scores, tf.cast(classes, tf.float32)


def ranked(parts: Parts, reverse: bool) -> Parts:
    """The best rows; of equal scores the first ones, or the last ones."""
    boxes, scores, classes = (tf.reverse(part, [1]) if reverse else part for part in parts)
    scores, index = tf.math.top_k(scores, BEST)
    return tf.gather(boxes, index, batch_dims=1), scores, tf.gather(classes, index, batch_dims=1)


def in_one_output(boxes: Any, scores: Any, classes: Any) -> dict[str, Any]:
    return {"detections": tf.concat([boxes, scores[..., None], classes[..., None]], -1)}


def in_four_outputs(boxes: Any, scores: Any, classes: Any) -> dict[str, Any]:
    """With a count: rows below 0.6 are not meant, and filled up with -1."""
    meant = scores >= 0.6
    return {
        "boxes": tf.where(meant[..., None], boxes, -1.0),
        "scores": tf.where(meant, scores, -1.0),
        "classes": tf.cast(tf.where(meant, classes, -1.0), tf.int32),
        "num_detections": tf.reduce_sum(tf.cast(meant, tf.int32), 1),
    }


def end_to_end() -> Head:
    return EndToEndHead(("detections",), 0, BEST, CLASSES, 0, "xyxy", (1.0, 1.0))


def finished() -> Head:
    outputs = Finished(
        Tensor("boxes", "float32", (-1, BEST, 4)),
        Tensor("scores", "float32", (-1, BEST)),
        Tensor("classes", "int32", (-1, BEST)),
        Tensor("num_detections", "int32", (-1,)),
    )
    return FinishedHead("finished", outputs, CLASSES, 0, "xyxy", (1.0, 1.0))


FORMS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[[], Head]]] = {
    "end-to-end": (in_one_output, end_to_end),
    "finished": (in_four_outputs, finished),
}


def same(boxes: Any, scores: Any, classes: Any) -> Parts:
    return boxes, scores, classes


def save(
    folder: Path, form: str, reverse: bool, step: float, best: float, change: Change = same
) -> Path:
    """A detector; ``change`` is what is wrong with its ranked rows."""

    def serve(images: Any) -> dict[str, Any]:
        return FORMS[form][0](*change(*ranked(cells(images, step, best), reverse)))

    spec = tf.TensorSpec((1, SIDE, SIDE, 3), tf.uint8, name="images")
    tf.saved_model.save(tf.Module(), str(folder), signatures=tf.function(serve, [spec]))
    return folder


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures whose cells are of one colour each."""
    folder, generator = tmp_path_factory.mktemp("blocks"), np.random.default_rng(4)
    for number in range(4):
        colours = generator.integers(0, 256, (ACROSS, ACROSS, 1)).repeat(3, axis=2)
        image = colours.repeat(CELL, axis=0).repeat(CELL, axis=1).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def no_bar(samples: Iterable[Sample], _: str) -> Iterable[Sample]:
    return samples


def compare(reference: Path, other: Path, form: str, pictures: Path, folder: Path) -> Verification:
    """The bundle and the exported network of one model against another one in TensorFlow."""
    labels = folder / "labels.txt"
    labels.write_text("a\nb\nc\n", "utf-8")
    options = SourceOptions(other, labels=labels, head=HeadOptions(box_format="xyxy"))
    progress = Progress(Console(quiet=True))
    bundle = convert(ConvertOptions(options, folder / "bundle", pictures), progress).bundle
    (folder / "scratch").mkdir()
    _, network = export_network(read_source(options), options, folder / "scratch")
    saved_model = read_saved_model(reference)
    signature = saved_model.signature("serving_default")
    source = SourceModel(
        Reference(saved_model, signature, find_image(signature)),
        network,
        FORMS[form][1](),
        Pixels(scale=1.0),
    )
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        return verify(source, detector, load_dataset(pictures, None, ("a",), 9), no_bar)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("step", "best"),
    [(16.0, 1.0), (1.0, 0.9), (1.0, 0.8)],
    ids=["coarse", "saturated", "saturated beyond the last row"],
)
def test_the_order_of_equal_scores_is_no_fault(
    form: str, step: float, best: float, blocks: Path, tmp_path: Path
) -> None:
    first = save(tmp_path / "first", form, False, step, best)
    last = save(tmp_path / "last", form, True, step, best)
    verification = compare(first, last, form, blocks, tmp_path)
    check(verification)
    rows = verification.tensor_rows
    assert rows is not None
    assert rows.moved
    assert rows.undecided == verification.agreement.cut_off
    assert (rows.undecided > 0) == (best != 0.9)
    assert verification.agreement.detections == 4 * BEST


def exchange(what: str) -> Change:
    """Exchange a part of two rows whose scores are equal."""

    def change(boxes: Any, scores: Any, classes: Any) -> Parts:
        order = [0, 1, 2, 4, 3, *range(5, BEST)]
        if what == "boxes":
            return tf.gather(boxes, order, axis=1), scores, classes
        return boxes, scores, tf.gather(classes, order, axis=1)

    return change


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["boxes", "classes"])
def test_exchanged_parts_of_two_rows_with_equal_scores_are_refused(
    form: str, what: str, blocks: Path, tmp_path: Path
) -> None:
    """In the pictures the rows that are exchanged have the score 0.9, other places and other
    classes."""
    right = save(tmp_path / "right", form, False, 1.0, 0.9)
    wrong = save(tmp_path / "wrong", form, False, 1.0, 0.9, exchange(what))
    verification = compare(right, wrong, form, blocks, tmp_path)
    assert verification.tensor_rows is not None
    assert verification.tensor_rows.unlike
    with pytest.raises(ParityError, match="fault of the export"):
        check(verification)
    with pytest.raises(ParityError, match=r"of 160 detections of TensorFlow \d+ are missing"):
        check(
            replace(verification, tensors=(), tensor_rows=None, candidates=(), candidate_rows=None)
        )
