"""Add precisions to a bundle: narrow, measure, and take what is good enough."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from converter.errors import PrecisionError
from converter.precision.evaluate import Evaluator
from converter.precision.float32_model import read_float32
from converter.precision.maker import Maker
from converter.precision.precision_options import PrecisionOptions
from converter.precision.precision_protocol import Narrowing, check_patterns
from converter.precision.precision_results import PrecisionResult, Precisions
from converter.precision.split_images import split_images
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import load_bundle


def make_precisions(
    folder: Path,
    images: Path | None,
    annotations: Path | None,
    options: PrecisionOptions,
    progress: Progress,
) -> Precisions:
    """Make ``options.precisions`` of the fp32 model of the bundle in ``folder``, measure them, and
    put those within their limit into the bundle.

    Args:
        folder: is written into: one that nobody reads yet.

    Raises:
        DatasetError: there are no images, too few, or nothing to see in them.
        PrecisionError: the model has nothing to narrow, or no layer that --keep-float names.
    """
    bundle = load_bundle(folder)
    split = split_images(images, annotations, bundle.labels, options)
    source = read_float32(bundle.model_file("fp32"))
    gate = Evaluator(bundle, split.held_out, progress.track)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        maker = Maker(bundle, source, split, gate, options, progress, Path(scratch))
        narrowings, impossible = _narrow_all(maker, options.precisions)
        check_patterns(narrowings, options.keep_float)
        results, failures = _make_all(maker, narrowings)
        gate.close()
    stay = [
        one.precision for one in results if not one.passed and one.precision in bundle.precisions
    ]
    notes = [f"the {name} of an earlier run stays in the bundle and its report" for name in stay]
    return Precisions(
        results, (*split.notes, *gate.notes, *notes), (*impossible, *failures), tuple(stay)
    )


def _narrow_all(maker: Maker, precisions: Sequence[str]) -> tuple[list[Narrowing], tuple[str, ...]]:
    """One that is not possible does not stop the others."""
    narrowings, failures = [], []
    for precision in precisions:
        try:
            narrowings.append(maker.narrow(precision))
        except PrecisionError as error:
            failures.append(str(error))
    return narrowings, tuple(failures)


def _make_all(
    maker: Maker, narrowings: Sequence[Narrowing]
) -> tuple[tuple[PrecisionResult, ...], tuple[str, ...]]:
    results, failures = [], []
    for narrowing in narrowings:
        try:
            results.append(maker.make(narrowing))
        except PrecisionError as error:
            failures.append(str(error))
    return tuple(results), tuple(failures)
