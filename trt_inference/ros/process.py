"""The process of one detector node: python3 -m trt_inference.ros.process --ros-args …"""

import os
import signal
import sys
import threading
import traceback
from typing import List, Optional

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from trt_inference.ros.lifecycle.end_request import EndRequest
from trt_inference.ros.node import DetectorNode
from trt_inference.ros.rclpy_tools.malloc import keep_image_memory
from trt_inference.ros.session.file_reads import FILES_THREAD
from trt_inference.ros.session.swap_service import SWAP_THREAD
from trt_inference.streaming.inference_thread import THREAD_NAME

# Seconds after which a thread that wants to run Python gets its turn. After each image the executor
# prepares its next wait in Python, and by default the inference thread would wait for that.
SWITCH_INTERVAL = 50e-6
GPU_LOST = 3  # exit code; whoever started the process starts it again
SIGNAL_PERIOD = 0.2  # seconds after which a waiting executor looks for signals
_UNSTOPPABLE = (THREAD_NAME, SWAP_THREAD, FILES_THREAD)  # a library or a file system may hold them


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the node until SIGINT or SIGTERM, or until the GPU is lost to this process. Returns the
    exit code."""
    told_to_end = EndRequest()
    # Our own handlers: rclpy's shut the context down under whatever is being done, and an idle
    # spin misses some signals. With these the node is freed while ROS still works, and a
    # second Ctrl-C does not cut that short.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_end.set())
    keep_image_memory()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # a parameter file that cannot be read, above all
        print(f"error: {error}", file=sys.stderr)
        return 1
    executor = SingleThreadedExecutor()
    node = DetectorNode()
    node.told_to_end = told_to_end
    executor.add_node(node)
    try:
        node.autostart()
        while not told_to_end.is_set() and not node.must_restart:
            spin_once(node, executor)
        lost = node.must_restart
    finally:
        node.destroy_node()
        # From here on nothing waits that a signal could cut short, and the default handlers, which
        # the interpreter puts back while it ends, would end the process with another exit code.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        executor.shutdown()
        rclpy.try_shutdown()
    code = GPU_LOST if lost else 0
    if any(thread.name in _UNSTOPPABLE for thread in threading.enumerate()):
        _end_at_once(code)  # an engine is being loaded, or is at an image
    return code


def _end_at_once(code: int) -> None:
    """Without the interpreter's own end, which would free what the library still works on."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def spin_once(node: DetectorNode, executor: SingleThreadedExecutor) -> None:
    """Run what is due. What a callback raises is logged, and the node goes on."""
    try:
        executor.spin_once(timeout_sec=SIGNAL_PERIOD)
    except Exception:  # the boundary to rclpy, whose errors have no common base
        if not rclpy.ok():
            raise
        node.get_logger().error(f"a callback failed:\n{traceback.format_exc()}")


if __name__ == "__main__":
    sys.exit(main())
