"""Why a server has not answered a run, by kinds that are counted."""

from trt_inference.errors import EngineError

# Kinds, as /diagnostics names them.
TOO_LATE = "no answer before the deadline"
NOT_REACHED = "not reached"
REFUSED = "refused by the server"  # its queue is full, or the request waited there for too long
OTHER_MODEL = "another model"
BAD_ANSWER = "an answer that is none of this model"
SERVER_ERROR = "an error of the server"
FAILURE_KINDS = (TOO_LATE, NOT_REACHED, REFUSED, OTHER_MODEL, BAD_ANSWER, SERVER_ERROR)


class ServerFailure(EngineError):
    """A call of the server failed. ``kind`` is one of ``FAILURE_KINDS``."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
