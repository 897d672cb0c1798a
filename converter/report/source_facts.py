"""What was converted: the SavedModel, its image input, and how pixels are prepared for it."""

from typing import Optional, Sequence, Tuple

from converter.conversion import Conversion
from converter.export.request_answer import Suppression
from converter.inputs.pixels import Pixels
from converter.onnx_tools.text import ir_version
from converter.tables.preprocessing_facts import finding_facts, fitting_text
from converter.tables.wording import Fact


def source_facts(conversion: Conversion, model_opset: int) -> Tuple[Fact, ...]:
    """Describe the source.

    Folders have their name only: a page is passed on, and paths reveal the machine that it was
    made on.
    """
    source, pixels = conversion.source, conversion.preprocessing.pixels
    reasons = conversion.export.answer.opset_reasons
    return (
        Fact("SavedModel", source.saved_model.path.absolute().name),
        Fact("Saved by", f"TensorFlow {source.saved_model.tensorflow_version or 'unknown'}"),
        Fact("Signature", source.signature.name),
        Fact("Input", str(source.image)),
        Fact("Outputs that are read", ", ".join(conversion.recognised.head.inputs)),
        *_suppression(conversion.export.answer.suppression),
        Fact("Computes in", conversion.export.answer.float_type),
        Fact("Channels", pixels.channels.upper() if pixels.count == 3 else pixels.channels),
        Fact("Pixels", _formula(pixels)),
        Fact("Pictures fitted by", fitting_text(conversion.preprocessing.fitting)),
        *finding_facts(conversion.findings),
        Fact("ONNX opset", str(model_opset)),
        *([Fact("Why no earlier opset", "; ".join(reasons))] if reasons else []),
        Fact("ONNX IR version", str(ir_version(model_opset))),
    )


def opset(conversion: Conversion) -> int:
    """The ONNX opset of the exported model, which is that of the bundle's model."""
    imports = conversion.export.model.opset_import
    return int(next(one.version for one in imports if one.domain in ("", "ai.onnx")))


def _suppression(cut: Optional[Suppression]) -> Tuple[Fact, ...]:
    if cut is None:
        return ()
    thresholds = (("score", cut.score_threshold), ("IoU", cut.iou_threshold))
    known = [f"{name} threshold {value:g}" for name, value in thresholds if value is not None]
    across = ["across classes"] if cut.class_agnostic else []
    return (Fact("Suppression cut out", ", ".join((cut.operator, *known, *across))),)


def _formula(pixels: Pixels) -> str:
    """How the network's pixels are computed from values of 0 to 255."""
    if pixels.as_they_are:
        return "as they are, 0 to 255"
    mean, std = (_numbers(values[: pixels.count]) for values in (pixels.mean, pixels.std))
    return f"(value × {_scale(pixels.scale)} − {mean}) / {std}"


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
