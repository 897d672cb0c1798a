"""`build`: the order of the steps from a bundle's ONNX models to engines that were tried."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Tuple

from rich.console import Console

from converter.command_line import print_engines as show
from converter.engine_builder.build_engine import Built, build_plan
from converter.engine_builder.build_options import BuildOptions
from converter.engine_builder.engine_folder import check_writable, sha256_of, staged, write_engine
from converter.engine_builder.import_engine import read_plan
from converter.engine_builder.measure_engine import EngineMeasurement, measure
from converter.engine_builder.sample_pictures import Pictures, find_pictures
from converter.errors import BuildError, OutputError
from converter.report.engine_section import add_engine
from converter.terminal.console import say
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import choose
from trt_inference.bundles.engine_files import model_sha256
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import REPORT_CONTENT, REPORT_FOLDER
from trt_inference.bundles.sidecar import Sidecar, engine_name
from trt_inference.engines.tensorrt.gpu import gpu_device, this_machine
from trt_inference.errors import TrtInferenceError


def run_build(options: BuildOptions, console: Console) -> None:
    """Build, or take in, and try one engine after the other; each is in the bundle once it runs.

    Raises:
        TrtInferenceError: one or more cannot be built; the others are in the bundle.
    """
    bundle = load_bundle(options.bundle)
    machine = this_machine()
    if options.plan is not None and len(options.precisions) != 1:
        raise BuildError("--import-engine takes in one plan: say its one --precision")
    for precision in options.precisions:
        choose(bundle, precision, gpu_device())
    check_writable(bundle.path)
    pictures = find_pictures(options.images, bundle.path, options.most_images)
    made: List[Tuple[Sidecar, EngineMeasurement]] = []
    failures: List[str] = []
    for precision in options.precisions:
        try:
            made.append(_make(bundle, precision, machine, pictures, options, console))
        except TrtInferenceError as error:
            failures.append(str(error))
    if made:
        show.print_engines_built(made, bundle.path, console)
    if failures:
        raise BuildError("\n".join(failures))


def _make(
    bundle: Bundle,
    precision: str,
    machine: Machine,
    pictures: Pictures,
    options: BuildOptions,
    console: Console,
) -> Tuple[Sidecar, EngineMeasurement]:
    progress = Progress(console)
    if options.plan is None:
        plan, sidecar = _build(bundle, precision, machine, options, console)
    else:
        plan, sidecar = _take_in(bundle, precision, machine, options, console)
    with staged(bundle.path) as folder:
        write_engine(folder, plan, sidecar)
        measured = measure(folder, precision, machine, pictures, progress)
    sidecar = replace(sidecar, measured=measured.content())
    write_engine(bundle.path, plan, sidecar)
    _add_to_report(bundle, sidecar, console)
    return sidecar, measured


def _build(
    bundle: Bundle, precision: str, machine: Machine, options: BuildOptions, console: Console
) -> Tuple[bytes, Sidecar]:
    def warn(text: str) -> None:
        say(console, f"caution: {text}", "yellow")

    built = build_plan(bundle, precision, machine, options, console, warn)
    show.say_built(console, precision, built)
    return built.plan, _sidecar_of_built(bundle, precision, machine, built, options)


def _sidecar_of_built(
    bundle: Bundle, precision: str, machine: Machine, built: Built, options: BuildOptions
) -> Sidecar:
    return Sidecar(
        file=engine_name(precision, machine),
        sha256=sha256_of(built.plan),
        bytes=len(built.plan),
        precision=precision,
        onnx_sha256=model_sha256(bundle, precision),
        machine=machine,
        typing=built.typing,
        batch=options.batch,
        input_dtype=built.input_dtype,
        workspace=built.workspace,
        seconds=round(built.seconds, 3),
        options=options.recorded(),
    )


def _take_in(
    bundle: Bundle, precision: str, machine: Machine, options: BuildOptions, console: Console
) -> Tuple[bytes, Sidecar]:
    file = options.plan
    if file is None:
        raise BuildError("--import-engine needs a file")
    imported = read_plan(file, bundle, options.batch)
    if imported.note:
        say(console, imported.note)
    sidecar = Sidecar(
        file=engine_name(precision, machine),
        sha256=sha256_of(imported.plan),
        bytes=len(imported.plan),
        precision=precision,
        onnx_sha256="",
        machine=machine,
        typing="unknown",
        batch=options.batch,
        input_dtype=imported.input_dtype,
        options={"imported": file.name},
    )
    return imported.plan, sidecar


def _add_to_report(bundle: Bundle, sidecar: Sidecar, console: Console) -> None:
    """The engine is good without a report, which a bundle may lack."""
    if not (bundle.path / REPORT_CONTENT).is_file():
        return
    try:
        add_engine(bundle.path / REPORT_FOLDER, sidecar)
    except (OutputError, OSError) as error:
        say(console, f"note: not in the report: {error}", "yellow")
