"""What the command line shows of a SavedModel."""

from typing import Dict, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from converter.command_line.print_assumed import print_assumed, print_findings
from converter.command_line.print_boards import print_boards, print_refusals
from converter.commands.inspect import Inspection
from converter.heads.decoding.error_messages import class_count
from converter.inputs.choose_graph import describe_tags
from converter.inputs.saved_model import SavedModel
from converter.tables.refusal_wording import version_range
from converter.tables.wording import file_size
from converter.terminal.console import print_line
from trt_inference.bundles.tensorrt_versions import TARGETS, VERSIONS


def print_inspection(inspection: Inspection, asked: Sequence[str], console: Console) -> None:
    """Tables of signatures and operators, and the verdict last.

    Args:
        asked: versions of TensorRT for one or more of which the model is to be.
    """
    _print_signatures(inspection.saved_model, console)
    if inspection.answer is not None:
        print_line(console, f"weights: {file_size(inspection.answer.weight_bytes)}")
        for note in inspection.answer.notes:
            print_line(console, f"note: {note}")
    if inspection.operators:
        console.print(_operators(inspection.operators))
        if not inspection.refusals:
            print_line(
                console, f"TensorRT {VERSIONS[0]} to {VERSIONS[-1]} takes all of these nodes."
            )
        print_refusals(inspection.refusals, console)
    if inspection.answer is not None and inspection.operators:
        answer = inspection.answer
        print_boards(answer.opset, answer, inspection.refusals, console)
    for output in inspection.outputs:
        print_line(console, f"output {output}")
    if inspection.recognised is not None:
        head = inspection.recognised.head
        classes = class_count(head.classes)
        print_line(console, f"head: {head.description}, {classes} ({head.task})")
        print_line(console, f"      {inspection.recognised.reason}")
        print_assumed(inspection.recognised, console)
        print_findings(inspection.findings, console)
    if inspection.problem:
        print_line(console, f"It cannot be converted like this: {inspection.problem}", "yellow")
    elif _is_for_none(inspection, asked):
        does_not = f"TensorRT {version_range(asked)} does not build it"
        if {target.tensorrt for target in TARGETS.values()} <= set(asked):
            does_not = "TensorRT builds it on no board"
        below = "" if inspection.cut is None else ", or cut it, where that is told below"
        print_line(
            console,
            f"It can be converted, but {does_not}: change the model first, as told above{below}.",
            "yellow",
        )
    else:
        print_line(console, "It can be converted: trt-inference convert with the same options.")


def _is_for_none(inspection: Inspection, asked: Sequence[str]) -> bool:
    """Whether each of these versions refuses something of it."""
    return all(any(version in one.lacking for one in inspection.refusals) for version in asked)


def _print_signatures(saved_model: SavedModel, console: Console) -> None:
    print_line(
        console,
        f"{saved_model.path}, saved by TensorFlow {saved_model.tensorflow_version}, "
        f"{describe_tags(saved_model.tags)}",
    )
    table = Table("signature", "", "name", "dtype", "shape")
    for signature in saved_model.signatures.values():
        name = signature.name
        for kind, tensors in (("input", signature.inputs), ("output", signature.outputs)):
            for tensor in tensors:
                shape = str(tensor).partition(f"{tensor.dtype} ")[2]
                table.add_row(name, kind, *map(escape, (tensor.name, tensor.dtype, shape)))
                name = ""
        table.add_section()
    console.print(table)


def _operators(operators: Dict[str, int]) -> Table:
    """In columns, because a network has up to fifty kinds."""
    table = Table(title="operators of the exported network", show_header=False)
    cells = [f"{count:5d} {name}" for name, count in operators.items()]
    columns = 4
    for column in range(columns):
        table.add_column(str(column))
    rows = -(-len(cells) // columns)
    for row in range(rows):
        table.add_row(*cells[row::rows])
    return table
