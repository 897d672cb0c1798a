"""Find the version of a served model that was exported from a bundle, and compare it with that."""

import time
from dataclasses import dataclass
from typing import Any, List, NamedTuple, Optional, Sequence

from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.model_misfit import find_model_misfit, quoted_name
from trt_inference.engines.triton.client.server_connection import ServerConnection
from trt_inference.engines.triton.failures import OTHER_MODEL, ServerFailure
from trt_inference.engines.triton.model_parameters import ServedBundle, served_bundles
from trt_inference.errors import EngineError
from trt_inference.printable import is_utf8, printable, shortened

_REMEDY = (
    "Export this bundle to the server's repository with: trt-inference export-triton BUNDLE "
    "REPOSITORY --platform PLATFORM; or give the name of its model there as server_model"
)
_SHOWN_OF_HASH = 12  # digits
_MOST_SHOWN = 5  # models or versions in a message


class ServedModel(NamedTuple):
    """A bundle's model on a server.

    Attributes:
        name: on the server.
        version: its version, which each request names.
        precision: of the network.
        max_batch: most images in one request.
        server: name and version of the server.
    """

    name: str
    version: int
    precision: str
    max_batch: int
    server: str


@dataclass(frozen=True)
class ServerStatistics:
    """Sums since the server has loaded the model, of all its clients.

    Attributes:
        count: images that were answered.
        executions: runs of the network, each on a batch.
        requests: requests that were answered.
        queue_ns: nanoseconds that these requests waited there.
        compute_ns: nanoseconds in which they were worked on.
    """

    count: int
    executions: int
    requests: int
    queue_ns: int
    compute_ns: int


def find_served_model(
    connection: ServerConnection,
    bundle: Bundle,
    server: ServerOptions,
    precision: str,
    timeout: float,
) -> ServedModel:
    """The newest served version that was exported from ``bundle``: any precision of it is the same
    model, and ``precision`` is preferred.

    Args:
        timeout: seconds for all that is asked.

    Raises:
        ServerFailure: the server is not reached, or it has no such model.
        EngineError: the name of the model cannot be that of one.
    """
    patience = _Patience(connection, timeout)
    name = _checked(server.model) or bundle.name
    told = patience.ask("ServerMetadata")
    try:
        ready = patience.ask("ModelMetadata", name=name).versions
        config = patience.ask("ModelConfig", name=name).config
    except ServerFailure as failure:
        if failure.kind != OTHER_MODEL:
            raise
        raise _other_model(f"{failure}{_models(patience)}") from failure
    chosen = _choose(
        f"{connection.name} has another {quoted_name(name)}", bundle, precision, config, ready
    )
    metadata = patience.ask("ModelMetadata", name=name, version=str(chosen.version))
    fault = find_model_misfit(metadata, bundle, config.max_batch_size)
    if fault:
        raise _other_model(
            f"{connection.name} has another {quoted_name(name)}, version {chosen.version}: {fault}"
        )
    most = _most_images(config)
    return ServedModel(name, chosen.version, chosen.precision, most, _described(told))


def check_served_model(
    connection: ServerConnection, served: ServedModel, sha256: str, timeout: float
) -> None:
    """
    Args:
        sha256: of the manifest of the bundle.
        timeout: seconds.

    Raises:
        ServerFailure: the version that was found is no longer there, is that of another bundle, or
            takes fewer images, or the server does not answer.
    """
    request = connection.messages.ModelConfigRequest(name=served.name, version=str(served.version))
    config = connection.ask("ModelConfig", request, timeout).config
    found = _bundles_of(config)
    is_same = any(one.version == served.version and one.sha256 == sha256 for one in found)
    if not is_same or _most_images(config) < served.max_batch:
        raise _other_model(
            f"{connection.name}: version {served.version} of {quoted_name(served.name)} "
            f"was exchanged: {_listed(found)}, max_batch_size {config.max_batch_size}"
        )


def ask_statistics(
    connection: ServerConnection, served: ServedModel, timeout: float
) -> ServerStatistics:
    """
    Args:
        timeout: seconds.

    Raises:
        ServerFailure: the server does not answer, or not about this version.
    """
    request = connection.messages.ModelStatisticsRequest(
        name=served.name, version=str(served.version)
    )
    for found in connection.ask("ModelStatistics", request, timeout).model_stats:
        if found.name == served.name and found.version == str(served.version):
            times = found.inference_stats
            computed = (times.compute_input.ns, times.compute_infer.ns, times.compute_output.ns)
            return ServerStatistics(
                found.inference_count,
                found.execution_count,
                times.success.count,
                times.queue.ns,
                sum(computed),
            )
    raise ServerFailure(
        f"{connection.name} has no statistics of version {served.version}", OTHER_MODEL
    )


class _Patience:
    """Asks until the time for all of it is over."""

    def __init__(self, connection: ServerConnection, timeout: float) -> None:
        self._connection = connection
        self._due = time.monotonic() + timeout

    def ask(self, method: str, **fields: Any) -> Any:
        request = getattr(self._connection.messages, f"{method}Request")(**fields)
        return self._connection.ask(method, request, max(0.0, self._due - time.monotonic()))


def _checked(name: str) -> str:
    if not is_utf8(name):
        raise EngineError(f"server_model '{printable(name)}' is no name of a model: it is no UTF-8")
    return name


def _choose(
    other: str, bundle: Bundle, precision: str, config: Any, ready: Sequence[str]
) -> ServedBundle:
    """
    Args:
        other: beginning of the message where it has none.
        ready: versions that are served.
    """
    found = _bundles_of(config)
    fitting = [
        one
        for one in found
        if one.sha256 == bundle.manifest_sha256
        and one.precision in bundle.precisions
        and str(one.version) in ready
    ]
    for one in (*(one for one in fitting if one.precision == precision), *fitting):
        return one
    own = bundle.manifest_sha256[:_SHOWN_OF_HASH]
    raise _other_model(f"{other}: {_listed(found, ready)}, and this is bundle {own}")


def _models(patience: _Patience) -> str:
    """What the server has instead, for the end of a message; nothing where it does not tell."""
    try:
        models = patience.ask("RepositoryIndex", ready=True).models
    except ServerFailure:
        return ""
    names = sorted({one.name for one in models})
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return f". It has {', '.join(map(quoted_name, names[:_MOST_SHOWN])) or 'no model'}{more}"


def _other_model(message: str) -> ServerFailure:
    return ServerFailure(f"{message}. {_REMEDY}", OTHER_MODEL)


def _most_images(config: Any) -> int:
    """In one request: 1 where the batch is a part of the tensors' shapes."""
    return max(1, config.max_batch_size)


def _bundles_of(config: Any) -> List[ServedBundle]:
    return served_bundles({key: one.string_value for key, one in config.parameters.items()})


def _listed(found: Sequence[ServedBundle], ready: Optional[Sequence[str]] = None) -> str:
    """
    Args:
        ready: versions that are served; None: that is not known.
    """
    if not found:
        return "its configuration tells no bundle"
    shown = []
    for one in found[:_MOST_SHOWN]:
        state = "" if ready is None or str(one.version) in ready else ", which is not served"
        bundle = printable(one.sha256[:_SHOWN_OF_HASH])
        shown.append(f"version {one.version} is of bundle {bundle}{state}")
    return "; ".join(shown)


def _described(metadata: Any) -> str:
    name = "Triton" if metadata.name == "triton" else metadata.name
    return printable(shortened(f"{name} {metadata.version}"))
