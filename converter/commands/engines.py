"""`engines`: what engines a bundle has, and which of them run here."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Tuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from converter.command_line import print_engines as show
from converter.report.wording import file_size
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.engine_files import build_command, model_sha256
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar, read_sidecar, reason_against
from trt_inference.engines.tensorrt.gpu import this_machine
from trt_inference.errors import BundleError, EngineError

EngineVerdict = Tuple[Sidecar, str]


def run_engines(folder: Path, console: Console) -> None:
    """Print one line for each engine, with the verdict for this machine if it can have any.

    Raises:
        BundleError: ``folder`` is no bundle.
    """
    bundle = load_bundle(folder)
    machine, why_not = _machine()
    lines, broken = _lines(bundle, machine)
    _print(lines, bundle, machine, why_not, console)
    for text in (*broken, *_without_sidecar(bundle)):
        show.say(console, f"caution: {text}", "yellow")


def _machine() -> Tuple[Optional[Machine], str]:
    """This one, or why it runs no engines."""
    try:
        return this_machine(), ""
    except EngineError as error:
        return None, str(error)


def _lines(bundle: Bundle, machine: Optional[Machine]) -> Tuple[List[EngineVerdict], List[str]]:
    """And what is wrong with sidecars, each by itself."""
    lines: List[EngineVerdict] = []
    broken: List[str] = []
    for file in sorted((bundle.path / ENGINES_FOLDER).glob("*.json")):
        try:
            sidecar = read_sidecar(file)
        except BundleError as error:
            broken.append(str(error))
            continue
        lines.append((sidecar, _verdict(bundle, sidecar, machine, file)))
    return lines, broken


def _verdict(bundle: Bundle, sidecar: Sidecar, machine: Optional[Machine], file: Path) -> str:
    if not file.with_name(sidecar.file).is_file():
        return f"{sidecar.file} is missing: copy the bundle again"
    if machine is None:
        return ""
    current = model_sha256(bundle, sidecar.precision)
    return reason_against(sidecar, machine, current)


def _print(
    lines: List[EngineVerdict],
    bundle: Bundle,
    machine: Optional[Machine],
    why_not: str,
    console: Console,
) -> None:
    if not lines:
        show.say(console, f"{bundle.path} has no engines")
    else:
        console.print(_table(lines, machine))
    if machine is None:
        show.say(console, f"No engine runs here: {why_not}")
        return
    show.say(console, f"This machine: {machine}")
    for sidecar, reason in lines:
        if reason:
            show.say(console, f"{sidecar.file}: {reason}")
    running = {sidecar.precision for sidecar, reason in lines if not reason}
    for precision in bundle.precisions:
        if precision not in running:
            show.say(console, f"for {precision}, run {build_command(bundle.path, precision)}")


def _table(lines: List[EngineVerdict], machine: Optional[Machine]) -> Table:
    verdict = ["here"] if machine else []
    table = Table("engine", "TensorRT", "GPU", "system", "size", "batch", "GPU ms", *verdict)
    for sidecar, reason in lines:
        built = sidecar.machine
        times = sidecar.measured.get("gpu_milliseconds", {})
        table.add_row(
            sidecar.precision,
            built.tensorrt,
            escape(f"{built.gpu} ({built.sm})"),
            f"{built.system} {built.architecture}",
            file_size(sidecar.bytes),
            str(sidecar.batch),
            f"{times['p50']:.3f}" if times else "",
            *(["no" if reason else "runs"] if machine else []),
        )
    return table


def _without_sidecar(bundle: Bundle) -> List[str]:
    return [
        f"{file.name} has no sidecar, so that it is not used: take it in with `build "
        f"--import-engine {file} --precision …`"
        for file in sorted((bundle.path / ENGINES_FOLDER).glob("*.engine"))
        if not file.with_suffix(".json").is_file()
    ]
