"""What was converted, and what was measured: the content of the report."""

from pathlib import Path
from typing import Any, Dict, Sequence

from converter.conversion import Conversion
from converter.precision.precision_results import PrecisionResult
from converter.report.engine_section import engine_section
from converter.report.operator_section import operator_bars, refusal_rows, targets
from converter.report.pictures import are_empty, pairs
from converter.report.precision_section import precision_entry, precision_section
from converter.report.report_files import load_report, plain, save_report
from converter.report.source_facts import opset, source_facts
from converter.report.time_section import export_facts, speed_bars, stage_bars
from converter.report.verdict import bundle_facts, cautions, reading, verdict
from converter.tables.preprocessing_facts import column_remarks, evidence_tables
from converter.tables.trained_table import trained_table
from converter.tables.verification_tables import accuracy_table, agreement_facts, parity_tables
from converter.verification.verification_results import TrainedComparison
from trt_inference.bundles.tensorrt_versions import VERSIONS


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
    task: str,
    labels: Sequence[str],
    score_threshold: float,
) -> Path:
    """Add precisions to the report in ``folder``, or replace those that are there.

    Others stay. One that did not pass is shown as well, until it passes in a later run. How far one
    that is replaced was from a trained model is shown no longer.

    Args:
        fp32_bytes: size of the model that they are compared with.
        task: what the bundle's head does.
        labels: names of the classes.
        score_threshold: detections below it are not drawn.

    Returns:
        The page.

    Raises:
        OutputError: ``folder`` has no report that can be read.
    """
    content = load_report(folder)
    entries = [
        plain(precision_entry(result, fp32_bytes, task, labels, score_threshold))
        for result in results
    ]
    lines = [*content["precisions"]["lines"], *entries]
    if "trained" in content:
        replaced = {result.precision for result in results}
        rows = [row for row in content["trained"]["rows"] if row[0] not in replaced]
        content["trained"] = {**content["trained"], "rows": rows}
    return save_report(folder, {**content, "precisions": precision_section(lines)})


def add_trained(folder: Path, found: TrainedComparison) -> Path:
    """Add to the report in ``folder`` how far the bundle is from the trained model.

    Returns:
        The page.

    Raises:
        OutputError: ``folder`` has no report that can be read.
    """
    return save_report(folder, {**load_report(folder), "trained": plain(trained_table(found))})


def _content(conversion: Conversion, score_threshold: float) -> Dict[str, Any]:
    """What the page shows, section by section."""
    verification, answer = conversion.verification, conversion.export.answer
    version = opset(conversion)
    return {
        "title": conversion.bundle.absolute().name,
        "task": verification.task,
        "verdict": verdict(verification, conversion.contradictions),
        "cautions": (
            *conversion.contradictions,
            *conversion.cautions,
            *cautions(verification),
        ),
        "reading": reading(conversion),
        "assumed": conversion.assumed,
        "evidence": evidence_tables(conversion.findings),
        "remarks": column_remarks(conversion.findings),
        "notes": answer.notes,
        "facts": bundle_facts(conversion),
        "agreement": agreement_facts(verification),
        "accuracy": accuracy_table(verification),
        "precisions": precision_section([]),
        "engines": engine_section([]),
        "parity": parity_tables(verification),
        "pairs": pairs(
            verification.pictures, ("TensorFlow", "Bundle"), conversion.labels, score_threshold
        ),
        "nothing_drawn": are_empty(verification.pictures, score_threshold),
        "score_threshold": f"{score_threshold:g}" if score_threshold else "",
        "operators": operator_bars(conversion.operators, conversion.refusals),
        "versions": VERSIONS,
        "missing": refusal_rows(conversion.refusals),
        "targets": targets(conversion.refusals, version, bool(answer.opset_reasons)),
        "speed": speed_bars(verification),
        "stages": stage_bars(conversion.export),
        "export": export_facts(conversion.export),
        "source": source_facts(conversion, version),
    }
