"""What was converted: the SavedModel, its image input, and how pixels are prepared for it."""

from typing import Optional, Tuple

from converter.conversion import Conversion
from converter.export.request_answer import Suppression
from converter.inputs.saved_model import Signature
from converter.onnx_tools.text import ir_version
from converter.tables.preprocessing_facts import finding_facts, fitting_text, pixels_text
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
        *_cut_at(source.signature),
        *_suppression(conversion.export.answer.suppression),
        Fact("Computes in", conversion.export.answer.float_type),
        Fact("Channels", pixels.order),
        Fact("Pixels", pixels_text(pixels)),
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


def _cut_at(signature: Signature) -> Tuple[Fact, ...]:
    names = ", ".join(tensor.graph_name for tensor in signature.inner)
    return (Fact("Cut inside of the graph at", names),) if names else ()


def _suppression(cut: Optional[Suppression]) -> Tuple[Fact, ...]:
    if cut is None:
        return ()
    thresholds = (("score", cut.score_threshold), ("IoU", cut.iou_threshold))
    known = [f"{name} threshold {value:g}" for name, value in thresholds if value is not None]
    across = ["across classes"] if cut.class_agnostic else []
    return (Fact("Suppression cut out", ", ".join((cut.operator, *known, *across))),)
