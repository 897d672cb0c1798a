"""What was found out about how pictures are prepared, for terminal and report."""

from typing import Sequence, Tuple

from converter.inputs.finding import Finding
from converter.inputs.pixels import Pixels
from converter.tables.wording import Fact, Table
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import AREA

# What the columns are, of the tables whose columns do not tell it.
_COLUMNS = {
    "spread": "how many times as much the values spread as in training, 1 x is best",
    "mean": "how far off their mean is in standard deviations, 0 is best",
    "later": "the same deeper in the network",
    "accuracy": "on two parts of the annotated pictures, 1 is best",
    "top-1": "the part of the pictures whose best class is right",
}
_NAMES = {
    "pixels": "Why these pixels",
    "fit": "Why this fit",
    "labels": "Class names",
    "files": "About files beside it",
}


def pixels_text(pixels: Pixels) -> str:
    """How the network's pixels are computed from values of 0 to 255, such as ``value × 1/255``."""
    if pixels.as_they_are:
        return "as they are, 0 to 255"
    mean, std = (_numbers(values[: pixels.count]) for values in (pixels.mean, pixels.std))
    text = "value" if pixels.scale == 1 else f"value × {_scale(pixels.scale)}"
    text += f" − {mean}" * (mean != "0")
    return text if std == "1" else f"({text}) / {std}"


def fitting_text(fitting: Fitting) -> str:
    """How a picture is brought to the size of the input, in a few words."""
    words = [fitting.fit]
    if fitting.crop_fraction != 1:
        words[0] += f" of {fitting.crop_fraction:g}"
    if fitting.fit.startswith("letterbox"):
        words.append(f"borders of {fitting.pad_value}")
    words.append("antialiased (area)" if fitting.resize == AREA else "linear")
    return ", ".join(words)


def finding_facts(findings: Sequence[Finding]) -> Tuple[Fact, ...]:
    """What is known, and what shows it; what was assumed or is doubtful stands elsewhere."""
    return tuple(
        Fact(_NAMES.get(one.subject, f"{one.subject.capitalize()} found"), one.text)
        for one in findings
        if not (one.assumed or one.caution)
    )


def evidence_tables(findings: Sequence[Finding]) -> Tuple[Table, ...]:
    """The figures behind the findings that have some."""
    return tuple(
        Table(f"What your pictures show of the {one.subject}", one.columns[1:], one.rows)
        for one in findings
        if one.rows
    )


def column_remarks(findings: Sequence[Finding]) -> Tuple[str, ...]:
    """What the columns of these tables are, one sentence for each that needs it."""
    columns = dict.fromkeys(column for one in findings for column in one.columns[1:])
    return tuple(f"{name}: {_COLUMNS[name]}." for name in columns if name in _COLUMNS)


def _scale(scale: float) -> str:
    """The scale, as a fraction where it is one of a whole or half number."""
    inverse = 1 / scale if scale else 0.0
    halves = round(2 * inverse)
    if scale < 1 and halves and abs(2 * inverse - halves) < 1e-3:
        return f"1/{halves / 2:g}"
    return f"{scale:g}"


def _numbers(values: Sequence[float]) -> str:
    """One number where all channels have the same."""
    texts = [f"{value:g}" for value in values]
    return texts[0] if len(set(texts)) == 1 else f"({', '.join(texts)})"
