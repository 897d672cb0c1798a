"""A family of heads, and where families register themselves.

Each folder of ``converter.heads`` that has a module ``recognise`` with a ``FAMILY`` is a family:
nothing else lists them.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import converter.heads
from converter.heads.evidence import Evidence, Recognised
from trt_inference.discovery import registered_modules


@dataclass(frozen=True)
class Family:
    """What the choice of a head needs to know about a family.

    Attributes:
        rank: families are tried from the lowest rank to the highest: what names tell comes before
            what shapes tell, and of two families that may own an output, the one that demands more
            of it comes first. The ranks of the families in the tree are multiples of five.
        heads: names for ``--head``, each with the outputs that it expects.
        recognise: returns the recognised head, or None where the outputs are not of this family.
            Raises HeadError where they are ambiguous.
    """

    rank: int
    heads: Mapping[str, str]
    recognise: Callable[[Evidence], Recognised | None]


@functools.cache
def find_families() -> tuple[Family, ...]:
    """Every family in ``converter.heads``, in the order of trial."""
    modules = registered_modules(converter.heads, "recognise")
    found: list[Family] = [importlib.import_module(module).FAMILY for module in modules]
    return tuple(sorted(found, key=lambda family: family.rank))


def find_family(head: str) -> Family:
    """The family of a name for ``--head``.

    Raises:
        KeyError: no family has that name.
    """
    return {name: family for family in find_families() for name in family.heads}[head]
