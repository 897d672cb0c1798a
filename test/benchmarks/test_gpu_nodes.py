"""The table of nodes, with real nodes and ONNX Runtime in the place of a GPU."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.case_session import as_parameters
from benchmarks.gpu_nodes import main
from examples.shapes.processes import ROOT
from test.color_bundle import write_color_bundle


def test_a_combination_that_fails_is_a_row_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    bundle, output = write_color_bundle(tmp_path / "color"), tmp_path / "rows.jsonl"
    command = f"gpu_nodes --bundles {tmp_path / 'absent'} {bundle} --backend onnxruntime"
    command += f" --precisions fp32 --sizes 64x48 --cameras 2 --seconds 1 --output {output}"
    monkeypatch.setattr(sys, "argv", command.split())
    assert main() == 0
    failed, measured = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert failed["failure"].startswith("BundleError: ")
    assert measured["failure"] == ""
    assert measured["key"][0] == str(ROOT)
    assert measured["rate"] > 0
    assert measured["engine"]["p50"] <= measured["engine"]["p99"]
    stages = measured["stages"]
    assert 0 < stages["postprocess"]["p50"] < stages["node"]["p99"]
    assert len(capsys.readouterr().out.splitlines()) == 4  # two of them the table's head


def test_parameters_are_given_as_to_a_node() -> None:
    assert as_parameters(["spin:=always", "classes:=['a:=b']"]) == {
        "spin": "always",
        "classes": "['a:=b']",
    }
    with pytest.raises(ValueError, match="'spin=true' is not name:=value"):
        as_parameters(["spin=true"])
