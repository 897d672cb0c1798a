"""Asks a running node for another bundle or precision: ros2 run trt_inference swap NODE …"""

import argparse
import os
import signal
import sys
import time
from typing import Any, Callable, Dict, List, Optional

import rclpy
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.exceptions import InvalidServiceNameException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.printable import printable
from trt_inference.ros.launching.process_exits import CANNOT_START
from trt_inference.ros.rclpy_tools.start_errors import StartError, start_errors
from trt_inference.tools.argument_types import ArgumentParser, number

_TIME_TO_APPEAR = 10.0  # seconds that discovery may take at most
_PERIOD = 0.1  # seconds between two looks at Ctrl-C
_LOST = 1.0  # seconds after which the answer to an empty request is taken to be lost
_TYPE = "rcl_interfaces/srv/SetParametersAtomically"
_SUFFIX = "/swap"
_INTERRUPTED = 130  # exit code of a command that Ctrl-C has ended


class _NoAnswer(Exception):
    """Nothing is known of the swap, for the reason in the message."""


def main(arguments: Optional[List[str]] = None) -> int:
    """Returns the exit code: 0 when the other engine is in use."""
    given = sys.argv if arguments is None else ["swap", *arguments]
    try:
        with start_errors(given):
            options = _parse(remove_ros_args(given)[1:])
            rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
            node = Node(f"_swap_request_{os.getpid()}", start_parameter_services=False)
    except StartError as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        rclpy.try_shutdown()
        return CANNOT_START
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        reason = _swap(node, options)
    except _NoAnswer as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: a swap that has begun goes on", file=sys.stderr)
        return _INTERRUPTED
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    if reason:
        print(f"error: {printable(reason)}", file=sys.stderr)
        return 1
    print(f"{options.node} uses {_wanted(options)} now")
    return 0


def _parse(arguments: List[str]) -> argparse.Namespace:
    parser = ArgumentParser(
        prog="ros2 run trt_inference swap",
        description="Have a running detector use another bundle or precision, without a gap. It "
        "must have been started with the parameter hot_swap: true.",
    )
    parser.add_argument("node", help="name of the node, such as /detector")
    parser.add_argument("--bundle", metavar="FOLDER", help="as the node's computer names it")
    parser.add_argument("--precision", choices=["auto", *PRECISIONS])
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="to wait for the answer, which comes when the engine is loaded (default: 300)",
    )
    options = parser.parse_args(arguments)
    if not _values(options):
        parser.error("nothing is asked for: give --bundle or --precision, or both")
    return options


def _seconds(text: str) -> float:
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds above zero")
    return value


def _values(options: argparse.Namespace) -> Dict[str, str]:
    given = {"bundle": options.bundle, "precision": options.precision}
    return {name: value for name, value in given.items() if value is not None}


def _wanted(options: argparse.Namespace) -> str:
    return ", ".join(f"{name} {printable(value)}" for name, value in _values(options).items())


def _swap(node: Node, options: argparse.Namespace) -> str:
    """Why what was in use goes on, or nothing.

    Raises:
        _NoAnswer: there is no such service, or it does not answer.
    """
    name = options.node.rstrip("/") + _SUFFIX
    try:
        client: Any = node.create_client(SetParametersAtomically, name)
    except InvalidServiceNameException as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise _NoAnswer(f"'{options.node}' is no name of a node: {reason}") from error
    if not _spin_until(node, client.service_is_ready, min(_TIME_TO_APPEAR, options.timeout)):
        raise _NoAnswer(f"there is no service {client.srv_name}. {_others(node, client.srv_name)}")
    end = time.monotonic() + options.timeout
    _become_known(node, client, end)
    parameters = [
        Parameter(name, value=value).to_parameter_msg() for name, value in _values(options).items()
    ]
    answer = client.call_async(SetParametersAtomically.Request(parameters=parameters))
    if not _spin_until(node, answer.done, end - time.monotonic()):
        raise _NoAnswer(
            f"{options.node} has not answered within {options.timeout:g} s: it may still swap, as "
            "its log and /diagnostics tell"
        )
    result = answer.result().result
    return "" if result.successful else str(result.reason) or "the node gives no reason"


def _become_known(node: Node, client: Any, end: float) -> None:
    """Ask for nothing, which is refused and does nothing, until that is answered or it is ``end``.
    A node drops its answer to a client that it has not discovered yet, and to ask for a swap again
    would be another swap."""
    while time.monotonic() < end:
        nothing = client.call_async(SetParametersAtomically.Request())
        if _spin_until(node, nothing.done, min(_LOST, end - time.monotonic())):
            return


def _spin_until(node: Node, condition: Callable[[], bool], seconds: float) -> bool:
    """In short pieces, so that Ctrl-C is heard; True when it held in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        rclpy.spin_once(node, timeout_sec=_PERIOD)
    return True


def _others(node: Node, asked: str) -> str:
    """Which nodes can swap. ROS lists the service that this process asks for, too."""
    found = [
        name[: -len(_SUFFIX)]
        for name, types in node.get_service_names_and_types()
        if name.endswith(_SUFFIX) and name != asked and _TYPE in types
    ]
    if not found:
        return "No node that is running offers it: is it started, and in this ROS_DOMAIN_ID?"
    return f"These nodes offer it: {', '.join(sorted(found))}"


if __name__ == "__main__":
    sys.exit(main())
