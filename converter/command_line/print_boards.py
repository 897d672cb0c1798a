"""The opset of a model on the terminal, and the boards that take it."""

from typing import Dict, List, Sequence

from rich.console import Console

from converter.compatibility.refusals import Refusal
from converter.export.request_answer import ExportAnswer
from converter.onnx_tools.text import ir_version
from converter.report.operator_section import TargetLine, targets
from converter.tables.refusal_wording import refusal_text
from converter.terminal.console import print_line
from trt_inference.bundles.tensorrt_versions import TARGETS


def print_boards(
    opset: int, answer: ExportAnswer, refusals: Sequence[Refusal], console: Console
) -> None:
    """Print the opset and why it is no earlier one, then the boards that take the model, and those
    that do not with the reason."""
    reasons = answer.opset_reasons
    print_line(console, f"opset {opset}, IR version {ir_version(opset)}")
    for reason in reasons:
        print_line(console, f"      {reason}")
    lines = targets(refusals, opset, needed=bool(reasons))
    taking = [str(TARGETS[line.name]) for line in lines if line.takes]
    if len(taking) == len(lines):
        print_line(console, f"      runs on all boards: {', '.join(taking)}")
        return
    print_line(console, f"      runs on {', '.join(taking) or 'no board that has TensorRT'}")
    for reason, names in _by_reason(lines).items():
        boards = ", ".join(str(TARGETS[name]) for name in names)
        subject = "it" if len(names) == 1 else "each"
        print_line(console, f"      not on {boards}: {subject} {reason}", "yellow")


def _by_reason(lines: Sequence[TargetLine]) -> Dict[str, List[str]]:
    """The boards that do not take the model, by the reason, which is often the same for all."""
    found: Dict[str, List[str]] = {}
    for line in lines:
        if not line.takes:
            found.setdefault(line.reason, []).append(line.name)
    return found


def print_refusals(refusals: Sequence[Refusal], console: Console) -> None:
    """Print what some TensorRT refuses: as a warning where a board has it, else as a note."""
    versions = {target.tensorrt for target in TARGETS.values()}
    for refusal in refusals:
        if versions & set(refusal.lacking):
            print_line(console, refusal_text(refusal), "yellow")
        else:
            print_line(console, f"note: {refusal_text(refusal)}")
