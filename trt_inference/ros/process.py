"""The process of one detector node: python3 -m trt_inference.ros.process --ros-args …"""

import contextlib
import os
import sys
import threading
from typing import List, Optional

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from trt_inference.keep_memory import keep_freed_memory
from trt_inference.printable import printable_lines
from trt_inference.ros.launching.process_exits import CANNOT_START, GPU_LOST
from trt_inference.ros.lifecycle.end_request import SIGNAL_PERIOD, end_when_told, ignore_signals
from trt_inference.ros.node import DetectorNode
from trt_inference.ros.node_arguments import parse_node_arguments
from trt_inference.ros.rclpy_tools.failed_callbacks import FailedCallbacks
from trt_inference.ros.rclpy_tools.start_errors import StartError, start_errors

# Seconds after which a thread that wants to run Python gets its turn. By default the thread that
# has an image would wait for what the executor, or the one that receives, does in Python meanwhile.
SWITCH_INTERVAL = 50e-6


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the node until SIGINT, SIGTERM or SIGHUP, or until the GPU is lost to this process.
    Returns the exit code."""
    _open_standard_streams()
    told_to_end = end_when_told()
    keep_freed_memory()
    sys.setswitchinterval(SWITCH_INTERVAL)
    words = sys.argv if arguments is None else [sys.argv[0], *arguments]
    try:
        with start_errors(words):
            parse_node_arguments(words)
            rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)
            node = DetectorNode()
    except StartError as error:
        print(f"error: {printable_lines(error)}", file=sys.stderr)
        rclpy.try_shutdown()
        return CANNOT_START
    executor = SingleThreadedExecutor()
    node.told_to_end = told_to_end
    executor.add_node(node)
    failures = FailedCallbacks(node.get_logger())
    try:
        node.autostart()
        while not told_to_end.is_set() and not node.must_restart:
            spin_once(executor, failures)
        lost = node.must_restart
    finally:
        node.destroy_node()
        ignore_signals()
        executor.shutdown()
        rclpy.try_shutdown()
    code = GPU_LOST if lost else 0
    if threading.active_count() > 1:
        _end_at_once(code)  # an engine is being loaded, or is at an image, which nothing can stop
    return code


def _open_standard_streams() -> None:
    """Where the process was started without them: the next file that is opened would take the
    place of one, and get what the log writes."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _end_at_once(code: int) -> None:
    """Without the interpreter's own end, which would free what the library still works on."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):  # whoever read it is gone
                stream.flush()
    os._exit(code)


def spin_once(executor: SingleThreadedExecutor, failures: FailedCallbacks) -> None:
    """Run what is due. What a callback raises is logged, and the node goes on."""
    try:
        executor.spin_once(timeout_sec=SIGNAL_PERIOD)
    except Exception:  # the boundary to rclpy, whose errors have no common base
        if not rclpy.ok():
            raise
        failures.log()


if __name__ == "__main__":
    sys.exit(main())
