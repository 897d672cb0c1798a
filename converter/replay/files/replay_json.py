"""The figures of a replay for programs, as ``replay.schema.json`` defines them."""

import dataclasses
import json
import math
from typing import Any

from converter.replay.results.replay_results import ClassTally, ReplayResults, WorstImage
from converter.replay.results.replay_verdict import replay_verdict

# Of the file. It is raised where a program that knows this one would read something wrong.
REPLAY_SCHEMA_VERSION = 1
_EXACT = 2.0**53  # whole floats below are as exact as integers


def replay_json(results: ReplayResults) -> str:
    """A JSON text that ends its last line. Numbers are finite: what is not is ``null``. Names are
    as they are in bag and bundle; characters beyond ASCII are escaped."""
    content = {
        "schema_version": REPLAY_SCHEMA_VERSION,
        "task": results.task,
        "bags": results.bags,
        "baseline": dataclasses.asdict(results.before),
        "candidate": dataclasses.asdict(results.after),
        "verdict": _verdict(results),
        "images": {"compared": results.compared, "differing": results.differing},
        "topics": [one._asdict() for one in results.topics],
        "total": _tally(results.total),
        "classes": [_tally(one) for one in results.classes],
        "timeline": [_renamed(one._asdict()) for one in results.timeline],
        "worst": [_worst(one) for one in results.worst],
        "skipped": [one._asdict() for one in results.skipped],
        "problems": results.problems,
        "notes": results.notes,
        "accuracy": _accuracy(results),
        "speed": _speed(results),
    }
    return json.dumps(_for_json(content), indent=1, allow_nan=False) + "\n"


def _verdict(results: ReplayResults) -> dict[str, Any]:
    verdict = replay_verdict(results)
    return {
        "passed": not results.judgement.failures,
        "headline": verdict.headline,
        "failures": results.judgement.failures,
        "kept": results.judgement.kept,
        "cautions": verdict.cautions,
    }


def _tally(tally: ClassTally) -> dict[str, Any]:
    return {
        **_renamed(dataclasses.asdict(tally)),
        "lost_share": tally.lost_share,
        "new_share": tally.new_share,
    }


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    """With the names of the sides that users know."""
    names = {"before": "baseline", "after": "candidate"}
    return {names.get(name, name): value for name, value in values.items()}


def _worst(one: WorstImage) -> dict[str, Any]:
    values = dataclasses.asdict(one)
    return {name: value for name, value in values.items() if name not in ("pictures", "captions")}


def _accuracy(results: ReplayResults) -> dict[str, Any] | None:
    if results.accuracy is None:
        return None
    before, after = results.accuracy
    return {"images": results.labelled, "baseline": before.figures, "candidate": after.figures}


def _speed(results: ReplayResults) -> dict[str, Any]:
    speed = results.speed
    return {
        "images_per_second": speed.replay,
        "engines_alone": speed.bare,
        "share": speed.share,
        "stages_ms": dict(speed.stages),
    }


def _for_json(value: Any) -> Any:
    """The same with ``None`` for what JSON has no number for, whole numbers as such, and texts that
    are UTF-8."""
    if isinstance(value, dict):
        return {str(name): _for_json(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_json(one) for one in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, str):  # a file's name may have bytes that are no UTF-8
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
