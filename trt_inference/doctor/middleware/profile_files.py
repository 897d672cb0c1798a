"""Reads the files with which Fast DDS and Cyclone DDS are set."""

import os
import re
from typing import List, NamedTuple, Optional
from urllib.parse import unquote
from xml.etree import ElementTree

from trt_inference.doctor.host import Host

FAST_DDS_PROFILE, CYCLONE_PROFILE = "Fast DDS", "Cyclone DDS"
_KINDS = {"profiles": FAST_DDS_PROFILE, "dds": FAST_DDS_PROFILE, "CycloneDDS": CYCLONE_PROFILE}


class Profile(NamedTuple):
    """What a file contains.

    Attributes:
        problem: why it cannot be used, to follow its name: ``does not exist``. Empty: it can.
        middleware: that it is for; empty: none that is known.
        is_default: a profile of Fast DDS that nodes take without being told its name.
        is_missing: there is no such file.
        has_udp: it has a transport for other machines.
        segment: bytes of shared memory of a process, where the file sets it.
    """

    problem: str = ""
    middleware: str = ""
    is_default: bool = False
    is_missing: bool = False
    has_udp: bool = False
    segment: Optional[int] = None


def read_profile(host: Host, path: str) -> Profile:
    """The profile in a file, which the middleware would look for below the current folder where
    its path is relative."""
    absolute = path if os.path.isabs(path) else os.path.join(_working_folder(), path)
    if not host.exists(absolute):
        return Profile(
            f"does not exist, or may not be read by this user{_hint(path)}", is_missing=True
        )
    if not host.is_file(absolute):
        return Profile("is not a file")
    text = host.text(absolute)
    if text is None:
        return Profile("cannot be read")
    return parse_profile(text)


def parse_profile(text: str) -> Profile:
    """The profile that a text contains."""
    if "<!ENTITY" in text:  # no profile needs any, and they can grow without bounds
        return Profile("defines entities, and is not read for that reason")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        return Profile(f"is not valid XML ({error})")
    middleware = _KINDS.get(_tag(root), "")
    if not middleware:
        return Profile(f"is no profile: it begins with <{_tag(root)}>")
    participants = [one for one in root.iter() if _tag(one) == "participant"]
    is_default = any(one.get("is_default_profile") == "true" for one in participants)
    sizes = [one.text or "" for one in root.iter() if _tag(one) == "segment_size"]
    numbers = [int(size) for size in sizes if re.match(r"\s*\d{1,18}\s*$", size)]
    types = [(one.text or "").strip() for one in root.iter() if _tag(one) == "type"]
    return Profile(
        middleware=middleware,
        is_default=is_default,
        has_udp=any(type_name.startswith(("UDP", "TCP")) for type_name in types),
        segment=max(numbers) if numbers else None,
    )


def cyclone_parts(value: str) -> List[str]:
    """The parts of CYCLONEDDS_URI: paths, and XML that begins with ``<``."""
    if value.lstrip().startswith("<"):
        return [value.strip()]
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return [unquote(part[7:]) if part.startswith("file://") else part for part in parts]


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it has been removed
        return ""


def _hint(path: str) -> str:
    if path.startswith("file:"):  # tried with Fast DDS 3
        return ": Fast DDS takes a path, without file://"
    return ": ~ is not replaced here" if path.startswith("~") else ""


def _tag(element: ElementTree.Element) -> str:
    """Its name without the namespace."""
    return str(element.tag).rpartition("}")[2]
