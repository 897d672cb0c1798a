"""The rules that hold for all parts of the doctor, read from its source."""

import ast
import re
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Set

import pytest

from test.needs import PYTHON_IS_OF_WORKSTATIONS
from test.trt_inference.doctor.fake_machine import ROOT

DOCTOR = ROOT / "trt_inference" / "doctor"
TESTS = Path(__file__).parent
MODULES = sorted(DOCTOR.rglob("*.py"))
PAGE = ROOT / "docs" / "doctor.md"


def calls(name: str) -> Iterator[ast.Call]:
    """All calls of a function in the doctor."""
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield node


def text_of(node: ast.AST) -> str:
    """The text that a literal is; empty where it is none."""
    return str(ast.literal_eval(node)) if isinstance(node, ast.Constant) else ""


def levels_by_fault() -> Dict[str, Set[str]]:
    """Each fault that the code can give, with its levels."""
    found: Dict[str, Set[str]] = {}
    for level in ("caution", "error"):
        for call in calls(level):
            found.setdefault(text_of(call.args[1]), set()).add(level)
    return found


needs_new_syntax = pytest.mark.skipif(
    not PYTHON_IS_OF_WORKSTATIONS, reason="literals have another type before Python 3.8"
)


@needs_new_syntax
def test_each_fault_is_a_name_that_says_what_is_wrong() -> None:
    names = levels_by_fault()
    assert len(names) >= 20
    assert [name for name in names if not re.match("[a-z0-9]+(-[a-z0-9]+)+$", name)] == []


@needs_new_syntax
def test_each_fault_is_injected_in_a_test() -> None:
    tested = "".join(file.read_text("utf-8") for file in TESTS.rglob("test_*.py"))
    assert [name for name in sorted(levels_by_fault()) if f'"{name}"' not in tested] == []


def rows() -> Dict[str, List[str]]:
    """The columns of each fault in the documentation."""
    lines = PAGE.read_text("utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return {row[0].strip("`"): row[1:] for row in table if row[0].startswith("`")}


@needs_new_syntax
def test_each_fault_is_documented_with_its_level_and_no_other_is() -> None:
    documented = {name: set(row[0].split(" or ")) for name, row in rows().items()}
    assert documented == levels_by_fault()
    assert [name for name, row in rows().items() if len(row) != 3 or not all(row)] == []


def test_nothing_but_probes_needs_a_library() -> None:
    """Nor the dataclasses that Python 3.6 lacks: the doctor tells that they are missing."""
    known = {"trt_inference"} | set(getattr(sys, "stdlib_module_names", ()))
    files = [file for file in MODULES if not file.name.startswith("probe_")]
    for file in (*files, ROOT / "trt_inference" / "tools" / "doctor.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names: List[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            for name in names:
                package = name.partition(".")[0]
                assert package != "dataclasses", file
                assert package in known or not PYTHON_IS_OF_WORKSTATIONS, file
