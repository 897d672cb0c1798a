"""The page on tuning names parameters that the node has, with their defaults, and values that it
takes."""

import re
from typing import Any, Dict, Iterator, Tuple

import pytest
import yaml

from test.test_architecture import ROOT
from trt_inference.ros.parameters.table import SPECS_BY_NAME

PAGES = ("docs/tuning.md", "docs/jetson.md")
TABLE = re.compile(r"^\| parameter \| default \|[^\n]*\n((?:\|[^\n]*\n)+)", re.MULTILINE)
IN_CODE = re.compile(r"`([^`\n]+)`")
SETTING = re.compile(r"([a-z]+(?:_[a-z]+)*): (.+)")


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def defaults_of_the_page() -> Dict[str, Any]:
    """Each parameter in the table, with the default beside it."""
    (table,) = TABLE.findall(text_of("docs/tuning.md"))
    found = {}
    for line in table.splitlines()[1:]:
        names, default = (IN_CODE.findall(cell) for cell in line.split("|")[1:3])
        found.update({name: yaml.safe_load(default[0]) if default else None for name in names})
    return found


def settings(page: str) -> Iterator[Tuple[str, Any]]:
    """Each ``name: value`` in a sentence."""
    for code in IN_CODE.findall(text_of(page)):
        found = SETTING.fullmatch(code)
        if found is not None:
            yield found.group(1), yaml.safe_load(found.group(2))


def test_the_defaults_on_the_page_are_those_of_the_node() -> None:
    stated = defaults_of_the_page()
    assert len(stated) > 10
    assert stated == {name: SPECS_BY_NAME[name].default for name in stated}


def test_parameters_that_are_explained_are_in_the_table() -> None:
    assert {name for name, _ in settings("docs/tuning.md")} <= set(defaults_of_the_page())


@pytest.mark.parametrize("page", PAGES)
def test_the_node_takes_the_values_on_the_page(page: str) -> None:
    found = list(settings(page))
    assert found
    for name, value in found:
        spec = SPECS_BY_NAME[name]
        assert spec.reason_against(value) == spec.out_of_range(value) == "", (name, value)
        if spec.default is not None:
            assert type(value) is type(spec.default), (name, value)
