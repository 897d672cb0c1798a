"""What each TensorRT is said to refuse, against the table of facts: models and verdicts that were
read in the sources of the parsers by themselves, and in part tried on TensorRT."""

from __future__ import annotations

import pytest

from converter.compatibility.refusals import find_refusals
from test.tensorrt_facts import FACTS, ROWS, Fact
from test.tensorrt_facts.fact import within
from trt_inference.bundles.tensorrt_versions import VERSIONS

BEFORE_BYTES = ("8.0", "8.2", "8.4")
BY_BUILDER = "the engine builder makes float32 and int32 of uint8 before TensorRT gets it"
# Where the converter tells something else than the parser does, on purpose: versions, and why.
DIFFERENT: dict[str, tuple[tuple[str, ...], str]] = {
    "suppression": (
        BEFORE_BYTES,
        "these pad the boxes that they give to a fixed number, which ONNX does not",
    ),
    "uint8 input that is cast": (BEFORE_BYTES, BY_BUILDER),
    "uint8 output of a cast": (BEFORE_BYTES, BY_BUILDER),
    "uint8 output of integers": (BEFORE_BYTES, BY_BUILDER),
    "uint8 within": (BEFORE_BYTES, BY_BUILDER),
    "uint8 input that is transposed": (
        BEFORE_BYTES,
        "the engine builder refuses it, and `check` tells so by the engine builder's own search",
    ),
}


def refusing(fact: Fact) -> set[str]:
    """The versions that refuse a model, by the converter."""
    return {version for one in find_refusals(fact.make()) for version in one.lacking}


def expected(fact: Fact, version: str) -> bool | None:
    """Whether a version refuses it, or reads it as something else; None where it is not known."""
    taken = fact.is_taken(ROWS[version])
    return None if taken is None else not taken or within(ROWS[version], fact.misread)


def test_the_facts_are_about_the_versions_of_the_converter() -> None:
    assert tuple(ROWS) == VERSIONS


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_model_is_refused_by_those_that_refuse_it(fact: Fact) -> None:
    """Those that are not known are left out."""
    known = [version for version in VERSIONS if expected(fact, version) is not None]
    wanted = {version for version in known if expected(fact, version)}
    different, _ = DIFFERENT.get(fact.name, ((), ""))
    assert refusing(fact) & set(known) == wanted ^ set(different)


def test_the_differences_are_about_facts() -> None:
    assert set(DIFFERENT) <= {fact.name for fact in FACTS}
