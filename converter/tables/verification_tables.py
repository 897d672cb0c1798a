"""The bundle against TensorFlow: agreement, accuracy and parity."""

from typing import Optional, Sequence, Tuple

from converter.comparison.agreement import Agreement, ClassAgreement, RowAgreement, TensorParity
from converter.tables.wording import Fact, Table, difference, outputs_title, percent
from converter.verification.verification_results import SourceSuppression, Verification
from trt_inference.bundles.names import CLASSES, CLASSIFICATION

_PARITY_COLUMNS = ("largest difference", "values up to", "cosine")


def agreement_facts(verification: Verification) -> Tuple[Fact, ...]:
    """How far both find the same detections or classes, and whether the bundle's boxes contain
    what the source's own suppression let through."""
    found = verification.agreement
    if isinstance(found, Agreement):
        facts = _detection_facts(found)
    else:
        facts = _class_facts(found, verification.task)
    return (
        *facts,
        *_rounding_facts(verification),
        *_suppression_facts(verification.suppression),
    )


def _rounding_facts(verification: Verification) -> Tuple[Fact, ...]:
    """What TensorFlow computed in, where the source model is not of float32, and which part of a
    class map that changes."""
    if not verification.widened:
        return ()
    facts = [Fact("computed in", f"float32, and the SavedModel in {verification.float_type}")]
    pixels = verification.rounding and verification.rounding.pixels
    if pixels:
        text = percent(pixels.same, pixels.compared)
        facts.append(Fact(f"same class in {verification.float_type}", text, _tone(pixels.is_same)))
    return tuple(facts)


def _detection_facts(found: Agreement) -> Tuple[Fact, ...]:
    return (
        Fact("detections in TensorFlow", f"{found.detections:,}"),
        Fact("matched", f"{found.matched:,}"),
        Fact("missing", f"{found.missing:,}", _tone(found.missing == 0)),
        Fact("extra", f"{found.extra:,}", _tone(found.extra == 0)),
        *(
            [Fact("cut off with the candidates", f"{found.cut_off:,}", "care")]
            * (found.cut_off > 0)
        ),
        Fact("lowest IoU", f"{found.lowest_iou:.5f}"),
        Fact("largest score difference", difference(found.largest_score_difference)),
    )


def _class_facts(found: ClassAgreement, task: str) -> Tuple[Fact, ...]:
    images = task == CLASSIFICATION
    facts = (
        Fact(
            "same class",
            percent(found.same, found.compared),
            _tone(found.is_same),
        ),
        Fact("images compared" if images else "pixels compared", f"{found.compared:,}"),
        Fact("other class", f"{found.compared - found.same:,}"),
    )
    if not images:  # segmentation has no scores
        return facts
    return (*facts, Fact("largest score difference", difference(found.largest_score_difference)))


def _suppression_facts(found: Optional[SourceSuppression]) -> Tuple[Fact, ...]:
    """The source's own detections, at its own thresholds."""
    if found is None:
        return ()
    if found.unread and not found.detections + found.published:
        reason = "not compared: its outputs could not be read"
        return (Fact("the source's own suppression", reason, "care"),)
    facts = [
        Fact(
            "found of the source's own suppression",
            f"{found.found:,} of {found.detections:,}",
            _tone(found.found == found.detections),
        ),
        Fact(
            "extra at the source's own thresholds",
            f"{found.extra:,} of {found.published:,}",
            _tone(found.extra == 0),
        ),
    ]
    if found.further_classes:
        reason = f"{found.further_classes:,}: a robot gives each box its best class"
        facts.append(Fact("further classes of a box there", reason, "care"))
    if found.class_blind:
        reason = "not compared: its numbers of classes could not be read"
        facts.append(Fact("classes of the source's own suppression", reason, "care"))
    return tuple(facts)


def _tone(good: bool) -> str:
    return "good" if good else "care"


def accuracy_table(verification: Verification) -> Optional[Table]:
    """The mAP of both, or how often they give the class, and the change; None without
    annotations."""
    before, after = verification.before, verification.after
    if before is None or after is None:
        return None
    names = [name for name in before.figures if name in after.figures]
    change = (after.figures[name] - before.figures[name] for name in names)
    rows = [
        (side, f"{one.images:,}", *(f"{one.figures[name]:.4f}" for name in names))
        for side, one in ((_side(verification), before), ("bundle", after))
    ]
    return Table(
        "Accuracy against your annotations",
        ("images", *names),
        (*rows, ("change", "", *(f"{value:+.4f}" for value in change))),
    )


def _side(verification: Verification) -> str:
    return "TensorFlow without FakeQuant" if verification.fake_quants else "TensorFlow"


def agreement_title(verification: Verification) -> str:
    """Return the title of the facts of the agreement."""
    return f"Agreement with {_side(verification)}"


def parity_tables(verification: Verification) -> Tuple[Table, ...]:
    """The differences of the network's outputs, and of the bundle's, and what became of rows that
    were compared as sets."""
    sides = (
        ("network", verification.tensors, verification.tensor_rows),
        ("bundle", verification.candidates, verification.candidate_rows),
    )
    tables = [
        _parity_table(outputs_title(f"the {side}", rows), outputs) for side, outputs, rows in sides
    ]
    rounding = verification.rounding
    if rounding is not None and rounding.tensors:
        title = f"TensorFlow in {verification.float_type}, against TensorFlow in float32"
        tables.append(_parity_table(title, rounding.tensors))
    changed = [(side, rows) for side, _, rows in sides if rows and (rows.moved or rows.undecided)]
    if changed:
        tables.append(_row_table(changed))
    return tuple(tables)


def _row_table(found: Sequence[Tuple[str, RowAgreement]]) -> Table:
    """Rows with equal scores, whose order and, at the end of a list, presence rounding decides."""
    return Table(
        "Rows compared as sets",
        ("rows", "at another place", "in one list only, at its end"),
        tuple(
            (side, f"{one.rows:,}", f"{one.moved:,}", f"{one.undecided:,}") for side, one in found
        ),
    )


def _parity_table(title: str, outputs: Sequence[TensorParity]) -> Table:
    rows = tuple((one.name, difference(one.max_abs), *_size(one)) for one in outputs)
    return Table(title, _PARITY_COLUMNS, rows)


def _size(output: TensorParity) -> Tuple[str, str]:
    """How large values are, and their direction; empty for class numbers, which have neither."""
    if output.name == CLASSES:
        return "", ""
    return f"{output.magnitude:.4g}", f"{output.cosine:.7f}"
