"""What is usual of the rows of YOLO, and is not shown by their values."""

from __future__ import annotations

from converter.heads.evidence import HeadOptions
from converter.heads.yolo.layout import Layout

# Begins the reason for a layout that was chosen because it is that of published models.
TAKEN = "taken as"


def assumed_of_rows(
    layout: Layout, why: str, activation: str, options: HeadOptions
) -> tuple[str, ...]:
    """What was assumed of a layout that was chosen for the reason ``why``, as ``Recognised`` has
    it."""
    found = []
    if why.startswith(TAKEN):
        presence = "with" if layout.objectness else "without"
        found.append(f"rows are {presence} an objectness: --labels or --head changes it")
    if options.box_format == "auto":
        found.append("boxes are centres with sides, as usual in YOLO: --box-format changes it")
    if options.activation == "auto" and activation != "none":
        found.append(f"scores are logits for a {activation}: --activation changes it")
    return tuple(found)
