"""Triton: the backend for a server on another computer, with this machine as its fallback."""

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import CPU, Device, PrecisionChoice, choose
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.engines.base import Backend, Engine, EngineOptions
from trt_inference.engines.server_options import ASKS_A_SERVER, LOCAL, ServerOptions
from trt_inference.errors import EngineError
from trt_inference.printable import printable, shortened

_AUTO = "auto"


class TritonBackend(Backend):
    """Sends images to a server. Only who asks for it has it: ``auto`` takes what this machine
    has."""

    name = ASKS_A_SERVER
    rank = 200
    opens_auto = True

    def is_available(self, device: int) -> bool:
        """Never by itself: it needs the name of a server."""
        return False

    def device(self, index: int) -> Device:
        """Whatever the server has, which runs what was exported for it."""
        return Device("the server", PRECISIONS[::-1])

    def choose(self, bundle: Bundle, requested: str, options: EngineOptions) -> PrecisionChoice:
        """The precision that the server has of this bundle. Where it is not reached, that of the
        local engine; without ``options.server`` nobody is asked, and ``auto`` stays as it is.

        Raises:
            BundleError: the bundle does not have the precision.
            EngineError: the server has another model, or what is given of it cannot be used.
        """
        asked = choose(bundle, requested, CPU)  # which runs all of them
        if options.server is None:
            return asked if requested != _AUTO else PrecisionChoice(_AUTO, "the server decides")
        return _choose_by_server(bundle, requested, options.server, options)

    def open(self, bundle: Bundle, precision: str, options: EngineOptions) -> Engine:
        """As ``Backend.open``; the server may have another precision of the same bundle, and for
        ``auto`` the newest version of any is taken."""
        from trt_inference.engines.triton.open_triton import open_triton_engine

        choose(bundle, precision, CPU)
        if options.server is None:
            raise EngineError(
                "backend triton has no server: give host:port of its gRPC endpoint, in the "
                "parameter server_url or as detect --server-url"
            )
        return open_triton_engine(bundle, precision, options.server, options)


def _choose_by_server(
    bundle: Bundle, requested: str, server: ServerOptions, options: EngineOptions
) -> PrecisionChoice:
    from trt_inference.engines.triton.open_triton import ask_server, local_choice

    name = f"Triton at {printable(shortened(server.url))}"
    model, _ = ask_server(bundle, requested, server, options.batch)
    if model is not None:
        model.close()
        return _of_server(model.served.precision, requested, name)
    if server.fallback == LOCAL:
        found = local_choice(bundle, options)
        return PrecisionChoice(found.precision, f"{found.reason}, until {name} answers")
    asked = choose(bundle, requested, CPU)
    return asked if requested != _AUTO else _left_open(asked, f"until {name} answers")


def _of_server(served: str, requested: str, name: str) -> PrecisionChoice:
    if requested == _AUTO:
        return PrecisionChoice(served, f"auto: what {name} runs")
    if served == requested:
        return PrecisionChoice(served, "asked for")
    return PrecisionChoice(served, f"{name} has no {requested} of this bundle")


def _left_open(any_of_them: PrecisionChoice, reason: str) -> PrecisionChoice:
    return PrecisionChoice(any_of_them.precision, f"auto: {reason}")


BACKEND = TritonBackend()
