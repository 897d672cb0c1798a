"""What is compared with what."""

from pathlib import Path

import pytest

from converter.errors import ReplayError
from converter.replay.sides.bundle_side import EngineChoice
from converter.replay.sides.choose_sides import AskedSides, check_asked, choose_sides
from test.color_bundle import offer_precisions, write_color_bundle
from test.task_bundles import write_classification_bundle
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.errors import BundleError

CPU = EngineChoice("onnxruntime")


def bundle(folder: Path, *precisions: str) -> Bundle:
    write_color_bundle(folder)
    offer_precisions(folder, *precisions)
    return load_bundle(folder)


@pytest.fixture
def shapes(tmp_path: Path) -> Bundle:
    return bundle(tmp_path / "shapes", "fp32", "fp16", "int8")


@pytest.fixture
def other(tmp_path: Path) -> Bundle:
    return bundle(tmp_path / "other", "fp32", "int8")


def chosen(asked: AskedSides, has_results: bool = False) -> list[str]:
    check_asked(asked)
    sides = choose_sides(asked, has_results, CPU)
    return [(one and f"{one.bundle.name} {one.precision}") or "recorded" for one in sides]


def test_two_precisions_are_of_baseline_and_candidate(shapes: Bundle, other: Bundle) -> None:
    two = ("fp32", "int8")
    assert chosen(AskedSides(shapes, precisions=two)) == ["shapes fp32", "shapes int8"]
    assert chosen(AskedSides(shapes, other, precisions=two)) == ["other fp32", "shapes int8"]
    assert chosen(AskedSides(shapes, precisions=two), True) == ["shapes fp32", "shapes int8"]


def test_one_precision_is_of_both_bundles(shapes: Bundle, other: Bundle) -> None:
    assert chosen(AskedSides(shapes, other, None, ("int8",))) == ["other int8", "shapes int8"]
    assert chosen(AskedSides(shapes, other), True) == ["other fp32", "shapes fp32"]


def test_results_of_the_robot_are_the_baseline_where_there_are_some(shapes: Bundle) -> None:
    assert chosen(AskedSides(shapes), True) == ["recorded", "shapes fp32"]
    assert chosen(AskedSides(shapes, None, None, ("int8",)), True) == ["recorded", "shapes int8"]
    assert chosen(AskedSides(shapes, None, (), ("int8",)), True) == ["recorded", "shapes int8"]


def test_results_that_are_not_there_are_not_a_baseline(shapes: Bundle, tmp_path: Path) -> None:
    kind = r"no detection results of a robot, which are vision_msgs/msg/Detection2DArray"
    with pytest.raises(ReplayError, match=f"{kind}: leave out --recorded"):
        chosen(AskedSides(shapes, None, ()))
    classes = load_bundle(write_classification_bundle(tmp_path / "classes"))
    kind = r"no classification results of a robot, which are vision_msgs/msg/Classification"
    with pytest.raises(ReplayError, match=f"{kind}: leave out --recorded"):
        chosen(AskedSides(classes, None, ()))


def test_without_anything_else_fp32_is_the_baseline(shapes: Bundle) -> None:
    """On the CPU fp32 is the fastest, and the one after it fp16."""
    assert chosen(AskedSides(shapes)) == ["shapes fp32", "shapes fp16"]
    assert chosen(AskedSides(shapes, precisions=("int8",))) == ["shapes fp32", "shapes int8"]


def test_why_a_precision_was_chosen_is_told_where_it_was_not_asked_for(shapes: Bundle) -> None:
    assert "fastest" in choose_sides(AskedSides(shapes), True, CPU).after.reason
    asked = AskedSides(shapes, precisions=("fp32",))
    assert not choose_sides(asked, True, CPU).after.reason


def test_nothing_to_compare_with_is_refused_with_all_ways_out(tmp_path: Path) -> None:
    alone = bundle(tmp_path / "alone", "fp32")
    ways = "--against.*--precision P Q.*recording that has what the robot published"
    with pytest.raises(ReplayError, match=f"only fp32 that runs on the CPU.*{ways}"):
        chosen(AskedSides(alone))
    with pytest.raises(ReplayError, match=f"nothing to compare fp32 of '.*alone' with.*{ways}"):
        chosen(AskedSides(alone, precisions=("fp32",)))


def test_what_contradicts_itself_is_refused(shapes: Bundle, other: Bundle, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="one or two, and not fp32, fp16, int8"):
        chosen(AskedSides(shapes, precisions=("fp32", "fp16", "int8")))
    with pytest.raises(ReplayError, match="--against and --recorded each name the baseline"):
        chosen(AskedSides(shapes, other, ()))
    with pytest.raises(ReplayError, match=r"with --recorded.*takes one, that of the candidate"):
        chosen(AskedSides(shapes, None, (), ("fp32", "int8")))
    classes = load_bundle(write_classification_bundle(tmp_path / "classes"))
    with pytest.raises(ReplayError, match=r"shapes' is for detection and .*classes' for classif"):
        chosen(AskedSides(shapes, classes))


def test_a_precision_that_a_bundle_lacks_is_refused_with_those_that_it_has(
    shapes: Bundle, other: Bundle
) -> None:
    with pytest.raises(BundleError, match="other has no precision 'fp16': choose one of fp32, int"):
        chosen(AskedSides(shapes, other, precisions=("fp16", "int8")))
