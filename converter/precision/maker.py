"""One precision of one model: which layers, how good, and into the bundle or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from converter.bundle.model_files import describe_model
from converter.bundle.write_bundle import write_manifest
from converter.onnx_tools import storage
from converter.precision.check_file import check_file, time_engines
from converter.precision.entry import measured_entry
from converter.precision.evaluate import Evaluator
from converter.precision.float32_model import Float32Model
from converter.precision.fp16 import Float16
from converter.precision.int8 import Int8
from converter.precision.keep_float import keep_most_sensitive
from converter.precision.model_engine import ModelEngine
from converter.precision.precision_options import PrecisionOptions
from converter.precision.precision_protocol import LayerChoice, Narrowing, choose_layers
from converter.precision.precision_results import PrecisionMeasurement, PrecisionResult, Sensitivity
from converter.precision.sensitivity import measure_sensitivity
from converter.precision.split_images import Split
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import PRECISIONS, Bundle, model_bytes
from trt_inference.bundles.manifest import read_manifest


@dataclass(frozen=True)
class Maker:
    """Makes one precision after the other of one model."""

    bundle: Bundle
    source: Float32Model
    split: Split
    gate: Evaluator
    options: PrecisionOptions
    progress: Progress
    scratch: Path

    def make(self, narrowing: Narrowing) -> PrecisionResult:
        """Measure, and put the file into the bundle if it is within the limit."""
        precision = narrowing.precision
        choice, measured, sensitivities = self._choose(narrowing)
        file = self.scratch / f"{precision}.onnx"
        entry = describe_model(file, storage.save(narrowing.build(choice.narrowed), None, file))
        candidate = replace(
            self.bundle,
            precisions={**self.bundle.precisions, precision: _inside(self.scratch.name, entry)},
        )
        result = PrecisionResult(
            precision=precision,
            limit=self.options.limit_of(precision),
            bytes=model_bytes(entry),
            measured=replace(
                measured,
                milliseconds=time_engines(candidate, precision, self.split.held_out.samples),
            ),
            kept=(*narrowing.must_keep, *choice.kept),
            calibration=narrowing.calibration,
            sensitivities=sensitivities,
        )
        if result.passed:
            check_file(candidate, precision, self.gate, result.limit)
            _publish(self.scratch, self.bundle.path, result, entry)
        return result

    def narrow(self, precision: str) -> Narrowing:
        """Find out which layers can be narrowed, and with which ranges.

        Raises:
            PrecisionError: none can.
        """
        calibration, held_out = self.split.calibration, self.split.held_out.samples
        track = self.progress.track
        if precision == "fp16":
            every = (*calibration, *held_out)
            return Float16(self.source, self.bundle, calibration, every, track)
        images = track(calibration, "calibrate int8")
        return Int8(self.source, self.bundle, images, self.options.method, self.options.keep_float)

    def _choose(
        self, narrowing: Narrowing
    ) -> tuple[LayerChoice, PrecisionMeasurement, tuple[Sensitivity, ...]]:
        """Which layers are narrowed, what that does, and where it is too much, what each does."""
        options = self.options
        limit = options.limit_of(narrowing.precision)

        def measure(choice: LayerChoice) -> PrecisionMeasurement:
            engine = ModelEngine(narrowing.measurable(choice.narrowed), self.bundle)
            return self.gate.measure(engine, narrowing.precision)

        choice = choose_layers(narrowing, options.keep_float)
        measured = measure(choice)
        if measured.is_within(limit):
            return choice, measured, ()
        sensitivities = measure_sensitivity(
            narrowing,
            self.bundle,
            self.split.calibration,
            partial(self.progress.track, things="layers"),
        )
        fewest = None
        if options.keep_most_sensitive:
            fewest = keep_most_sensitive(narrowing, choice, sensitivities, limit, measure)
        return *(fewest or (choice, measured)), sensitivities


def _inside(folder: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The same files in a folder of the bundle."""
    parts = {"": entry, **({"data": entry["data"]} if "data" in entry else {})}
    moved = {key: {**part, "file": f"{folder}/{part['file']}"} for key, part in parts.items()}
    whole = moved.pop("")
    return {**whole, **moved}


def _publish(scratch: Path, folder: Path, result: PrecisionResult, entry: dict[str, Any]) -> None:
    """Move the files into the bundle, and say in its manifest what they are."""
    (folder / f"{result.precision}.onnx.data").unlink(missing_ok=True)  # of an earlier, larger one
    for part in (entry, entry.get("data")):
        if part is not None:
            (scratch / part["file"]).replace(folder / part["file"])
    content = read_manifest(folder)
    content["precisions"][result.precision] = {**entry, **measured_entry(result)}
    order = [name for name in PRECISIONS if name in content["precisions"]]
    content["precisions"] = {name: content["precisions"][name] for name in order}
    write_manifest(folder, content)
