"""Compares the facts with the TensorRT that is installed: ``python -m test.tensorrt_facts.run``.

It needs a GPU, numpy and onnx. It prints a line for each fact, with the parser's own words where it
refuses, and at last those that differ; then it ends with 1.
"""

import argparse
import sys
from typing import Any, Dict, List, NamedTuple, Optional

from test.tensorrt_facts import FACTS, Fact
from test.tensorrt_facts.fact import PARSER
from test.tensorrt_facts.parsing import Worker, workers


class Outcome(NamedTuple):
    """One fact on one version."""

    fact: Fact
    expected: Optional[bool]  # None where the sources do not tell
    found: str
    text: str

    @property
    def differs(self) -> bool:
        """Whether the sources told something else."""
        return self.expected is not None and self.found != word(self.expected)

    def __str__(self) -> str:
        expected = "?" if self.expected is None else word(self.expected)
        verdict = "DIFFERS" if self.differs else "agrees"
        text = "".join(f"\n        {line}" for line in self.text.splitlines()[:6])
        return f"{verdict:8} {self.fact.name}: {expected} by the sources, {self.found}{text}"


def word(taken: bool) -> str:
    """As the tables say it."""
    return "taken" if taken else "refused"


def installed_version() -> str:
    """Of TensorRT, as ``8.6.0``."""
    import tensorrt

    return str(tensorrt.__version__)


def compare(
    number: int, version: str, parsers: Dict[bool, Worker], build: bool = False
) -> List[Outcome]:
    """The fact with that number, on the installed ``version``.

    Args:
        build: build it as well where the builder may be who refuses, or the sources do not tell.
    """
    fact = FACTS[number]
    building = build and (fact.by != PARSER or fact.is_taken(version) is None)
    needs_plugins = fact.needs_plugins(version)
    outcomes = [_outcome(fact, version, parsers[needs_plugins](number, building))]
    if needs_plugins:
        without = parsers[False](number)
        outcomes.append(_outcome(fact, version, without)._replace(expected=False))
    return outcomes


def _outcome(fact: Fact, version: str, answer: Dict[str, Any]) -> Outcome:
    if answer.get("crashed"):
        return Outcome(fact, fact.is_parsed(version), "crashed", answer["text"])
    if answer["built"] is not None:
        expected, taken = fact.is_taken(version), answer["built"]
    else:
        expected, taken = fact.is_parsed(version), answer["parsed"]
    return Outcome(fact, expected, word(taken), answer["text"])


def main(arguments: Optional[List[str]] = None) -> int:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--build", action="store_true", help="build where the builder may refuse")
    options.add_argument("--only", default="", help="facts with this in their name")
    given = options.parse_args(arguments)
    version = installed_version()
    outcomes: List[Outcome] = []
    with workers() as parsers:
        for number, fact in enumerate(FACTS):
            if given.only in fact.name:
                outcomes += compare(number, version, parsers, given.build)
                print(outcomes[-1], flush=True)
    different = [outcome for outcome in outcomes if outcome.differs]
    print(f"\nTensorRT {version}: {len(outcomes)} compared, {len(different)} differ")
    for outcome in different:
        print(outcome)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
