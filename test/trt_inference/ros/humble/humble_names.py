"""The names that Humble's rclpy and messages have, as ``humble_names.json`` keeps them."""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

FILE = Path(__file__).with_suffix(".json")

# None: a value, a property or a module. A list: the parameters of a function. A text: the name
# that is meant. A dictionary: the bases of a class, and the parameters of its constructor.
Entry = Any
NAMES: Dict[str, Entry] = {}
if FILE.exists():
    NAMES.update(json.loads(FILE.read_text("utf-8"))["names"])


def find(name: str) -> Optional[str]:
    """Where Humble defines a dotted name; None where it does not have it. What follows a value,
    whose type is not known, is taken to be there."""
    name = name[: -len(".__init__")] if name.endswith(".__init__") else name
    if name in NAMES:
        entry = NAMES[name]
        return find(entry) if isinstance(entry, str) else name
    owner, _, member = name.rpartition(".")
    place = find(owner) if owner else None
    if place is None or is_module(place):
        return None
    if isinstance(NAMES[place], dict):
        classes = [place] if place != owner else NAMES[place]["bases"]
        return next(filter(None, (find(f"{one}.{member}") for one in classes)), None)
    return place


def is_module(name: str) -> bool:
    """Whether it is a module or a package that has something."""
    return NAMES[name] is None and any(one.startswith(f"{name}.") for one in NAMES)


def parameters(name: str) -> List[str]:
    """The parameters of a function, or of the constructor of a class; ``*`` and ``**`` stand for
    any number."""
    entry = NAMES[name]
    if not isinstance(entry, dict):
        return ["*", "**"] if entry is None else list(entry)
    bases = [base for base in entry["bases"] if base in NAMES]
    own = [one for one in entry["call"] if one != "**" or not bases]
    if len(own) == len(entry["call"]) and own:
        return own
    return own + [one for base in bases for one in parameters(base)]


def takes(name: str, keywords: Sequence[str], positional: int) -> bool:
    """Whether a call with such arguments is possible."""
    known = parameters(name)
    fits = positional + len(keywords) <= len(known) or "*" in known or "**" in known
    return fits and ("**" in known or set(keywords) <= set(known))
