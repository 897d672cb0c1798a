"""Engines on the page of the report, which a robot without jinja2 leaves to be drawn later."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from converter.report.page import write_report
from test.converter.command_line import run_here
from test.converter.report import samples
from test.converter.report.parsed import Page
from test.tensorrt_double.install import install

TIMES = "One batch on the GPU, without copies"


class NoJinja2:
    """Finds that jinja2 is not installed."""

    def find_spec(self, name: str, *place: object) -> None:
        if name == "jinja2":
            raise ModuleNotFoundError("No module named 'jinja2'", name=name)


@pytest.fixture
def reported(bundle: Path, tmp_path: Path) -> Path:
    """A bundle with a report that has pictures."""
    write_report(bundle / "report", samples.detection(tmp_path))
    return bundle


def build(bundle: Path, capsys: pytest.CaptureFixture[str], *more: object) -> str:
    return run_here(capsys, "build", bundle, "--precision", "fp16", *more).output


def page(bundle: Path) -> Page:
    return Page(bundle / "report" / "index.html")


def test_an_engine_has_a_section_of_its_own(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "engines" not in page(reported).texts
    with install("10.3.0"):
        build(reported, capsys)
    shown = page(reported)
    assert "fp16: TensorRT 10.3.0 and sm_87 (Double" in shown.texts["engine-1"]
    assert [row[0] for row in shown.tables[TIMES]] == ["", "fp16"]
    assert shown.tables["Agreement with the ONNX model on 2 images"][0][1] == "matched"


def test_it_is_compared_on_the_pictures_of_the_report(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        output = build(reported, capsys)
    assert "the pictures of the bundle's report" in output
    assert "made-up" not in output


def test_a_later_build_replaces_its_own_section_only(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in ("10.3.0", "10.13.3", "10.3.0"):
        with install(version):
            build(reported, capsys)
    assert [name for name in page(reported).texts if name.startswith("engine-")] == [
        "engine-1",
        "engine-2",
    ]


def test_the_page_shows_what_the_sidecars_hold(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        build(reported, capsys)
    before = page(reported).texts["engine-1"]
    file = reported / "report" / "report.json"
    content = json.loads(file.read_text("utf-8"))
    content["engines"]["lines"][0].update(machine="a faster one", tables=[], facts=[])
    content["engines"]["lines"].append(dict(content["engines"]["lines"][0], key="gone"))
    file.write_text(json.dumps(content), "utf-8")
    with install("10.13.3"):
        build(reported, capsys)
    after = page(reported).texts
    assert before in (after["engine-1"], after["engine-2"])
    assert "a faster one" not in page(reported).source


def test_without_jinja2_the_page_is_drawn_by_the_next_report(
    reported: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = page(reported).source
    with monkeypatch.context() as patch:
        for name in [one for one in sys.modules if one.partition(".")[0] == "jinja2"]:
            patch.delitem(sys.modules, name)
        patch.delitem(sys.modules, "converter.report.template", raising=False)
        patch.setattr(sys, "meta_path", [NoJinja2(), *sys.meta_path])
        with install("10.3.0"):
            assert "not in the report" not in build(reported, capsys)
    assert page(reported).source == before
    content: Any = json.loads((reported / "report" / "report.json").read_text("utf-8"))
    assert len(content["engines"]["lines"]) == 1

    run_here(capsys, "report", reported)
    assert "engine-1" in page(reported).texts


def test_a_report_from_before_there_were_engines_takes_them(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = reported / "report" / "report.json"
    content = json.loads(file.read_text("utf-8"))
    del content["engines"]
    file.write_text(json.dumps(content), "utf-8")
    with install("10.3.0"):
        build(reported, capsys)
    assert "engine-1" in page(reported).texts


def test_cautions_are_on_the_page(reported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with install("10.3.0"):
        build(reported, capsys)
    assert "with boxes drawn into them" in page(reported).texts["engine-1"]
