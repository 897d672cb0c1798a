"""Classifications and segmentations are compared with TensorFlow's, and other classes refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from converter.comparison.agreement import ClassAgreement
from converter.comparison.tolerance import TOLERANCES
from converter.errors import ParityError
from converter.export.exported_network import Network
from converter.heads.classification.recognise import FAMILY as CLASSIFICATION_FAMILY
from converter.heads.family import Family
from converter.heads.segmentation.recognise import FAMILY as SEGMENTATION_FAMILY
from converter.inputs.dataset import Dataset
from converter.inputs.image_input import find_image
from converter.inputs.pixels import Pixels
from converter.inputs.sample import Sample
from converter.inputs.saved_model import read_saved_model
from converter.verification.check_parity import check
from converter.verification.source_model import SourceModel
from converter.verification.tensorflow_reference import Reference
from converter.verification.verification_results import Verification
from converter.verification.verify import verify
from test.changed_bundles import exchange_classes
from test.converter.networks import tf
from test.converter.precision.models import (
    TO_CLASSES,
    TO_SEGMENTS,
    classifier,
    samples,
    segmenter,
    task_head,
    write_classifier,
    write_segmenter,
)
from test.task_bundles import CELL, HEIGHT, MAP_HEIGHT, MAP_WIDTH, MARGIN, WIDTH
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector


@dataclass(frozen=True)
class Model:
    """One model three times: in TensorFlow, as the exported network, and as a bundle."""

    in_tensorflow: Callable[[tf.Tensor], tf.Tensor]
    network: Callable[[], Network]
    write: Callable[[Path], Path]
    family: Family
    classes: int
    places: int  # that get a class, in an image


def classify(images: tf.Tensor) -> tf.Tensor:
    weight = tf.constant(TO_CLASSES.T, tf.float32)
    return tf.linalg.matmul(tf.reduce_mean(images, [1, 2]), weight)


def segment(images: tf.Tensor) -> tf.Tensor:
    weight = tf.constant(TO_SEGMENTS.T[None, None], tf.float32)
    means = tf.nn.avg_pool2d(images, CELL, CELL, "VALID")
    margin = tf.constant([MARGIN / 255, 0, 0, 0], tf.float32)
    return tf.transpose(tf.nn.conv2d(means, weight, 1, "VALID") + margin, [0, 3, 1, 2])


MODELS = {
    "classification": Model(classify, classifier, write_classifier, CLASSIFICATION_FAMILY, 3, 1),
    "segmentation": Model(
        segment, segmenter, write_segmenter, SEGMENTATION_FAMILY, 4, MAP_HEIGHT * MAP_WIDTH
    ),
}


@pytest.fixture(scope="module", params=MODELS)
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Model, Reference]:
    model, folder = MODELS[request.param], tmp_path_factory.mktemp("source")
    function = tf.function(
        lambda images: {"logits": model.in_tensorflow(images)},
        input_signature=[tf.TensorSpec((None, HEIGHT, WIDTH, 3), tf.float32, name="images")],
    )
    tf.saved_model.save(tf.Module(), str(folder), signatures=function)
    saved_model = read_saved_model(folder)
    signature = saved_model.signature("serving_default")
    return model, Reference(saved_model, signature, find_image(signature))


def colored_pictures() -> tuple[Sample, ...]:
    """Each mostly of one color, so that no two classes tie."""
    pictures = []
    for channel in (0, 1, 2, 0):
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        picture[:32, :, channel] = 255
        pictures.append(picture)
    return samples(*pictures)


def measure(source: tuple[Model, Reference], bundle: Path, float_type: str) -> Verification:
    model, reference = source
    network = model.network()
    head = task_head(network, model.family, model.classes)
    compared = SourceModel(reference, network, head, Pixels(), float_type=float_type)

    def no_bar(images: Iterable[Sample], _: str) -> Iterable[Sample]:
        return images

    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        return verify(compared, detector, Dataset(colored_pictures(), None, False), no_bar)


@pytest.mark.parametrize("float_type", TOLERANCES)
def test_a_right_bundle_is_accepted_within_the_tolerance_of_the_models_floats(
    float_type: str, source: tuple[Model, Reference], tmp_path: Path
) -> None:
    model, _ = source
    verification = measure(source, model.write(tmp_path / "bundle"), float_type)
    check(verification)
    found = verification.agreement
    assert isinstance(found, ClassAgreement)
    assert (found.compared, found.same) == (4 * model.places, 4 * model.places)
    assert found.least == TOLERANCES[float_type].same_class


@pytest.mark.parametrize("float_type", TOLERANCES)
def test_a_bundle_that_finds_other_classes_is_refused(
    float_type: str, source: tuple[Model, Reference], tmp_path: Path
) -> None:
    """The network's outputs and the scores are those of TensorFlow."""
    bundle = exchange_classes(source[0].write(tmp_path / "bundle"))
    verification = measure(source, bundle, float_type)
    found = verification.agreement
    assert isinstance(found, ClassAgreement)
    assert (found.same, found.is_same) == (0, False)
    with pytest.raises(ParityError, match="fault of the conversion"):
        check(verification)
