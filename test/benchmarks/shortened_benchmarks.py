"""python3 -m benchmarks in seconds, whose figures mean nothing:
python3 -m test.benchmarks.shortened_benchmarks --bundle … --save …"""

import sys

from benchmarks import memory, node, peer, preprocessing
from benchmarks.__main__ import main

STRETCHES = ["--seconds", "0.6", "--frames", "10", "--quiet-peer"]
SMALL = [*STRETCHES, "--cameras", "2", "--size", "320x240"]

if __name__ == "__main__":
    preprocessing.ROUNDS, preprocessing.CALLS = 2, 1
    node.RATES = (30.0,)
    node.LOOP_SECONDS = peer.LOOP_SECONDS = 0.2
    memory.WARM_UP = 10
    sys.exit(main([*SMALL, *sys.argv[1:]]))
