"""python3 -m benchmarks.fleet: robots on one Triton server beside as many with an engine of their
own, and from which local inference time on a server is the faster way.

Robots and server are processes of this machine and share its cores, so that the figures say what
the way to the server costs, and not what a GPU there gains.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from rich.console import Console

from benchmarks.fleet_clients import COUNTS, EXPLAINED, PRECISION, Case, Fleet, clients_table
from benchmarks.fleet_robot import CAMERA
from benchmarks.fleet_robots import Robots
from benchmarks.fleet_server import serving
from benchmarks.sized_bundle import candidates_of, write_sized_bundle
from benchmarks.slower_bundle import write_slower_bundle
from benchmarks.when_it_pays import SIZES, Cost, cost_of, cost_table, least, pays_table
from converter.commands.export_triton import export_triton
from converter.commands.export_triton_options import TritonOptions
from converter.model_repository.platforms import PYTHON
from examples.fleet.triton_server import TritonServerError, why_there_is_none
from examples.shapes.moving_scene import MovingScene
from trt_inference.errors import EngineError, TrtInferenceError
from trt_inference.tools.argument_types import ArgumentParser, positive

SLOWER = 30.0  # milliseconds of an image, about; less where other programs disturb the trial
RATE = 30.0  # images a second of a camera
PARTS = ("clients", "sizes")
DEMO, SLOWER_DEMO = "demo", "slower"


def main() -> int:
    """Print the tables."""
    options = _parser().parse_args()
    console = Console(width=120)  # what the tables need, also where the output is a file
    reason = why_there_is_none()
    if reason:
        console.print(f"error: {reason}", markup=False)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="bench-fleet-") as folder:
            _measure(options, Path(folder), console)
    except (TrtInferenceError, TritonServerError) as error:
        console.print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python3 -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    parser.add_argument("--rounds", type=positive, default=2, help="of each way; the best counts")
    return parser


def _measure(options: argparse.Namespace, folder: Path, console: Console) -> None:
    console.print(f"load of the machine at the start: {os.getloadavg()[0]:.1f}")
    cases = [] if options.only == "sizes" else _cases(options.bundle, folder)
    sized = {} if options.only == "clients" else _sized_cases(options.bundle, folder)
    repository = folder / "models"
    for name, bundle in {one.model: one.bundle for one in (*cases, *sized.values())}.items():
        export_triton(TritonOptions(bundle, repository, PYTHON, PRECISION, name), lambda: None)
    with serving(repository) as server, Robots(max(COUNTS)) as robots:
        fleet = Fleet(robots, server, options.seconds, options.rounds)
        if cases:
            console.print(EXPLAINED.format(cores=os.cpu_count() or 1))
        for case in cases:
            compared = [fleet.compare(case, count) for count in COUNTS]
            console.print(clients_table(case, compared))
        costs = [_cost(fleet, case, size) for size, case in sized.items()]
        if costs:
            console.print(cost_table(costs))
            console.print(pays_table(costs))
    console.print(f"and at the end, of its own processes too: {os.getloadavg()[0]:.1f}")


def _cases(bundle: Path, folder: Path) -> List[Case]:
    # Of its two precisions, which take as long as each other, only one is used.
    slower = write_slower_bundle(bundle, folder / SLOWER_DEMO, 2 * SLOWER)
    return [
        Case("the demo's network, as fast as it can", bundle, DEMO),
        Case(f"the demo's network, {RATE:.0f} images/s a robot", bundle, DEMO, RATE),
        Case("a slower network, as fast as it can", slower, SLOWER_DEMO),
    ]


def _sized_cases(bundle: Path, folder: Path) -> Dict[int, Case]:
    """By the size of the input."""
    found = candidates_of(bundle, MovingScene(1, *CAMERA).frame(0.0).image)
    cases = {}
    for size in SIZES:
        name = f"empty-{size}"
        cases[size] = Case(name, write_sized_bundle(bundle, folder / name, size, found), name)
    return cases


def _cost(fleet: Fleet, case: Case, size: int) -> Cost:
    rounds = []
    for _ in range(fleet.rounds):
        (run,), counted = fleet.served(case, 1)
        if run.lost:  # the rest would be told as if it were all
            raise EngineError(f"{run.lost} images of {case.title} got no answer: run it again")
        rounds.append(cost_of(size, run, counted))
    return least(rounds)


if __name__ == "__main__":
    sys.exit(main())
