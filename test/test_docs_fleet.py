"""docs/fleet.md names what robots, the export and /diagnostics really have."""

import re
from typing import List

import pytest

from test.test_architecture import ROOT
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import DEFAULT_DEADLINE, ServerOptions
from trt_inference.engines.triton.failures import FAILURE_KINDS
from trt_inference.engines.triton.server_report import ServerReport
from trt_inference.engines.triton.server_state import ServerState
from trt_inference.tools.server_arguments import OFFLINE_DEADLINE

PAGE = (ROOT / "docs/fleet.md").read_text("utf-8")
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")


def parameters_of(text: str) -> List[str]:
    return re.findall(r"^    (\w+):", text, re.MULTILINE)


def test_the_parameters_of_the_page_exist() -> None:
    known = parameters_of((ROOT / "config/detector.yaml").read_text("utf-8"))
    shown = [name for block in YAML.findall(PAGE) for name in parameters_of(block)]
    assert set(shown) <= set(known)
    # All there is of servers, so that nobody misses one.
    assert {name for name in known if name.startswith("server_")} <= set(shown)
    assert f"server_deadline: {DEFAULT_DEADLINE}" in PAGE and OFFLINE_DEADLINE == 1.0


def test_each_value_of_the_status_is_explained() -> None:
    server = ServerOptions("gpu-server:8001")
    status = ServerReport(ServerState(server, EngineOptions()), server).status("nobody")
    values = [name for name in status.values if not name.startswith("failures: ")]
    # Of values that differ in their end alone, the page has the whole name of the first.
    named = {*IN_BACKTICKS.findall(PAGE), "round trip p95 ms"}
    assert [name for name in values if name not in named] == []
    assert f"status `{status.name}`" in PAGE


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_each_kind_of_failure_has_a_row(kind: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and f"`{kind}`" in line]
    assert rows


def test_the_page_tells_what_exports_are_configured_with() -> None:
    config = pytest.importorskip(
        "converter.model_repository.model_config", reason="needs tritonclient"
    )
    from converter.commands.export_triton_options import DEFAULT_BATCH

    assert f"| `--batch`, {DEFAULT_BATCH} |" in PAGE
    assert f"| the newest {config.SERVED_VERSIONS} |" in PAGE
