"""What the package offers by its own name, as its docstring shows it."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Dict

import cv2
import numpy as np
import pytest

import trt_inference
from test.color_bundle import LABELS, picture, write_color_bundle
from trt_inference import Detections, Detector, load_bundle

ROOT = Path(__file__).parents[2]
# They belong to one backend, or to ROS: a program that only reads a bundle needs none of them.
HEAVY = ("onnxruntime", "tensorrt", "pycuda", "rclpy", "sensor_msgs", "tensorflow", "onnx")


def lines_of_use() -> str:
    """The indented part of the docstring."""
    lines = (trt_inference.__doc__ or "").splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.startswith("    ")))


def test_the_five_lines_of_the_docstring_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_color_bundle(tmp_path / "shapes")
    monkeypatch.chdir(tmp_path)
    # jpeg changes the colors at the edges, and more so where they are fine.
    cv2.imwrite("street.jpg", picture("red", (2, 3), scale=8))
    names: Dict[str, object] = {}
    code = lines_of_use()
    assert len(code.splitlines()) == 5
    exec(code, names)
    found = names["found"]
    assert isinstance(found, Detections)
    assert [LABELS[number] for number in found.class_ids] == ["red"]
    np.testing.assert_allclose(found.xyxy, [[192, 128, 256, 192]], atol=1)
    assert capsys.readouterr().out.startswith("['red'] [")


def test_the_names_are_those_of_the_modules_that_define_them() -> None:
    assert sorted(trt_inference.__all__) == ["Detections", "Detector", "load_bundle"]
    assert Detector.__module__ == "trt_inference.inference.detector"
    assert Detections.__module__ == "trt_inference.inference.detections"
    assert load_bundle.__module__ == "trt_inference.bundles.bundle"


def test_names_that_nobody_has_used_yet_are_completed_and_in_the_help() -> None:
    """Where a name was used, it is in any case: so in a process of its own."""
    code = (
        "import pydoc, sys, trt_inference\n"
        "print(set(trt_inference.__all__) <= set(dir(trt_inference)), 'numpy' in sys.modules)\n"
        "print(pydoc.render_doc(trt_inference, renderer=pydoc.plaintext))"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, universal_newlines=True)
    assert shown.startswith("True False\n")
    assert "class Detector(" in shown
    assert "load_bundle(" in shown


def test_importing_the_package_imports_no_backend_and_no_ros() -> None:
    code = f"import sys, trt_inference; print(sorted(set({HEAVY}) & set(sys.modules)))"
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, universal_newlines=True)
    assert shown == "[]\n"
