"""Add precisions to a bundle: narrow, measure, and take what is good enough."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from converter.bundle.model_files import describe_model
from converter.errors import PrecisionError
from converter.inputs.dataset import Images
from converter.onnx_tools import storage
from converter.precision.check_file import check_file, time_engines
from converter.precision.evaluate import Evaluator
from converter.precision.float32_model import read_float32
from converter.precision.keep_float import keep_most_sensitive
from converter.precision.model_engine import ModelEngine
from converter.precision.precision_builder import (
    LayerChoice,
    PrecisionBuilder,
    check_patterns,
    choose_layers,
)
from converter.precision.precision_kinds import PrecisionRequest, find_precisions, largest_loss
from converter.precision.precision_options import PrecisionOptions
from converter.precision.precision_results import (
    PrecisionMeasurement,
    PrecisionResult,
    Precisions,
    Sensitivity,
)
from converter.precision.publish import as_candidate, publish
from converter.precision.sensitivity import measure_sensitivity
from converter.precision.split_images import needs_images, split_images
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import load_bundle, model_bytes
from trt_inference.bundles.precisions import FP32, model_file_name

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def make_precisions(
    folder: Path,
    images: Images | None,
    annotations: Path | None,
    options: PrecisionOptions,
    progress: Progress,
) -> Precisions:
    """Make ``options.precisions`` of the fp32 model of the bundle in ``folder``, measure them, and
    put those within their limit into the bundle.

    Args:
        folder: is written into: one that nobody reads yet.

    Raises:
        DatasetError: there are no images, too few, nothing to see in them, or annotations of
            another task.
        PrecisionError: the model has nothing to narrow, or no layer that --keep-float names.
    """
    bundle = load_bundle(folder)
    source = read_float32(bundle.model_file(FP32))
    kinds = [find_precisions()[name] for name in options.precisions]
    calibrates = not all(kind.has_all_ranges(source) for kind in kinds if kind.calibrates)
    split = split_images(
        images,
        annotations,
        bundle.labels,
        options,
        calibrates=calibrates,
        made_up=bool(source.trained) and not needs_images(options),
    )
    held_out = split.held_out
    held_out.check_task(bundle.task, f"a bundle for {bundle.task}")
    request = PrecisionRequest(
        source, bundle, split.calibration, held_out.samples, options, progress.track
    )
    evaluator = Evaluator(bundle, held_out, progress.track)
    builders, impossible = _all_that_can(
        lambda name: find_precisions()[name].prepare(request), options.precisions
    )
    check_patterns(builders, options.keep_float)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        job = _Job(request, evaluator, progress, Path(scratch))
        results, failures = _all_that_can(job.make, builders)
    evaluator.close()
    stay = tuple(
        one.precision for one in results if not one.passed and one.precision in bundle.precisions
    )
    notes = [f"the {name} of an earlier run stays in the bundle and its report" for name in stay]
    notes = [*split.notes, *evaluator.notes, *notes]
    refused = {**impossible, **{builder.precision: why for builder, why in failures.items()}}
    if options.own in refused:
        notes.append(refused.pop(options.own))
    return Precisions(tuple(results), tuple(notes), tuple(refused.values()), stay, options.own)


def _all_that_can(
    make: Callable[[_Item], _Made], items: Iterable[_Item]
) -> tuple[list[_Made], dict[_Item, str]]:
    """One that is not possible does not stop the others; and the reasons of those that are not."""
    made, failures = [], {}
    for item in items:
        try:
            made.append(make(item))
        except PrecisionError as error:
            failures[item] = str(error)
    return made, failures


@dataclass(frozen=True)
class _Job:
    """Builds and measures one precision after the other.

    Attributes:
        scratch: a folder in the bundle, for files that are not in it yet.
    """

    request: PrecisionRequest
    evaluator: Evaluator
    progress: Progress
    scratch: Path

    def make(self, builder: PrecisionBuilder) -> PrecisionResult:
        """Measure a precision, and put the file into the bundle if it is within the limit."""
        precision, bundle = builder.precision, self.request.bundle
        choice, measured, sensitivities = self._choose(builder)
        file = self.scratch / model_file_name(precision)
        entry = describe_model(file, storage.save(builder.build(choice.narrowed), None, file))
        candidate = as_candidate(bundle, precision, self.scratch, entry)
        times = time_engines(candidate, precision, self.request.held_out)
        result = PrecisionResult(
            precision=precision,
            limit=largest_loss(precision, self.request.options),
            bytes=model_bytes(entry),
            measured=replace(measured, milliseconds=times),
            kept=(*builder.must_keep, *choice.kept),
            calibration=builder.calibration,
            sensitivities=sensitivities,
            trained=builder.trained_in(choice.narrowed),
        )
        if result.passed:
            check_file(candidate, precision, self.evaluator, result.limit)
            publish(self.scratch, bundle.path, result, entry)
        return result

    def _choose(
        self, builder: PrecisionBuilder
    ) -> tuple[LayerChoice, PrecisionMeasurement, tuple[Sensitivity, ...]]:
        """Which layers are narrowed, what that does, and where it is too much, what each does."""
        request, options = self.request, self.request.options
        limit = largest_loss(builder.precision, options)

        def measure(choice: LayerChoice) -> PrecisionMeasurement:
            engine = ModelEngine(builder.measurable(choice.narrowed), request.bundle)
            return self.evaluator.measure(engine, builder.precision)

        choice = choose_layers(builder, options.keep_float)
        measured = measure(choice)
        if measured.is_within(limit):
            return choice, measured, ()
        track = partial(self.progress.track, things="layers")
        images = request.calibration or request.held_out
        sensitivities = measure_sensitivity(builder, request.bundle, images, track)
        fewest = None
        if options.keep_most_sensitive:
            fewest = keep_most_sensitive(builder, choice, sensitivities, limit, measure)
        return *(fewest or (choice, measured)), sensitivities
