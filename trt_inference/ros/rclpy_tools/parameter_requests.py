"""The services of a node's parameters, which answer whatever they are asked."""

import traceback
from typing import Any, Callable, Dict, Sequence

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.node import Node

from trt_inference.printable import OwnLines, printable
from trt_inference.ros.rclpy_tools.throttle import Throttle

# Parameters in one request. Images wait while each is looked at, and for a bundle files are read.
MOST_SET, MOST_READ = 200, 1000

_Answer = Callable[[Any, Any], Any]  # from a request and an empty response to the response


def answer_all_requests(node: Node) -> None:
    """Answer requests at which rclpy raises an error, such as one with a type that does not exist:
    whoever asks would wait for an answer that does not come. Those to set more than ``MOST_SET``
    parameters, or to read more than ``MOST_READ``, are refused."""
    for service in node.services:
        make = _ANSWERS.get(service.srv_type)
        if make is not None:
            service.callback = make(service.callback, node.get_logger())


def _set(answer: _Answer, logger: Any) -> _Answer:
    """One after the other: those beside one that cannot be set are set."""

    def each(request: Any, response: Any) -> Any:
        if len(request.parameters) > MOST_SET:
            response.results.append(_too_many(request.parameters))
            return response
        for one in request.parameters:
            try:
                part = answer(SetParameters.Request(parameters=[one]), SetParameters.Response())
                response.results.extend(part.results)
            except Exception as error:  # of rclpy, whose errors have no common base
                response.results.append(_failure(error, logger))
        return response

    return each


def _set_atomically(answer: _Answer, logger: Any) -> _Answer:
    def all_or_nothing(request: Any, response: Any) -> Any:
        if len(request.parameters) > MOST_SET:
            response.result = _too_many(request.parameters)
            return response
        try:
            return answer(request, response)
        except Exception as error:  # of rclpy, whose errors have no common base
            response.result = _failure(error, logger)
            return response

    return all_or_nothing


def _failure(error: Exception, logger: Any) -> SetParametersResult:
    logger.debug(OwnLines(traceback.format_exc()))
    return SetParametersResult(successful=False, reason=printable(f"it cannot be set: {error}"))


def _too_many(parameters: Sequence[Any]) -> SetParametersResult:
    reason = f"{len(parameters)} parameters are too many: set {MOST_SET} at most at once"
    return SetParametersResult(successful=False, reason=reason)


def _read(answer: _Answer, logger: Any) -> _Answer:
    """With an empty answer, as rclpy gives it for parameters that do not exist."""
    refusals = Throttle()

    def nothing_at_worst(request: Any, response: Any) -> Any:
        names = request.prefixes if hasattr(request, "prefixes") else request.names
        if len(names) > MOST_READ:
            if refusals.is_due():
                logger.warning(
                    f"a request to read {len(names)} parameters is answered with none: "
                    f"{MOST_READ} at most can be read at once"
                )
            return response
        try:
            return answer(request, response)
        except Exception:  # of rclpy, whose errors have no common base
            text = f"a request to read parameters failed:\n{traceback.format_exc()}"
            logger.error(OwnLines(text))
            return type(response)()

    return nothing_at_worst


_ANSWERS: Dict[Any, Callable[[_Answer, Any], _Answer]] = {
    SetParameters: _set,
    SetParametersAtomically: _set_atomically,
    **dict.fromkeys((DescribeParameters, GetParameters, GetParameterTypes, ListParameters), _read),
}
