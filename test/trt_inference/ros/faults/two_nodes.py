"""Two detectors in one process, on one executor: what a component container does in C++."""

import argparse
import sys

import rclpy
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.parameter import Parameter

from trt_inference.ros.node import DetectorNode


def main() -> int:
    """Run a node in each of the namespaces until the process is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    parser.add_argument("namespaces", nargs="+")
    given = parser.parse_args()
    rclpy.init()
    executor = MultiThreadedExecutor(num_threads=2)
    parameters = [
        Parameter("bundle", value=given.bundle),
        Parameter("diagnostics_period", value=0.1),
    ]
    nodes = [
        DetectorNode(namespace=one, parameter_overrides=parameters) for one in given.namespaces
    ]
    for node in nodes:
        executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        for node in nodes:
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
