"""Which range of pixels the converter finds for networks that were trained under each range.

python3 -m benchmarks.pixel_ranges --output DIR, in the converter's environment. It trains
architectures of keras.applications, of KerasHub where that is installed, and the detector of
examples/shapes, on drawn shapes, for a minute each; and goes on where it was stopped.
"""

import argparse
import importlib.util
from pathlib import Path
from typing import Callable, Dict

from rich.console import Console

from benchmarks.pixel_architectures import APPLICATIONS, Architecture
from benchmarks.pixel_finding import find
from benchmarks.pixel_hub_architectures import HUB
from benchmarks.pixel_pictures import draw_pictures, write_pictures
from benchmarks.pixel_trainees import ClassifierTrainee, DetectorTrainee
from benchmarks.pixel_training import Trainee, read_index, train_ranges
from benchmarks.pixel_verdicts import print_verdicts
from converter.inputs.pixels import PRESETS
from examples.shapes.dataset import ANNOTATIONS_FILE, write_dataset

DETECTOR = "detector"
INSIDE = "zero-to-255"  # what a graph wants that prepares the pixels itself
TRAINING_PICTURES, HELD_OUT_PICTURES, HELD_OUT_SCENES = 4000, 120, 60


def main() -> None:
    """Train what is missing, and print what the converter finds for each network."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.pixel_ranges", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the trained networks")
    parser.add_argument("--minutes", type=float, default=1, help="training of each network")
    parser.add_argument("--ranges", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="no other architectures")
    parser.add_argument(
        "--own-momentum",
        action="store_true",
        help="keep the momentum of each batch normalisation, for which a minute is too short",
    )
    parser.add_argument("--no-training", action="store_true", help="take what is trained already")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.no_training:
        train_missing(options)
    print_findings(options)


def print_findings(options: argparse.Namespace) -> None:
    """A table for pictures alone, and one for annotated ones."""
    entries = read_index(options.output)
    chosen = [one for one in entries if options.only is None or one.architecture in options.only]
    console = Console(width=150)
    found = []
    for number, entry in enumerate(chosen, start=1):
        print(f"{number} of {len(chosen)}: {entry.name}", flush=True)
        found.append(find(entry, options.output))
    for title, verdicts in zip(("Pictures alone", "With annotations"), zip(*found)):
        print_verdicts(console, title, verdicts)


def train_missing(options: argparse.Namespace) -> None:
    """Train each architecture under the ranges that ``index.jsonl`` does not have."""
    trained = {(entry.architecture, entry.range) for entry in read_index(options.output)}
    trainees = all_trainees(options)
    for name in options.only or trainees:
        inside = name in APPLICATIONS and APPLICATIONS[name].inside
        known = f"{name} own momentum" if options.own_momentum else name
        ranges = [INSIDE] if inside else options.ranges
        missing = [one for one in ranges if (known, one) not in trained]
        if missing:
            train_ranges(known, trainees[name](), missing, inside, options.output, options.minutes)


def all_trainees(options: argparse.Namespace) -> Dict[str, Callable[[], Trainee]]:
    """What can be trained, by name; writes the pictures on which all are measured."""
    training, held_out = draw_pictures(TRAINING_PICTURES, 1), draw_pictures(HELD_OUT_PICTURES, 2)
    write_pictures(held_out, options.output / "images")
    if not (options.output / "scenes" / ANNOTATIONS_FILE).exists():
        write_dataset(options.output / "scenes", HELD_OUT_SCENES, 7, 360, 640)

    def trainee(architecture: Architecture) -> Callable[[], Trainee]:
        return lambda: ClassifierTrainee(architecture, training, held_out, options.own_momentum)

    known = {**APPLICATIONS, **(HUB if importlib.util.find_spec("keras_hub") else {})}
    return {DETECTOR: DetectorTrainee, **{name: trainee(one) for name, one in known.items()}}


if __name__ == "__main__":
    main()
