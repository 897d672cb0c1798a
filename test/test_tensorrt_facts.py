"""The facts about TensorRT's parsers: that they are well-formed, and that parsers agree."""

from typing import Any, Dict, Iterator

import onnx
import pytest

from test.tensorrt_facts import FACTS, ROWS
from test.tensorrt_facts.fact import Fact, within
from test.tensorrt_facts.parsing import Worker, workers
from test.tensorrt_facts.run import compare, installed_version

NUMBERS = [pytest.param(number, id=fact.name) for number, fact in enumerate(FACTS)]


@pytest.fixture(scope="module")
def parsers() -> Iterator[Dict[bool, Worker]]:
    """Processes with the TensorRT that is installed."""
    with workers() as both:
        yield both


@pytest.mark.gpu
@pytest.mark.parametrize("number", NUMBERS)
def test_the_installed_parser_agrees(number: int, parsers: Dict[bool, Worker]) -> None:
    outcomes = compare(number, installed_version(), parsers, build=True)
    different = [str(outcome) for outcome in outcomes if outcome.differs]
    assert not different, "\n".join(different)


def opset_of(model: Any) -> int:
    return next(one.version for one in model.opset_import if one.domain == "")


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact.name) for fact in FACTS])
def test_models_are_valid(fact: Fact) -> None:
    model = fact.make()
    if opset_of(model) > onnx.defs.onnx_opset_version():
        pytest.skip("the onnx that is installed does not know this opset")
    onnx.checker.check_model(model)


def test_names_tell_facts_apart() -> None:
    assert len({fact.name for fact in FACTS}) == len(FACTS)


def test_each_version_takes_some_and_refuses_some() -> None:
    for version in ROWS.values():
        verdicts = [fact.is_taken(version) for fact in FACTS]
        assert verdicts.count(True) > 40
        assert verdicts.count(False) > 40


def test_what_is_misread_is_taken() -> None:
    for fact in FACTS:
        for version in ROWS.values():
            assert not within(version, fact.misread) or fact.is_taken(version) is not False


@pytest.mark.parametrize(
    ("version", "ranges", "inside"),
    [
        ("8.6.1", "all", True),
        ("8.6.1", "none", False),
        ("8.6.1", "8.6-", True),
        ("8.6.0", "8.6.1-", False),
        ("8.4.3", "8.0-8.4", True),
        ("8.5.1", "8.0-8.4", False),
        ("10.13.3.9", "8.0-8.4, 10.0-", True),
        ("9.3", "8.0-8.4, 10.0-", False),
        ("8.0.1", "8.0", True),
        ("10.3.0", "10.13-", False),
    ],
)
def test_ranges(version: str, ranges: str, inside: bool) -> None:
    assert within(version, ranges) is inside
