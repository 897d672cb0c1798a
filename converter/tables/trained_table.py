"""What quantization-aware training has trained, and how far the models of a bundle are from it."""

from typing import Dict, Optional, Union

from converter.comparison.agreement import Agreement, ClassAgreement
from converter.comparison.annotated_accuracy import AnyAccuracy
from converter.precision.precision_results import TrainedRanges
from converter.tables.wording import Table, counted, percent
from converter.verification.verification_results import TrainedComparison


def trained_table(found: TrainedComparison) -> Table:
    """Agreement of each precision with the trained model, and the accuracy of all."""
    rows = [{**_agreement(one.agreement), **_accuracy(one.accuracy)} for one in found.precisions]
    names = [one.precision for one in found.precisions]
    columns = tuple(rows[0])
    if found.accuracy is not None:
        rows.insert(0, {**dict.fromkeys(columns, ""), **_accuracy(found.accuracy)})
        names.insert(0, "TensorFlow")
    return Table(
        "The trained model with its FakeQuant nodes, in TensorFlow, on "
        f"{counted(found.images, 'image')}",
        columns,
        tuple((name, *(row[column] for column in columns)) for name, row in zip(names, rows)),
    )


def _agreement(found: Union[Agreement, ClassAgreement]) -> Dict[str, str]:
    if isinstance(found, Agreement):
        return {
            "found": f"{found.matched:,} of {found.detections:,}",
            "missing": f"{found.missing:,}",
            "extra": f"{found.extra:,}",
            "mean IoU": f"{found.mean_iou:.4f}",
        }
    return {
        "same class": percent(found.same, found.compared),
        "largest score difference": f"{found.largest_score_difference:.4f}",
    }


def _accuracy(found: Optional[AnyAccuracy]) -> Dict[str, str]:
    if found is None:
        return {}
    return {name: f"{value:.4f}" for name, value in found.figures.items()}


def trained_ranges_text(found: TrainedRanges) -> str:
    """What int8 has of the training, and what symmetric scales change, in one sentence."""
    total = found.activations + found.calibrated
    text = (
        f"the training's ranges for {found.activations} of {counted(total, 'activation')}"
        f"{_others(found.calibrated)}, and its own rounding of "
        f"the weights of {counted(found.weights, 'layer')}"
    )
    if not found.asymmetric or found.example is None:
        return text
    low, high = found.example
    gets = "gets" if found.asymmetric == 1 else "get"
    text = (
        f"{text}. TensorRT takes no zero points: {found.asymmetric} of the ranges, such as "
        f"{low:.3g} to {high:.3g}, {gets} a symmetric scale"
    )
    if found.error is None:
        return text
    return (
        f"{text}, which changes what the head gives by {100 * found.error:.2g} % (root mean square)"
    )


def _others(calibrated: int) -> str:
    if not calibrated:
        return ""
    are = "the other one is" if calibrated == 1 else f"the other {calibrated} are"
    return f" ({are} calibrated)"
