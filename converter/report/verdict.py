"""The top of the page: what was written, how it compares, and what to be careful about."""

from dataclasses import dataclass
from typing import Sequence, Tuple

from converter.comparison.agreement import Agreement, ClassAgreement
from converter.comparison.class_accuracy import ClassAccuracy
from converter.conversion import Conversion
from converter.tables.candidate_wording import candidate_cautions, candidate_facts
from converter.tables.wording import Fact, counted, file_size, percent, some_names
from converter.verification.verification_results import Verification
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION

# Where a user sees whether the outputs are read right.
_WHAT_SHOWS_IT = {
    DETECTION: "boxes and classes in the report's pictures are right, or give --labels-coco",
    CLASSIFICATION: "classes in the report's pictures are right, or give --images with a folder "
    "for each class",
    SEGMENTATION: "classes in the report's pictures are right",
}


@dataclass(frozen=True)
class Verdict:
    """A headline, what it rests on, and whether nothing makes it doubtful."""

    headline: str
    basis: str
    sound: bool


def verdict(verification: Verification, contradictions: Sequence[str] = ()) -> Verdict:
    """Whether the bundle computes what TensorFlow does. Both are read in the same way: whether that
    is right is for ``reading``.

    Args:
        contradictions: what does not fit together, which makes a doubt of everything.
    """
    found = verification.agreement
    if isinstance(found, Agreement):
        headline, same = (
            _headline_of_detections(found),
            not (found.missing or found.extra or found.cut_off),
        )
    else:
        headline, same = _headline_of_classes(found, verification.task), found.is_same
    images = counted(verification.images, "made-up image" if verification.synthetic else "image")
    without = without_fake_quants(verification)
    return Verdict(
        f"{headline}, both{without}" if without else headline,
        f"The SavedModel in TensorFlow{without} against the bundle as a robot loads it, on "
        f"{images}.",
        same and not cautions(verification) and not contradictions,
    )


def without_fake_quants(verification: Verification) -> str:
    """What is left out of the model in TensorFlow, in words; empty where it is whole."""
    count = verification.fake_quants
    return f" without the {counted(count, 'FakeQuant node')} of its training" if count else ""


def _headline_of_detections(found: Agreement) -> str:
    if found.missing or found.extra:
        return (
            f"Of {counted(found.detections, 'detection')} of TensorFlow "
            f"{found.missing:,} are missing, and {found.extra:,} are new"
        )
    if found.cut_off:
        return (
            f"Finds {found.matched:,} of TensorFlow's {counted(found.detections, 'detection')}; "
            "the others are cut off with the candidates"
        )
    if not found.detections:
        return "Neither TensorFlow nor the bundle detects anything"
    return f"Finds all of TensorFlow's {counted(found.detections, 'detection')}, and no others"


def _headline_of_classes(found: ClassAgreement, task: str) -> str:
    compared = counted(found.compared, "pixel" if task == SEGMENTATION else "image")
    if found.same == found.compared:
        return f"Gives TensorFlow's class for all {compared}"
    return f"Gives TensorFlow's class for {percent(found.same, found.compared)} of {compared}"


def cautions(verification: Verification) -> Tuple[str, ...]:
    """Sentences about what makes the figures doubtful, each with what to do."""
    found, before, synthetic = verification.agreement, verification.before, verification.synthetic
    given = []
    if synthetic:
        given.append(
            "Verified on synthetic images only: convert again with --images and pictures of the "
            "robot's camera before you rely on these figures."
        )
    if isinstance(found, Agreement) and not found.detections and not synthetic:
        given.append(
            "TensorFlow itself detects nothing in these images: see first whether --pixels (or "
            "--channels, --scale, --mean and --std) is that of the training, then --boxes."
        )
    if before and before.is_low:
        other, (name, value) = "--boxes", before.main_figure
        if isinstance(before, ClassAccuracy):
            other = "--fit"
        given.append(
            f"TensorFlow's own {name} is only {value:.2f}: see first whether --pixels and {other} "
            "are those of the training, and the labels in the model's order."
        )
    return (*given, *candidate_cautions(verification))


def reading(conversion: Conversion) -> str:
    """How far it is known that the outputs are read as they are meant.

    TensorFlow's outputs and the bundle's are read alike, so that their agreement does not show it.
    """
    before, assumed = conversion.verification.before, conversion.assumed
    pictures = "convert with --images, and " * conversion.verification.synthetic
    look = f"{pictures}see whether the {_WHAT_SHOWS_IT[conversion.verification.task]}"
    if conversion.contradictions:
        return (
            f"{counted(len(conversion.contradictions), 'caution')} about how pictures are prepared "
            "and outputs read must be settled first, as something does not fit together; the "
            f"agreement does not show which is right: {look}."
        )
    if before and not before.is_low:
        name, value = before.main_figure
        return (
            f"Your annotations support how its outputs are read: TensorFlow's {name} is "
            f"{value:.2f}."
        )
    if assumed:
        return (
            f"{counted(len(assumed), 'point')} of how pictures are prepared and outputs read "
            f"{'is' if len(assumed) == 1 else 'are'} assumed, which the agreement does not prove, "
            "as TensorFlow gets the same pictures and its outputs are read in the same way: "
            f"{look}."
        )
    return (
        "How pictures are prepared and outputs read is known from the model, its files or options; "
        "the agreement does not prove it, as TensorFlow gets the same pictures and its outputs are "
        "read in the same way."
    )


def bundle_facts(conversion: Conversion) -> Tuple[Fact, ...]:
    """Describe what was written."""
    head, image = conversion.recognised.head, conversion.source.image
    return (
        Fact("Task", head.task),
        Fact("Image", f"{image.width} × {image.height} pixels"),
        Fact("Model", file_size(conversion.bytes)),
        Fact("Classes", f"{len(conversion.labels)}: {some_names(conversion.labels)}"),
        Fact("Head", head.description),
        Fact("Recognised by", conversion.recognised.reason),
        *(Fact("Candidates", text) for text in candidate_facts(conversion.verification)),
    )
