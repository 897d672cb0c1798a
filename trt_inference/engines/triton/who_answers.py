"""Who computed the results of a run: by name, for people, and in which precision."""

from typing import NamedTuple, Optional

from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.engines.base import Engine
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.served_model import ServedModel
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.engines.triton.server_state import ModelInUse
from trt_inference.printable import printable, shortened

_AUTO = "auto"


class Answerer(NamedTuple):
    """Who answers.

    Attributes:
        name: in two words.
        description: as ``Engine.description``.
        choice: as ``Engine.choice``.
    """

    name: str
    description: str
    choice: Optional[PrecisionChoice]


class LocalEngine(NamedTuple):
    """The engine of this machine, and the precision that it runs."""

    engine: Engine
    choice: PrecisionChoice


class Answerers:
    """The server, this machine, and nobody; each is the same object until it changes.

    Args:
        requested: the precision that was asked for, or ``auto``.

    Attributes:
        options: of the server.
        local: this machine's engine; where there is none, the same as ``nobody``.
        nobody: of runs without an answer.
    """

    def __init__(
        self, options: ServerOptions, local: Optional[LocalEngine], requested: str = _AUTO
    ) -> None:
        self.options = options
        self._requested = requested
        self._url = printable(shortened(options.url))
        self._served: Optional[ServedModel] = None
        self.nobody = Answerer("nobody", f"Triton at {self._url}, which does not answer", None)
        self.local = self._server = self.nobody
        if local is not None:
            description = f"{local.engine.description}, instead of Triton at {self._url}"
            self.local = Answerer("this machine", description, local.choice)

    def first(self, used: Optional[ModelInUse]) -> Answerer:
        """Who will answer, as it looks before the first run."""
        return self.local if used is None else self.server(used.model)

    def server(self, model: RemoteModel) -> Answerer:
        """The server, with this model."""
        served = model.served
        if served != self._served:
            self._served = served
            which = f"version {served.version} of {served.name}"
            description = f"{served.server} at {self._url}, {which}"
            reason = f"{which} at {self._url}"
            if self._requested not in (_AUTO, served.precision):
                reason += f", which had no {self._requested} of this bundle"
            choice = PrecisionChoice(served.precision, reason)
            self._server = Answerer("the server", description, choice)
        return self._server
