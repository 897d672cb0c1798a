"""Launch and configuration files as such: whole, installed, and true to the node."""

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator
from xml.etree import ElementTree

import pytest
import yaml

from test.launching import ROOT, install
from trt_inference.ros.parameters.table import SPECS, SPECS_BY_NAME

LAUNCH, CONFIG = ROOT / "launch", ROOT / "config"
PARAMETERS = ("detector.yaml", "jetson.yaml", "desktop.yaml")
TYPES = {
    "BOOL": bool,
    "INTEGER": int,
    "DOUBLE": float,
    "STRING": str,
    "STRING_ARRAY": list,
    "INTEGER_ARRAY": list,
}
# A parameter that has no default of its own is in detector.yaml as an example.
EXAMPLE = re.compile(r"^    # (\w+): (.+)$", re.MULTILINE)


def parameters(name: str) -> Dict[str, Any]:
    """What a parameter file sets, for each node."""
    return yaml.safe_load((CONFIG / name).read_text("utf-8"))["/**"]["ros__parameters"]


def test_setup_installs_all_launch_and_configuration_files(tmp_path: Path) -> None:
    install(tmp_path)
    for folder in (LAUNCH, CONFIG):
        there = tmp_path / "share" / "trt_inference" / folder.name
        expected = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        assert {path.name: path.read_bytes() for path in there.iterdir()} == expected


def test_detector_yaml_has_each_parameter_with_its_default() -> None:
    expected = {spec.name: spec.default for spec in SPECS if spec.default is not None}
    assert parameters("detector.yaml") == expected


def test_detector_yaml_shows_each_parameter_that_has_no_default() -> None:
    text = (CONFIG / "detector.yaml").read_text("utf-8")
    examples = {name: yaml.safe_load(value) for name, value in EXAMPLE.findall(text)}
    assert set(examples) == {spec.name for spec in SPECS if spec.default is None}
    for name, value in examples.items():
        assert type(value) is TYPES[SPECS_BY_NAME[name].type.name], name


@pytest.mark.parametrize("name", PARAMETERS)
def test_values_are_of_the_declared_type_and_in_range(name: str) -> None:
    for key, value in parameters(name).items():
        spec = SPECS_BY_NAME[key]
        assert type(value) is TYPES[spec.type.name], key
        assert not spec.choices or value in spec.choices
        assert not spec.range or spec.range[0] <= value <= spec.range[1]


@pytest.mark.parametrize("name", PARAMETERS[1:])
def test_files_for_machines_set_only_what_differs(name: str) -> None:
    defaults = {spec.name: spec.default for spec in SPECS}
    same = [key for key, value in parameters(name).items() if value == defaults[key]]
    assert same == []


@pytest.mark.parametrize(
    "path", sorted([*CONFIG.glob("*.xml"), *LAUNCH.glob("*.xml")]), ids=lambda path: path.name
)
def test_xml_can_be_read(path: Path) -> None:
    ElementTree.parse(path)


@pytest.mark.parametrize("kind", ["xml", "yaml"])
def test_each_launch_file_in_python_has_its_variants(kind: str) -> None:
    for path in LAUNCH.glob("*.launch.py"):
        variant = path.with_suffix(f".{kind}")
        assert f"$(find-pkg-share trt_inference)/launch/{path.name}" in variant.read_text("utf-8")


def test_foxglove_shows_the_topics_of_the_node() -> None:
    layout = json.loads((CONFIG / "foxglove.json").read_text("utf-8"))
    placed = list(panels(layout["layout"]))
    assert sorted(placed) == sorted(layout["configById"])
    image = layout["configById"]["Image!detections"]["imageMode"]["imageTopic"]
    assert image == "/detector/debug_image/compressed"


def test_rviz_shows_the_debug_image() -> None:
    config = yaml.safe_load((CONFIG / "detector.rviz").read_text("utf-8"))
    shown = [one for one in config["Visualization Manager"]["Displays"] if one["Enabled"]]
    assert [one["Topic"]["Value"] for one in shown] == ["/detector/debug_image"]
    assert {one["Class"] for one in shown} == {"rviz_default_plugins/Image"}


def panels(layout: Any) -> Iterator[str]:
    """The panels that a layout of Foxglove places."""
    if isinstance(layout, str):
        yield layout
    else:
        yield from panels(layout["first"])
        yield from panels(layout["second"])
