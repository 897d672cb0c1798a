"""Networks for tasks that have no bundle, and detectors that are still to be put together.

Read as detections, some of these would seem to work, with classes or boxes that mean nothing.
"""

from __future__ import annotations

from converter.errors import HeadError
from converter.heads.decoding.error_messages import listed
from converter.heads.evidence import Evidence
from converter.heads.unsupported.distributions import find_distributions
from converter.heads.unsupported.finished_rows import find_finished_rows
from converter.heads.unsupported.key_points import find_points
from converter.heads.unsupported.level_lists import find_level_lists
from converter.heads.unsupported.masks import find_masks
from converter.heads.unsupported.raw_maps import find_raw_maps

_KINDS = (
    find_points,
    find_finished_rows,
    find_masks,
    find_distributions,
    find_raw_maps,
    find_level_lists,
)


def refuse_unsupported_tasks(evidence: Evidence) -> None:
    """Refuse outputs that clearly belong to a task that is not supported.

    Raises:
        HeadError: they do; the message names the task, and what to export instead.
    """
    for find in _KINDS:
        found = find(evidence)
        if found:
            raise HeadError(f"this is {found}. The outputs: {listed(evidence)}")
