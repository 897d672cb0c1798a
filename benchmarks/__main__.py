"""python3 -m benchmarks: frame to engine input, the node against a bare loop, several cameras,
memory."""

import argparse
import os
import sys
from pathlib import Path

import rclpy
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

from benchmarks import cameras, memory, messages, node, preprocessing

PARTS = ("preprocessing", "node", "cameras", "memory")


def main() -> int:
    """Run the benchmarks that are asked for."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each run of the node")
    parser.add_argument("--frames", type=int, default=10_000, help="of the memory run")
    options = parser.parse_args()
    chosen = PARTS if options.only is None else (options.only,)
    console = Console(width=110)  # what the tables need, also where the output is a file
    # Away from other ROS nodes of the machine, which would disturb and be disturbed.
    os.environ.setdefault("ROS_DOMAIN_ID", "87")
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        if "preprocessing" in chosen:
            console.print(preprocessing.table(options.bundle))
            console.print(messages.table())
        if "node" in chosen:
            console.print(f"the node at three rates, {2 * options.seconds + 15:.0f} s each …")
            console.print(node.table(options.bundle, options.seconds))
        if "cameras" in chosen:
            console.print(f"several cameras, {2 * options.seconds + 20:.0f} s …")
            console.print(cameras.table(options.bundle, options.seconds))
        if "memory" in chosen:
            console.print(f"memory over {options.frames} frames, a minute and a half …")
            console.print(memory.table(options.bundle, options.frames))
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
