"""`build`: the order of the steps from a bundle's ONNX models to engines that were tried."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, List, Sequence, Tuple

from converter.engine_builder.build_engine import Built, build_plan
from converter.engine_builder.build_options import ANY_BATCH, BuildOptions
from converter.engine_builder.engine_folder import (
    check_writable,
    publish_engine,
    sha256_of,
    staged,
    write_engine,
)
from converter.engine_builder.import_engine import read_plan
from converter.engine_builder.measure_engine import EngineMeasurement, measure
from converter.engine_builder.sample_pictures import Pictures, find_pictures
from converter.errors import BuildError, OutputError
from converter.report.engine_section import show_engines
from converter.report.report_files import has_report
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import Device, choose
from trt_inference.bundles.engine_files import model_sha256
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import REPORT_FOLDER
from trt_inference.bundles.sidecar import Sidecar, engine_name, read_sidecars
from trt_inference.engines.tensorrt.gpu import gpu_device, this_machine
from trt_inference.errors import BundleError, TrtInferenceError

OnBuilt = Callable[[str, Built], None]


@dataclass(frozen=True)
class BuiltEngine:
    """An engine that is in the bundle, and what was measured of it."""

    sidecar: Sidecar
    measured: EngineMeasurement


@dataclass(frozen=True)
class BuildResult:
    """The engines that are in the bundle now, and why others are not.

    Attributes:
        failures: of builds that were tried.
        skipped: why a precision was not tried, for each that the GPU lacks.
    """

    bundle: Path
    engines: Tuple[BuiltEngine, ...]
    failures: Tuple[str, ...]
    skipped: Tuple[str, ...] = ()


def build_engines(options: BuildOptions, progress: Progress, on_built: OnBuilt) -> BuildResult:
    """Build or import, and try, one engine after the other; each is in the bundle once it runs.
    A precision that the GPU lacks is left out where there are others.

    Args:
        on_built: called with the precision of each engine as soon as it is built.

    Raises:
        TrtInferenceError: no engine can be built here, whatever its precision.
    """
    bundle = load_bundle(options.bundle)
    machine = this_machine(options.device)
    if options.plan is not None and len(options.precisions) != 1:
        raise BuildError("--import-engine takes one plan: name its one --precision")
    precisions, skipped = _choose_precisions(bundle, options.precisions, gpu_device(options.device))
    for reason in skipped:
        progress.caution(reason)
    check_writable(bundle.path)
    pictures = find_pictures(options.images, bundle.path, options.most_images)
    maker = _Maker(bundle, machine, pictures, options, progress, on_built)
    engines: List[BuiltEngine] = []
    failures: List[str] = []
    for precision in precisions:
        try:
            engines.append(maker.make(precision))
        except TrtInferenceError as error:
            failures.append(str(error))
    return BuildResult(bundle.path, tuple(engines), tuple(failures), skipped)


def _choose_precisions(
    bundle: Bundle, asked: Sequence[str], device: Device
) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
    """The precisions to build, and why others are not.

    Raises:
        BundleError: the bundle lacks one of them, or the device all.
    """
    usable = tuple(one for one in asked if one not in device.lacks)
    for precision in usable or asked:
        choose(bundle, precision, device)
    lacking = [one for one in asked if one not in usable]
    return usable, tuple(f"{one} is not built: {device.name} has no {one}" for one in lacking)


@dataclass(frozen=True)
class _Maker:
    """Makes the engines of one run."""

    bundle: Bundle
    machine: Machine
    pictures: Pictures
    options: BuildOptions
    progress: Progress
    on_built: OnBuilt

    def make(self, precision: str) -> BuiltEngine:
        """Build or import the engine, try it beside the bundle, and put it into the bundle."""
        path = self.bundle.path
        if self.options.plan is None:
            plan, sidecar = self._build(precision)
        else:
            plan, sidecar = self._import(precision, self.options.plan)
        with staged(path) as folder:
            write_engine(folder, plan, sidecar)
            del plan  # from here on it is on the disk
            measured = measure(
                folder,
                precision,
                self.machine,
                self.pictures,
                self.progress,
                self.options.device,
            )
            sidecar = replace(sidecar, measured=measured.content())
            publish_engine(folder, path, sidecar)
        self._add_to_report()
        return BuiltEngine(sidecar, measured)

    def _build(self, precision: str) -> Tuple[memoryview, Sidecar]:
        console, warn = self.progress.console, self.progress.caution
        built = build_plan(self.bundle, precision, self.machine, self.options, console, warn)
        self.on_built(precision, built)
        sidecar = Sidecar(
            file=engine_name(precision, self.machine),
            sha256=sha256_of(built.plan),
            bytes=len(built.plan),
            precision=precision,
            onnx_sha256=model_sha256(self.bundle, precision),
            machine=self.machine,
            typing=built.typing,
            batch=self.options.batch,
            input_dtype=built.input_dtype,
            workspace=built.workspace,
            seconds=round(built.seconds, 3),
            options=self.options.recorded(),
        )
        return built.plan, sidecar

    def _import(self, precision: str, file: Path) -> Tuple[memoryview, Sidecar]:
        imported = read_plan(file, self.bundle, self.options.batch, self.options.device)
        if imported.note:
            self.progress.note(imported.note)
        sidecar = Sidecar(
            file=engine_name(precision, self.machine),
            sha256=sha256_of(imported.plan),
            bytes=len(imported.plan),
            precision=precision,
            onnx_sha256="",
            machine=self.machine,
            typing="unknown",
            batch=self.options.batch,
            input_dtype=imported.input_dtype,
            options={"imported": file.name, **({ANY_BATCH: True} if imported.any_batch else {})},
        )
        return imported.plan, sidecar

    def _add_to_report(self) -> None:
        """Show the engines in the report, if the bundle has one: they are good without."""
        path = self.bundle.path
        if not has_report(path / REPORT_FOLDER):
            return
        sidecars = [sidecar for _, sidecar in read_sidecars(path)[0]]
        try:
            show_engines(path, sidecars)
        except (OutputError, BundleError, OSError) as error:
            self.progress.note(f"not in the report: {error}")
