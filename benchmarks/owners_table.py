"""The figures of a machine as one row in Markdown, which its owner can send in.

docs/jetson.md has a table with the same columns.
"""

from typing import Optional, Sequence

from benchmarks.gpu_figures import RATE, DetectorFigures, EngineFigures, NodeFigures
from benchmarks.measured_machine import MeasuredMachine
from trt_inference.printable import printable

# Times in milliseconds, p50.
COLUMNS = (
    "board",
    "system",
    "power mode",
    "clocks",
    "TensorRT",
    "CUDA",
    "Python",
    "bundle, precision, input",
    "GPU time",
    "engine",
    "detector",
    f"detector, {RATE:g}/s",
    f"node, {RATE:g}/s",
    "images/s",
    "MB: process + engine",
)


def owners_table(
    facts: MeasuredMachine,
    bundle: str,
    size: str,
    detector: DetectorFigures,
    engine: EngineFigures,
    node: Optional[NodeFigures],
) -> str:
    """The header and the row.

    Args:
        bundle: its name, with the precision.
        size: of its input.
        node: None leaves the memory to the process of the detector.
    """
    machine = engine.machine
    resident = detector.resident if node is None else node.resident
    cells = (
        facts.board or machine.gpu,
        facts.system,
        facts.power_mode,
        facts.clocks,
        machine.tensorrt,
        machine.cuda,
        facts.python,
        f"{bundle}, {size}",
        f"{engine.graph_on_gpu.p50:.3f}",
        f"{engine.graph.p50:.3f}",
        f"{detector.whole.p50:.3f}",
        f"{detector.paced.p50:.3f}",
        "" if node is None else f"{node.times.p50:.3f}",
        f"{detector.sustained:.0f}",
        f"{resident / 1e6:.0f} + {engine.on_device / 1e6:.0f}",
    )
    return "\n".join(map(_line, (COLUMNS, ["---"] * len(COLUMNS), cells)))


def _line(cells: Sequence[str]) -> str:
    """A row, of which no text of a machine or a bundle ends a cell."""
    shown = (printable(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(shown)} |"
