"""How a server does, in words and figures for people."""

import math
from typing import Dict, List, NamedTuple, Optional

from trt_inference.engines.base import EngineStatus
from trt_inference.engines.server_options import NONE, ServerOptions
from trt_inference.engines.triton.breaker import Opening
from trt_inference.engines.triton.client.served_model import ServedModel
from trt_inference.engines.triton.failures import FAILURE_KINDS
from trt_inference.engines.triton.server_counts import ROUND_TRIP, ServerTimes
from trt_inference.engines.triton.server_state import ServerState
from trt_inference.printable import printable, shortened
from trt_inference.timing import StageClock

STATUS_NAME = "server"
_UNKNOWN = "unknown"


class _Snapshot(NamedTuple):
    """Of the state, taken at one moment. While the breaker is open, nothing is known of the model
    and of its times: what was known is of a server that may be another one by now."""

    served: Optional[ServedModel]
    clock: Optional[StageClock]
    opening: Optional[Opening]
    open_seconds: float
    probes: int
    good_probes: int
    by_server: int
    by_this_machine: int
    lost: int
    failures: Dict[str, int]
    sent: int
    received: int
    times: ServerTimes


class ServerReport:
    """Makes the status of an engine. Used by one thread."""

    def __init__(self, state: ServerState, server: ServerOptions) -> None:
        self._state = state
        self._server = server
        self._told: Dict[str, int] = dict.fromkeys(FAILURE_KINDS, 0)

    def status(self, answered_by: str) -> EngineStatus:
        """Values since the engine was opened; the problem is of now and since the last call.

        Args:
            answered_by: who gave the last results.
        """
        found = _take(self._state)
        new = {kind: found.failures[kind] - self._told[kind] for kind in FAILURE_KINDS}
        self._told = found.failures
        values = {
            "answered by": answered_by,
            "breaker": _breaker(found),
            **self._model(found.served),
            "images by the server": str(found.by_server),
            "images by this machine": str(found.by_this_machine),
            "images lost": str(found.lost),
            **_times(found),
            "bytes sent an image": _share(found.sent, found.by_server),
            "bytes received an image": _share(found.received, found.by_server),
            **{f"failures: {kind}": str(count) for kind, count in found.failures.items()},
        }
        is_failing = found.opening is not None and self._server.fallback == NONE
        return EngineStatus(STATUS_NAME, values, _problem(found, new), is_failing)

    def _model(self, served: Optional[ServedModel]) -> Dict[str, str]:
        url = printable(shortened(self._server.url))
        if served is None:
            return {"server": url, "model": _UNKNOWN, "version": _UNKNOWN, "precision": _UNKNOWN}
        return {
            "server": f"{served.server} at {url}",
            "model": served.name,
            "version": str(served.version),
            "precision": served.precision,
        }


def _take(state: ServerState) -> _Snapshot:
    with state.lock:
        breaker, counts, model = state.breaker, state.counts, state.model
        opening = breaker.opening
        used = model if opening is None else None
        return _Snapshot(
            served=None if used is None else used.served,
            clock=None if used is None else counts.clock,
            opening=opening,
            open_seconds=0.0 if opening is None else state.clock() - opening.at,
            probes=breaker.probes,
            good_probes=breaker.good_probes,
            by_server=counts.by_server,
            by_this_machine=counts.by_this_machine,
            lost=counts.lost,
            failures=dict(counts.failures),
            sent=counts.sent,
            received=counts.received,
            times=ServerTimes() if used is None else state.times,
        )


def _times(found: _Snapshot) -> Dict[str, str]:
    percentiles = {} if found.clock is None else found.clock.percentiles()
    round_trip, times = percentiles.get(ROUND_TRIP), found.times
    return {
        "round trip p50 ms": _figure(round_trip.p50 if round_trip else math.nan),
        "round trip p95 ms": _figure(round_trip.p95 if round_trip else math.nan),
        "server queue ms": _figure(times.queue_ms),
        "server compute ms": _figure(times.compute_ms),
        "server batch": _figure(times.batch),
    }


def _breaker(found: _Snapshot) -> str:
    if found.opening is None:
        return "closed"
    probes = f"{found.probes} probe{'' if found.probes == 1 else 's'}"
    return f"open for {found.open_seconds:.0f} s, {probes}, {found.good_probes} good in a row"


def _problem(found: _Snapshot, new: Dict[str, int]) -> str:
    if found.opening is not None:
        return found.opening.reason
    parts: List[str] = [f"{count} {kind}" for kind, count in new.items() if count]
    return f"runs without an answer of the server: {', '.join(parts)}" if parts else ""


def _figure(value: float) -> str:
    return _UNKNOWN if math.isnan(value) else f"{value:.2f}"


def _share(total: int, count: int) -> str:
    return str(round(total / count)) if count else _UNKNOWN
