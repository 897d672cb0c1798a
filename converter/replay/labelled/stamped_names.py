"""Names of extracted images: the stamp that a file name ends in, and the topic before it.

Tools that take images out of recordings have no common way to name them, but all put the stamp of
the image at the end of the name, and the topic, if at all, before it.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

# What is at the end of a name after the stamp: an extension, with what Roboflow makes of one.
_EXTENSION = re.compile(r"(_[A-Za-z]+\.rf\.[0-9A-Za-z]+)?(\.[A-Za-z][0-9A-Za-z]{0,5})?$")
_SECONDS = re.compile(r"(?:(?<=/)-|^-|(?<![0-9]))([0-9]{1,10})([._-])([0-9]{1,9})$")
_WHOLE = re.compile(r"(?<![0-9])([0-9]{10,19})$")
_NOT_IN_WORDS = re.compile(r"[^0-9A-Za-z]+")
_LONGEST = 1000  # characters; no file has a longer name
# A number of seconds with fewer than nine decimals went through a float, which is this coarse, or
# was rounded to milliseconds; other decimals are those of which the zeros at the end were dropped.
_MICROSECOND = 1000
_MILLISECOND = 10**6


# How well a topic fits: in which way, whether by its own name, how much of the prefix it explains.
_Fit = tuple[int, bool, int]
_NO_FIT: _Fit = (0, False, 0)


class StampedName(NamedTuple):
    """What a file name tells of the image.

    Attributes:
        prefix: what stands before the stamp.
        exact: stamps in nanoseconds, one of which the image has, where the name is exact.
        unit: nanoseconds to which a stamp was rounded or cut off; 0 where there is none.
        rounded: that stamp, as a multiple of ``unit``.
    """

    prefix: str
    exact: tuple[int, ...]
    unit: int = 0
    rounded: int = 0


def read_stamped_name(name: str) -> StampedName | None:
    """The stamp in a file name; None where it ends in none.

    Seconds and nanoseconds are ``1764.000000001``, ``1764_1`` or ``1764-1``, fewer than nine digits
    after a point may be decimals too, and 10 to 19 digits are nanoseconds, 16 also microseconds.
    """
    if len(name) > _LONGEST:
        return None
    name = _EXTENSION.sub("", name, count=1)
    found = _SECONDS.search(name)
    if found:
        return _of_seconds(name, found)
    found = _WHOLE.search(name)
    if not found:
        return None
    digits = found.group(1)
    prefix, number = name[: found.start()], int(digits)
    if len(digits) == 16:
        return StampedName(prefix, (number,), _MICROSECOND, number)
    return StampedName(prefix, (number,))


def _of_seconds(name: str, found: re.Match[str]) -> StampedName:
    seconds, separator, fraction = found.groups()
    sign = -1 if found.group().startswith("-") else 1
    # Without the zeros before them that a number of nanoseconds should have.
    exact = sign * (int(seconds) * 10**9 + int(fraction))
    prefix = name[: found.start()]
    if separator != "." or len(fraction) == 9:
        return StampedName(prefix, (exact,))
    stamp = sign * (int(seconds) * 10**9 + int(fraction.ljust(9, "0")))
    unit = _MILLISECOND if len(fraction) == 3 else _MICROSECOND
    unpadded = () if fraction.startswith("0") else (exact,)
    return StampedName(prefix, unpadded, unit, stamp // unit)


def named_topics(prefix: str, topics: Sequence[str]) -> tuple[str, ...]:
    """The topics that what stands before the stamp may mean: that of this name, ``/`` being as good
    as ``_``; else those that it ends in; else those that end in it.

    Returns:
        All of ``topics`` where it names none, as in ``train/``; none of them where it names another
        topic, as the same kind of image of another camera.
    """
    fits = {topic: _fit(prefix, topic) for topic in topics}
    best = max(fits.values(), default=_NO_FIT)
    if best > _NO_FIT:
        return tuple(topic for topic, fit in fits.items() if fit == best)
    words = _words(prefix)
    kinds = {_words(topic.rpartition("/")[2]) for topic in topics}
    if any(kind and words.endswith(f"_{kind}") for kind in kinds):
        return ()
    return tuple(topics)


def _fit(prefix: str, topic: str) -> _Fit:
    """How well a topic fits. One of compressed images may go by the name of the raw ones."""
    raw = topic.removesuffix("/compressed")
    return max(_fit_of_name(prefix, topic, True), _fit_of_name(prefix, raw, raw == topic))


def _fit_of_name(prefix: str, name: str, is_full: bool) -> _Fit:
    words, wanted = _words(prefix), _words(name)
    if not words or not wanted:
        return _NO_FIT
    if prefix.strip("/") == name.strip("/"):
        return 4, is_full, 0
    if words == wanted:
        return 3, is_full, 0
    if words.endswith(f"_{wanted}"):
        return 2, is_full, len(wanted)
    return (1, is_full, 0) if wanted.endswith(f"_{words}") else _NO_FIT


def _words(text: str) -> str:
    return _NOT_IN_WORDS.sub("_", text).strip("_").lower()
