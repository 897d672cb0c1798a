"""Find the version of a served model that was exported from a bundle, and compare it with that."""

import time
from dataclasses import dataclass
from typing import Any, List, NamedTuple, Sequence, Tuple

from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.server_connection import ServerConnection
from trt_inference.engines.triton.failures import OTHER_MODEL, ServerFailure
from trt_inference.engines.triton.model_parameters import ServedBundle, served_bundles
from trt_inference.printable import printable, shortened

TRITON_DTYPES = {"uint8": "UINT8", "int32": "INT32", "float32": "FP32"}
_REMEDY = (
    "Export this bundle to the server's repository with: trt-inference export-triton BUNDLE "
    "REPOSITORY; or give the name of its model there as server_model"
)
_MOST_SHOWN = 5  # versions or tensors in a message

_Tensor = Tuple[str, str, Sequence[int]]  # name, dtype, shape with -1 for the batch


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
    """
    due, messages = time.monotonic() + timeout, connection.messages
    name = server.model or bundle.name

    def ask(method: str, **fields: str) -> Any:
        request = getattr(messages, f"{method}Request")(**fields)
        return connection.ask(method, request, max(0.0, due - time.monotonic()))

    told = ask("ServerMetadata")
    try:
        ready = ask("ModelMetadata", name=name).versions
        config = ask("ModelConfig", name=name).config
    except ServerFailure as failure:
        if failure.kind != OTHER_MODEL:
            raise
        raise ServerFailure(f"{failure}. {_REMEDY}", OTHER_MODEL) from failure
    chosen = _choose(connection.name, name, bundle, precision, (config, ready))
    metadata = ask("ModelMetadata", name=name, version=str(chosen.version))
    fault = _find_misfit(metadata, bundle, config.max_batch_size)
    if fault:
        raise ServerFailure(
            f"{connection.name} has another '{printable(name)}' at version {chosen.version}: "
            f"{fault}. {_REMEDY}",
            OTHER_MODEL,
        )
    return ServedModel(
        name, chosen.version, chosen.precision, config.max_batch_size, _described(told)
    )


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
    if not is_same or config.max_batch_size < served.max_batch:
        raise ServerFailure(
            f"{connection.name}: version {served.version} of '{printable(served.name)}' was "
            f"exchanged: {_listed(found)}. {_REMEDY}",
            OTHER_MODEL,
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


def _choose(
    server: str, name: str, bundle: Bundle, precision: str, told: Tuple[Any, Sequence[str]]
) -> ServedBundle:
    config, ready = told
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
    raise ServerFailure(
        f"{server} has another '{printable(name)}': {_listed(found)}, and this bundle is "
        f"{bundle.manifest_sha256[:12]}. {_REMEDY}",
        OTHER_MODEL,
    )


def _bundles_of(config: Any) -> List[ServedBundle]:
    return served_bundles({key: one.string_value for key, one in config.parameters.items()})


def _listed(found: Sequence[ServedBundle]) -> str:
    if not found:
        return "its configuration tells no bundle"
    shown = [
        f"version {one.version} is of bundle {printable(one.sha256[:12])}"
        for one in found[:_MOST_SHOWN]
    ]
    return ", ".join(shown)


def _find_misfit(metadata: Any, bundle: Bundle, max_batch: int) -> str:
    """What does not fit, or nothing."""
    if max_batch < 1:
        return f"its max_batch_size is {max_batch}, not 1 or more"
    spec = bundle.input
    wanted: List[_Tensor] = [(spec.name, spec.dtype, (-1, spec.height, spec.width, 3))]
    return _compare("input", metadata.inputs, wanted) or _compare(
        "output", metadata.outputs, [(one.name, one.dtype, one.shape) for one in bundle.outputs]
    )


def _compare(side: str, found: Any, wanted: Sequence[_Tensor]) -> str:
    by_name = {one.name: one for one in found}
    if len(by_name) != len(found) or set(by_name) != {name for name, _, _ in wanted}:
        shown = ", ".join(_quoted(one.name) for one in found[:_MOST_SHOWN]) or "none"
        return f"its {side}s are {shown}, not {', '.join(_quoted(name) for name, _, _ in wanted)}"
    for name, dtype, shape in wanted:
        one = by_name[name]
        told, expected = (one.datatype, list(one.shape)), (TRITON_DTYPES[dtype], list(shape))
        if told != expected:
            return (
                f"its {side} {_quoted(name)} is {_quoted(one.datatype)} "
                f"{shortened(str(list(one.shape)))}, not {expected[0]} {expected[1]}"
            )
    return ""


def _quoted(text: str) -> str:
    return f"'{printable(shortened(text))}'"


def _described(metadata: Any) -> str:
    name = "Triton" if metadata.name == "triton" else metadata.name
    return printable(shortened(f"{name} {metadata.version}"))
