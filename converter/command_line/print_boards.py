"""The opset of a model on the terminal, and the boards that take it."""

from typing import Sequence

from rich.console import Console

from converter.compatibility.refusals import Refusal
from converter.compatibility.tensorrt_versions import TARGETS
from converter.export.request_answer import ExportAnswer
from converter.onnx_tools.text import ir_version
from converter.report.operator_section import targets
from converter.terminal.console import print_line


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
    for line in lines:
        if not line.takes:
            print_line(console, f"      not on {TARGETS[line.name]}: it {line.reason}", "yellow")
