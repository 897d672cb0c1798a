"""One HTML file that needs nothing beside it: what was converted, and what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from converter.report import figures, operators, pictures, source, verdict
from converter.tensorrt_operators import VERSIONS

if TYPE_CHECKING:
    from converter.steps import Conversion

PAGE = "index.html"
_TEMPLATE = "template.html"


def write_report(folder: Path, conversion: Conversion, score_threshold: float = 0.0) -> Path:
    """Write the page of a conversion into ``folder``, which is made if it is not there.

    Args:
        score_threshold: detections below it are not drawn; the default threshold of the bundle
            shows what a robot would publish.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / PAGE
    file.write_text(_template().render(_content(conversion, score_threshold)), "utf-8")
    return file


def _template() -> jinja2.Template:
    """The template, which escapes what is filled in and refuses names that are not."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE)


def _content(conversion: Conversion, score_threshold: float) -> dict[str, Any]:
    """What the template shows, section by section."""
    verification = conversion.verification
    opset = source.opset(conversion)
    return {
        "title": conversion.bundle.absolute().name,
        "task": verification.task,
        "verdict": verdict.verdict(verification),
        "cautions": verdict.cautions(verification),
        "notes": conversion.export.answer.notes,
        "facts": verdict.facts(conversion),
        "agreement": figures.agreement(verification),
        "accuracy": figures.accuracy(verification),
        "parity": figures.parity(verification),
        "pairs": pictures.pairs(verification.pictures, conversion.labels, score_threshold),
        "score_threshold": f"{score_threshold:g}" if score_threshold else "",
        "operators": operators.operator_bars(conversion.operators),
        "versions": VERSIONS,
        "missing": conversion.missing,
        "targets": operators.targets(conversion.missing, opset),
        "speed": figures.speed(verification),
        "stages": figures.stages(conversion.export),
        "export": figures.export(conversion.export),
        "source": source.facts(conversion, opset),
    }
