"""Parameter files, against the real rclpy: which sections count, and what is made of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml

from trt_inference.ros.launching.params_file import ParamsFile

NODE = "/robot1/detector"
# What a node gets, as /robot1/detector, from each of several files.
READ = """
import json, sys
import rclpy
from rclpy.node import Node

found = []
for file in sys.argv[1:]:
    context = rclpy.Context()
    rclpy.init(context=context, args=["--ros-args", "--params-file", file, "-r", "__ns:=/robot1"])
    node = Node("detector", context=context, automatically_declare_parameters_from_overrides=True)
    found.append({k: p.value for k, p in node.get_parameters_by_prefix("").items() if k in "abc"})
    node.destroy_node()
    context.shutdown()
print(json.dumps(found))
"""
SECTIONS = [
    "detector",
    "/detector",
    "/robot1/detector",
    "robot1/detector",
    "/robot2/detector",
    "/robot1/other",
    "/**",
    "'**'",
    "/*",
    "'*'",
    "/*/detector",
    "/**/detector",
    "/robot1/*",
    "/robot1/**",
    "/*/*",
    "/*/*/*",
    "/robot1/**/detector",
    "/*/**",
]


def as_rclpy_reads(*files: Path) -> List[Dict[str, Any]]:
    command = [sys.executable, "-c", READ, *map(str, files)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_a_section_counts_where_rclpy_takes_it(ros: None, tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{number}.yaml", f"{name}: {{ros__parameters: {{a: 1}}}}")
        for number, name in enumerate(SECTIONS)
    ]
    expected = [found == {"a": 1} for found in as_rclpy_reads(*files)]
    assert [ParamsFile(file).is_for(NODE) for file in files] == expected
    assert True in expected and False in expected


B2 = {"b": 2}
WITH_NAMESPACE = [
    ("detector: {ros__parameters: {a: 1}}", {"a": 1}),
    ("/detector: {ros__parameters: {a: 1}}", {"a": 1}),
    ("/**: {ros__parameters: {a: 1, b: 2}}\ndetector: {ros__parameters: {a: 3}}", {"a": 3, "b": 2}),
    ("other: {ros__parameters: {a: 1}}\ndetector: {ros__parameters: {a: 2}}", {"a": 2}),
    # Two nodes, each with its name: the first one is not ours.
    ("detector: {ros__parameters: {a: 1}}\n/robot1/detector: {ros__parameters: {b: 2}}", B2),
    (
        "detector: {ros__parameters: {a: 1}}\nrobot1: {detector: {ros__parameters: {b: 2}}}",
        {"b": 2},
    ),
    ("robot1: {detector: {ros__parameters: {a: 1}}}", {"a": 1}),
    ("robot2: {detector: {ros__parameters: {a: 1}}}", {}),
    ("/robot2/detector: {ros__parameters: {a: 1}}", {}),
]


def test_a_section_that_lacks_the_namespace_counts(ros: None, tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{number}.yaml", text) for number, (text, _) in enumerate(WITH_NAMESPACE)
    ]
    taken = [ParamsFile(file).in_namespace(NODE) or file for file in files]
    assert as_rclpy_reads(*taken) == [expected for _, expected in WITH_NAMESPACE]


def test_the_copy_has_each_value_as_it_was(ros: None, tmp_path: Path) -> None:
    values = 'a: ["1", \'true\', 0x10, "\\u00fc: #", ~, plain text]\n    b: 1.0\n    c: !!str 7\n'
    text = f"# ours\nNAME:\n  ros__parameters:\n    {values}"
    file = write(tmp_path / "short.yaml", text.replace("NAME", "detector"))
    copy = ParamsFile(file).in_namespace(NODE)
    assert copy is not None
    given, kept = (yaml.compose(path.read_text("utf-8")) for path in (file, copy))
    assert yaml.serialize(given.value[0][1]) == yaml.serialize(kept.value[0][1])


def test_without_a_namespace_nothing_is_copied(tmp_path: Path) -> None:
    file = write(tmp_path / "robot.yaml", "detector: {ros__parameters: {a: 1}}")
    assert ParamsFile(file).in_namespace("/detector") is None
    assert ParamsFile(file).is_for("/detector")


def test_a_mismatch_names_file_sections_node_and_remedy(tmp_path: Path) -> None:
    text = "detektor: {ros__parameters: {a: 1}}\nrobot2: {camera: {ros__parameters: {a: 1}}}"
    file = write(tmp_path / "robot.yaml", text)
    told = ParamsFile(file).describe_mismatch(NODE)
    assert f"params_file {file} sets nothing for the node {NODE}" in told
    assert "sections for /detektor, /robot2/camera." in told
    assert f"name a section '{NODE}', 'detector' or '/**'" in told


def test_a_name_that_ros_does_not_allow_is_no_fault_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "robot.yaml", "/**: {ros__parameters: {a: 1}}")
    assert all(ParamsFile(file).is_for(name) for name in ("/my-detector", "/robot 1/detector"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "sets no parameters: write 'NAME:' or '/**:'"),
        (b"# nothing\n", "sets no parameters"),
        (b"detector:\n  bundle: /x\n", "sets no parameters"),
        (b"ros__parameters:\n  bundle: /x\n", "sets no parameters"),
        (b"hello", "sets no parameters"),
        (b"- a\n- b\n", "sets no parameters"),
        (b"/**:\n\tros__parameters:\n", "is no YAML: while scanning"),
        (b"/**: [\n", "is no YAML"),
        (bytes(range(256)), "is no YAML: "),
        (b"/**: gr\xfcn\n", "is no YAML: "),
    ],
)
def test_what_sets_nothing_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "robot.yaml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="params_file") as caught:
        ParamsFile(file)
    assert f"params_file {file} " + reason in str(caught.value)
    assert "\n" not in str(caught.value)
