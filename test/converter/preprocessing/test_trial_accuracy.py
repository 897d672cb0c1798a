"""The accuracy of networks whose results are known, under right and wrong pixels."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import (
    export_network,
    read_source,
    recognise_head,
    run_on_images,
)
from converter.errors import HeadError
from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.heads.classification.recognise import FAMILY
from converter.heads.evidence import HeadOptions
from converter.inputs.class_folders import ClassFolders
from converter.inputs.dataset import Dataset, load_dataset
from converter.inputs.pixels import Pixels
from converter.inputs.sample import Sample
from converter.preprocessing.trial_accuracy import Recognise, accuracies_of, annotated_part
from test.color_bundle import LABELS
from test.converter.precision.models import classifier, task_head
from test.converter.precision.test_evaluate import plain
from trt_inference.bundles.bundle import Fitting

RIGHT = Pixels()
Detector = tuple[Network, Recognise, Dataset]
INVERTED = Pixels(scale=-1 / 255, mean=(-1.0,) * 3)
BGR = Pixels("bgr")


def accuracy_of(
    network: Network, recognise: Recognise, pixels: Pixels, fitting: Fitting, images: Dataset
) -> float | None:
    """On all images together."""
    found = accuracies_of(network, recognise, pixels, fitting, images)
    return None if found is None else found[0]


@pytest.fixture
def detector(
    color_model: Path, pictures: Path, tmp_path: Path
) -> tuple[Network, Recognise, Dataset]:
    """It finds all colored cells in the pictures."""
    options = SourceOptions(color_model, head=HeadOptions(activation="none"))
    source = read_source(options)
    exported, network = export_network(source, options, tmp_path)
    images = load_dataset(pictures, pictures / "annotations.json", LABELS, 9)

    def recognise(pixels: Pixels, fitting: Fitting) -> Head:
        seen = run_on_images(network, pixels, images, fitting)
        return recognise_head(seen, source, exported.answer, len(LABELS), options).head

    return network, recognise, images


def test_of_a_detector_it_is_the_map(
    detector: Detector,
) -> None:
    network, recognise, images = detector
    assert accuracy_of(network, recognise, RIGHT, Fitting(), images) == pytest.approx(1)
    swapped = accuracy_of(network, recognise, BGR, Fitting(), images)
    assert swapped is not None and 0 < swapped < 0.5  # green stays


def test_without_annotations_or_a_head_there_is_none(detector: Detector, pictures: Path) -> None:
    network, recognise, images = detector
    unknown = load_dataset(pictures, None, LABELS, 9)
    assert accuracy_of(network, recognise, RIGHT, Fitting(), unknown) is None

    def not_recognised(pixels: Pixels, fitting: Fitting) -> Head:
        raise HeadError("no head")

    assert accuracy_of(network, not_recognised, RIGHT, Fitting(), images) is None


def test_of_a_classifier_it_is_top_1() -> None:
    """A color under BGR is another one, except green; inverted, the two others are better."""
    network = classifier()
    head = task_head(network, FAMILY, 3)
    colors = ("blue", "green", "red", "red")
    images = Dataset(
        tuple(
            Sample(str(number), None, frame, color)
            for number, (color, frame) in enumerate(zip(colors, plain(*colors), strict=True))
        ),
        None,
        False,
        (),
        ClassFolders(("blue", "green", "red"), assumed=False),
    )
    found = [
        accuracy_of(network, lambda *_: head, pixels, Fitting(), images)
        for pixels in (RIGHT, BGR, INVERTED)
    ]
    assert found == [1, 0.25, 0]
    other = Dataset(images.samples, None, False, (), ClassFolders(("blue", "red"), assumed=False))
    assert accuracy_of(network, lambda *_: head, RIGHT, Fitting(), other) is None


def test_images_without_boxes_are_left_out(pictures: Path) -> None:
    """They are no use where a hundred are taken of thousands."""
    images = load_dataset(pictures, pictures / "annotations.json", LABELS, 9)
    assert images.annotations is not None
    ids = {one["image_id"] for one in images.annotations.content["annotations"]}
    empty = Sample("empty.png", max(ids) + 1, images.samples[0].pixels)
    with_empty = Dataset((empty, *images.samples), images.annotations, False)
    assert [one.image_id for one in annotated_part(with_empty, 3).samples] == sorted(ids)[::2]
