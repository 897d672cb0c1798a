"""The engines that were built of a bundle, as its sidecars describe them.

Engines are built on robots, which may not have jinja2: then the content is added, and the page is
drawn when somebody asks for the report where it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

from converter.report.report_files import load_report, save_report
from converter.tables.engine_tables import engine_facts, engine_tables, layer_bars
from converter.tables.wording import Bar, Fact, Table
from trt_inference.bundles.names import REPORT_FOLDER
from trt_inference.bundles.sidecar import Sidecar


@dataclass(frozen=True)
class EngineEntry:
    """What the page shows of one engine; ``key`` tells it from others."""

    key: str
    precision: str
    machine: str
    tables: Tuple[Table, ...]
    facts: Tuple[Fact, ...]
    cautions: Tuple[str, ...]
    layers: Tuple[Bar, ...]


def show_engines(bundle: Path, sidecars: Sequence[Sidecar]) -> Path:
    """Show these engines in the bundle's report, in the place of those that it shows.

    Returns:
        The page, which is older than the content where jinja2 is missing.

    Raises:
        OutputError: the bundle has no report that can be read.
        BundleError: a file of the report is a link out of the bundle.
        OSError: the report cannot be written.
    """
    folder = bundle / REPORT_FOLDER
    return save_report(folder, {**load_report(folder), "engines": engine_section(sidecars)})


def engine_section(sidecars: Sequence[Sidecar]) -> Dict[str, Any]:
    """The section of these engines, by name."""
    return {"lines": [_entry(one) for one in sorted(sidecars, key=lambda one: one.file)]}


def _entry(sidecar: Sidecar) -> EngineEntry:
    return EngineEntry(
        key=sidecar.file,
        precision=sidecar.precision,
        machine=str(sidecar.machine),
        tables=engine_tables(sidecar),
        facts=engine_facts(sidecar),
        cautions=tuple(sidecar.measured.get("cautions", ())),
        layers=layer_bars(sidecar),
    )
