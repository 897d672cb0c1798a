"""The values of launch arguments, and the messages for wrong ones."""

from pathlib import Path
from typing import List

import pytest

from trt_inference.ros.launching.argument_values import (
    amount,
    existing_file,
    is_respawned,
    is_true,
    listed_precisions,
    listed_topics,
    refuse_misspelt,
)

FILE = "/opt/ros/share/trt_inference/launch/detector.launch.py"
KNOWN = ["bundle", "image_topic", "params_file", "namespace"]


@pytest.mark.parametrize(
    ("respawn", "use_respawn", "expected"),
    [
        ("", "", True),
        ("false", "", False),
        ("", "False", False),  # as nav2's launch files write it
        ("", "True", True),
        ("true", "true", True),
        ("0", "false", False),
    ],
)
def test_respawn_has_the_name_of_nav2_too(respawn: str, use_respawn: str, expected: bool) -> None:
    assert is_respawned(respawn, use_respawn) == expected


def test_a_respawn_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="respawn is 'false' and use_respawn is 'true': they mean"):
        is_respawned("false", "true")
    with pytest.raises(ValueError, match="use_respawn is 'yes': it can be true or false"):
        is_respawned("", "yes")


def test_words_and_numbers() -> None:
    assert (is_true("a", "True"), is_true("a", "0")) == (True, False)
    assert amount("respawn_delay", "0.5") == 0.5
    for text in ("", "soon", "-1", "nan", "inf"):
        with pytest.raises(ValueError, match=f"respawn_delay is '{text}': it must be a number"):
            amount("respawn_delay", text)


def test_topics_are_a_list() -> None:
    assert listed_topics("[/front/image, rear/image]") == ["/front/image", "rear/image"]
    for text in ("", "/front/image", "[1, 2]", "[/front", "{a: b}"):
        with pytest.raises(ValueError, match=r"write it as \[/front/image, /rear/image\]"):
            listed_topics(text)


def test_precisions_are_a_list_of_different_ones() -> None:
    assert listed_precisions("[fp32, int8]") == ["fp32", "int8"]
    for text in ("", "fp32", "[fp32]", "[int8, int8]", "[[fp32], [int8]]", "[fp32, 8]", "[fp32"):
        with pytest.raises(ValueError, match=r"write two different ones as \[fp32, int8\]"):
            listed_precisions(text)


def test_a_file_must_be_one(tmp_path: Path) -> None:
    file = tmp_path / "robot.yaml"
    file.touch()
    assert existing_file("params_file", str(file)) == file
    with pytest.raises(FileNotFoundError, match=r"params_file: .* is a folder: give a file"):
        existing_file("params_file", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"no file /a\\x0aERROR"):
        existing_file("params_file", "/a\nERROR")
    for other in ("/dev/null", "~nosuchuser/robot.yaml"):
        with pytest.raises(FileNotFoundError, match=f"params_file: there is no file .*{other}"):
            existing_file("params_file", other)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["detector.launch.py", "bundel:=/b"], "no argument 'bundel': did you mean 'bundle'?"),
        (["/x/detector.launch.xml", "param_file:=/b"], "did you mean 'params_file'?"),
        (["detector.launch.yaml", "image_topics:=[]"], "did you mean 'image_topic'?"),
        (["detector.launch.py", "hot_swap:=true"], "'hot_swap': it is a parameter of the node, "),
        (["detector.launch.py", "score_threshold:=0.5"], "given as params_file:=FILE"),
    ],
)
def test_a_misspelt_argument_is_named(words: List[str], told: str) -> None:
    with pytest.raises(ValueError) as caught:
        refuse_misspelt(FILE, ["ros2", "launch", "trt_inference", *words], KNOWN)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        ["detector.launch.py", "bundle:=/b", "namespace:=a"],
        ["detector.launch.py", "sigterm_timeout:=30"],  # the launch system's own
        ["robot.launch.py", "bundel:=/b"],  # which includes ours
    ],
)
def test_other_arguments_are_nobodys_business(words: List[str]) -> None:
    refuse_misspelt(FILE, ["ros2", "launch", "trt_inference", *words], KNOWN)
