"""The export as users have it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def quick_exports() -> None:
    """Not here: each export is a process of its own from its start."""
