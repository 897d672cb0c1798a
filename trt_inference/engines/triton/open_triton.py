"""Open an engine for a server, with the local one beside it."""

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Optional, Tuple

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.engines.backends import choose_backend, open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import LOCAL, ServerOptions
from trt_inference.engines.triton.engine import TritonEngine
from trt_inference.engines.triton.failures import OTHER_MODEL, ServerFailure
from trt_inference.engines.triton.local_lane import LocalLane
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.engines.triton.server_lane import ServerLane
from trt_inference.engines.triton.server_state import ServerState
from trt_inference.engines.triton.server_watch import PATIENCE, ServerWatch
from trt_inference.engines.triton.who_answers import Answerers, LocalEngine

_AUTO = "auto"


def open_triton_engine(
    bundle: Bundle, precision: str, server: ServerOptions, options: EngineOptions
) -> TritonEngine:
    """A server that is not reached is warned of, so that robots may start before it.

    Args:
        precision: that is preferred on the server, or ``auto``.

    Raises:
        BundleError: the bundle has no local engine for this machine, where one has to be built.
        EngineError: the server has another model, or what is given of it cannot be used; or the
            local engine cannot be opened.
    """
    state = ServerState(server, options)
    with ExitStack() as undo:
        undo.callback(state.end)
        model, failure = ask_server(bundle, precision, server, options.batch)
        state.begin(model, failure)
        batch = options.batch if model is None else model.batch
        local = None
        if server.fallback == LOCAL:
            local = open_local_engine(bundle, options)
            undo.callback(local.engine.close)
            batch = min(batch, local.engine.batch)
        watch = _make_watch(bundle, precision, server, batch, state)
        lane = ServerLane(bundle.input, batch, server.deadline, state)
        answerers = Answerers(server, local, precision)
        engine = TritonEngine(lane, _warm_lane(local, batch), watch, answerers)
        undo.pop_all()
    watch.start()
    return engine


def ask_server(
    bundle: Bundle, precision: str, server: ServerOptions, batch: int
) -> Tuple[Optional[RemoteModel], Optional[ServerFailure]]:
    """The bundle's model on the server, or why that is not reached.

    Raises:
        EngineError: the server has another model, or what is given of it cannot be used.
    """
    try:
        return RemoteModel.connect(bundle, server, precision, batch, PATIENCE), None
    except ServerFailure as failure:
        if failure.kind == OTHER_MODEL:
            raise
        return None, failure


def local_choice(bundle: Bundle, options: EngineOptions) -> PrecisionChoice:
    """What ``auto`` takes on this machine, whatever the server runs.

    Raises:
        BundleError: this machine runs none of the bundle's precisions.
        EngineError: there is no such GPU.
    """
    return choose_backend(_AUTO, options.device).choose(bundle, _AUTO, options)


def open_local_engine(bundle: Bundle, options: EngineOptions) -> LocalEngine:
    """The engine that ``auto`` takes on this machine.

    Raises:
        BundleError: as of ``open_engine``.
        EngineError: likewise.
    """
    choice = local_choice(bundle, options)
    own = replace(options, server=None)
    return LocalEngine(open_engine(bundle, _AUTO, choice.precision, own), choice)


def _warm_lane(local: Optional[LocalEngine], batch: int) -> Optional[LocalLane]:
    if local is None:
        return None
    lane = LocalLane(local.engine, batch)
    lane.warm_up()
    return lane


def _make_watch(
    bundle: Bundle, precision: str, server: ServerOptions, batch: int, state: ServerState
) -> ServerWatch:
    connect = partial(RemoteModel.connect, bundle, server, precision, batch, PATIENCE)
    image = np.zeros((1, bundle.input.height, bundle.input.width, 3), np.uint8)
    return ServerWatch(state, connect, image, server.deadline)
