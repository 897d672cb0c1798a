"""Accept or refuse a bundle by its verification."""

from __future__ import annotations

import numpy as np

from converter.comparison.agreement import Agreement, ClassAgreement, RowAgreement, TensorParity
from converter.comparison.compare_detections import MIN_IOU
from converter.comparison.tolerance import TOLERANCES, Tolerance
from converter.errors import ParityError, RoundingError, SuppressionError
from converter.verification.verification_results import (
    Rounding,
    SourceSuppression,
    Verification,
)
from trt_inference.bundles.names import SCORES, SEGMENTATION

MOST_UNDECIDED = 0.5  # of the rows of both models; lists in which more are so show nothing
REPORT_IT = "please report it with the model"
_EQUAL_SCORES = (
    "A network that gets other pixels than in its training (--pixels), whose boxes are read "
    "wrongly (--boxes), or that was hardly trained gives many equal scores"
)
LEAST_SAME_PIXELS = 0.9  # in a narrow float type and in float32; in the others classes tie
_IN_FLOAT32 = (
    "Build the model in float32, with keras.config.set_dtype_policy('float32') in Keras, load the "
    "same weights, and export it again: the bundle computes in float32 too"
)
MIN_OF_SOURCE = 0.98  # of the detections that the source model's own suppression lets through


def check(verification: Verification) -> None:
    """Accept or refuse a bundle.

    Raises:
        ParityError: the bundle does not give what the source model gives; with the figures.
    """
    _check_rounding(verification.rounding, verification.float_type)
    tolerance = TOLERANCES["float32" if verification.widened else verification.float_type]
    _check_tensors(verification, tolerance)
    _check_candidates(verification, tolerance)
    if isinstance(verification.agreement, Agreement):
        _check_detections(verification.agreement, tolerance)
    else:
        _check_classes(verification.agreement, verification.task, tolerance)
    _check_suppression(verification.suppression)


def _check_tensors(verification: Verification, tolerance: Tolerance) -> None:
    for output in verification.tensors:
        if not np.isfinite(output.magnitude):
            raise ParityError(
                f"output {output.name} of the SavedModel has NaN or infinite values in TensorFlow "
                "already: see whether its pixels are those of the training (--pixels), and its "
                "weights sound"
            )
        if verification.task != SEGMENTATION:  # where rounding may decide between two classes
            _check_tensor(output, f"output {output.name}", "differs", "export", tolerance)
    what = f"outputs {', '.join(output.name for output in verification.tensors)}"
    _check_rows(verification.tensor_rows, f"{what} of the network", "export")


def _check_rounding(found: Rounding | None, float_type: str) -> None:
    """Refuse a network that is another one in float32 than in its own type."""
    if found is None:
        return
    tolerance = TOLERANCES[float_type]
    for output in found.tensors:
        if not np.isfinite(output.magnitude):
            raise RoundingError(
                f"output {output.name} of the SavedModel has NaN or infinite values in "
                f"TensorFlow, which computes in {float_type}. {_IN_FLOAT32}"
            )
        if found.pixels is None and not output.is_within(tolerance):
            raise RoundingError(
                f"output {output.name} of the SavedModel is another one in {float_type} than in "
                f"float32, by {output.max_abs:.3g} where values reach {output.magnitude:.3g} "
                f"(cosine {output.cosine:.6f}), which is more than rounding. {_IN_FLOAT32}"
            )
    rows, pixels = found.rows, found.pixels
    if rows is not None and rows.unlike > 2 * rows.rows * (1 - MIN_OF_SOURCE):
        raise RoundingError(
            f"{rows.unlike} rows of the SavedModel in {float_type} and in float32 are not in "
            f"both, of {rows.rows}, as that with {rows.example}. {_IN_FLOAT32}"
        )
    if pixels is not None and pixels.fraction < LEAST_SAME_PIXELS:
        raise RoundingError(
            f"only {pixels.fraction:.0%} of the pixels have the same class in {float_type} as in "
            f"float32. {_IN_FLOAT32}"
        )


def _check_candidates(verification: Verification, tolerance: Tolerance) -> None:
    for output in verification.candidates:
        if output.name == SCORES and output.magnitude > 1 + tolerance.relative:
            raise ParityError(
                f"scores reach {output.magnitude:.3g}, but they must be probabilities from 0 to 1: "
                "give with --activation sigmoid or softmax what the training has in its loss"
            )
        what = f"the {output.name} of the bundle"
        _check_tensor(output, what, "differ", "conversion", tolerance)
    _check_rows(verification.candidate_rows, "candidates of the bundle", "conversion")


def _check_tensor(
    output: TensorParity, what: str, verb: str, fault: str, tolerance: Tolerance
) -> None:
    if not output.is_within(tolerance):
        raise ParityError(
            f"{what} {verb} from TensorFlow's by {output.max_abs:.3g} where values reach "
            f"{output.magnitude:.3g} (cosine {output.cosine:.6f}): this is a fault of the {fault}, "
            f"{REPORT_IT}"
        )


def _check_rows(found: RowAgreement | None, what: str, fault: str) -> None:
    if found is None:
        return
    if found.unlike:
        raise ParityError(
            f"{found.unlike} rows of the {what} and of TensorFlow's are not in both, of "
            f"{found.rows} that were compared, as that with {found.example}: this is a fault of "
            f"the {fault}, {REPORT_IT}"
        )
    if found.undecided > 2 * found.rows * MOST_UNDECIDED:
        raise ParityError(
            f"rounding decides about {found.undecided} rows of the {what} and of TensorFlow's, of "
            f"{found.rows} that were compared, because their scores are equal where the lists end."
            f" {_EQUAL_SCORES}"
        )


def _check_detections(found: Agreement, tolerance: Tolerance) -> None:
    if (
        found.missing
        or found.extra
        or found.lowest_iou < MIN_IOU
        or found.largest_score_difference > tolerance.score_difference
    ):
        raise ParityError(
            f"of {found.detections} detections of TensorFlow {found.missing} are missing and "
            f"{found.extra} are new (lowest IoU {found.lowest_iou:.3f}, scores differ by up to "
            f"{found.largest_score_difference:.3f}). {_EQUAL_SCORES}, between which rounding "
            f"decides. Otherwise this is a fault of the conversion, {REPORT_IT}"
        )


def _check_classes(found: ClassAgreement, task: str, tolerance: Tolerance) -> None:
    moved = found.largest_score_difference
    if not found.is_same or (moved or 0.0) > tolerance.score_difference:
        what = "pixels" if task == SEGMENTATION else "images"
        scores = "" if moved is None else f" (scores differ by up to {moved:.3f})"
        raise ParityError(
            f"the bundle gives the class of TensorFlow for {found.same} of {found.compared} {what}"
            f" only{scores}: this is a fault of the conversion, {REPORT_IT}"
        )


def _check_suppression(found: SourceSuppression | None) -> None:
    if found is None:
        return
    if found.found < MIN_OF_SOURCE * found.detections:
        raise SuppressionError(
            f"of {found.detections} detections of the SavedModel's own suppression only "
            f"{found.found} are among the boxes and scores that enter it, at their place with the "
            "score of their class: choose with --head tf-object-detection, --boxes, --box-format "
            "and --background how they are to be read, or report it with the model"
        )
    if found.extra > (1 - MIN_OF_SOURCE) * found.published:
        raise SuppressionError(
            f"at the thresholds of the SavedModel's own suppression the bundle gives "
            f"{found.published} detections, and the SavedModel neither gives {found.extra} of them "
            "nor others in their place: columns of the scores that are no classes, such as a "
            "background, may be among them. Give --background first or last, or a labels file "
            "with one line for each class; if that is not it, report it with the model"
        )
