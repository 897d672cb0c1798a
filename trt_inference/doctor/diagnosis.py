"""What the doctor reports: one line for each thing that it looked at."""

from typing import NamedTuple

# The levels, from good to bad.
IS_OK, IS_CAUTION, IS_ERROR = "ok", "caution", "error"
DIAGNOSIS_LEVELS = (IS_OK, IS_CAUTION, IS_ERROR)


class Diagnosis(NamedTuple):
    """One line.

    Attributes:
        subject: what was looked at, as ``NumPy and OpenCV``.
        level: ``ok``, ``caution`` where something may go wrong or be slow, or ``error`` where
            something cannot run until it is mended.
        text: what was found, with the values.
        remedy: what to do, as a sentence or a command; empty where nothing has to be done.
        fault: the name of a known fault for programs, as ``numpy-2-over-opencv``; empty where
            the level is ``ok``.
    """

    subject: str
    level: str
    text: str
    remedy: str = ""
    fault: str = ""


def ok(subject: str, text: str) -> Diagnosis:
    """A diagnosis that nothing has to be done about."""
    return Diagnosis(subject, IS_OK, text)


def caution(subject: str, fault: str, text: str, remedy: str) -> Diagnosis:
    """A diagnosis that something may go wrong or be slow."""
    return Diagnosis(subject, IS_CAUTION, text, remedy, fault)


def error(subject: str, fault: str, text: str, remedy: str) -> Diagnosis:
    """A diagnosis that something cannot run until it is mended."""
    return Diagnosis(subject, IS_ERROR, text, remedy, fault)
