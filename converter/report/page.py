"""What was converted, and what was measured: the content of the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converter.compatibility.tensorrt_operators import VERSIONS
from converter.conversion import Conversion
from converter.precision.precision_results import PrecisionResult
from converter.report import (
    engine_section,
    figures,
    operator_section,
    pictures,
    precision_section,
    source_facts,
    verdict,
)
from converter.report.report_files import load_report, plain, save_report


def write_report(folder: Path, conversion: Conversion, score_threshold: float = 0.0) -> Path:
    """Write the report of a conversion into ``folder``, which is made if it is not there.

    Args:
        score_threshold: detections below it are not drawn; the default threshold of the bundle
            shows what a robot would publish.

    Returns:
        The page.
    """
    return save_report(folder, _content(conversion, score_threshold))


def add_precisions(
    folder: Path,
    results: Sequence[PrecisionResult],
    fp32_bytes: int,
    labels: Sequence[str],
    score_threshold: float,
) -> Path:
    """Add precisions to the report in ``folder``, or replace those that are there.

    Others stay. One that did not pass is shown as well, until it passes in a later run.

    Args:
        fp32_bytes: of the model that they are compared with.
        labels: names of the classes.
        score_threshold: detections below it are not drawn.

    Returns:
        The page.

    Raises:
        OutputError: ``folder`` has no report that can be read.
    """
    content = load_report(folder)
    entries = [
        precision_section.precision_entry(
            result, fp32_bytes, content["task"], labels, score_threshold
        )
        for result in results
    ]
    content["precisions"] = precision_section.precision_section(
        [*content["precisions"]["lines"], *map(plain, entries)]
    )
    return save_report(folder, content)


def _content(conversion: Conversion, score_threshold: float) -> dict[str, Any]:
    """What the page shows, section by section."""
    verification = conversion.verification
    opset = source_facts.opset(conversion)
    return {
        "title": conversion.bundle.absolute().name,
        "task": verification.task,
        "verdict": verdict.verdict(verification),
        "cautions": verdict.cautions(verification),
        "notes": conversion.export.answer.notes,
        "facts": verdict.bundle_facts(conversion),
        "agreement": figures.agreement(verification),
        "accuracy": figures.accuracy(verification),
        "precisions": precision_section.precision_section([]),
        "engines": engine_section.engine_section([]),
        "parity": figures.parity(verification),
        "pairs": pictures.pairs(
            verification.pictures, ("TensorFlow", "Bundle"), conversion.labels, score_threshold
        ),
        "score_threshold": f"{score_threshold:g}" if score_threshold else "",
        "operators": operator_section.operator_bars(conversion.operators),
        "versions": VERSIONS,
        "missing": conversion.missing,
        "targets": operator_section.targets(conversion.missing, opset),
        "speed": figures.speed(verification),
        "stages": figures.stages(conversion.export),
        "export": figures.export(conversion.export),
        "source": source_facts.source_facts(conversion, opset),
    }
