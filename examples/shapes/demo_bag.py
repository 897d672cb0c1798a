"""The bag that the demo leaves: recorded by a process beside it, and held against what was sent."""

import importlib.util
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence, Set

from rich.console import Console

from examples.shapes.monitor import Record, Stamp
from examples.shapes.processes import program, running
from examples.shapes.watching_node import how_it_ended

IMAGES, RESULTS = "/image/compressed", "/detector/detections"
STAMP = struct.Struct("<iI")  # seconds and nanoseconds, with which a message's header begins
CDR_HEADER = 4  # bytes before the message


@dataclass
class DemoBag:
    """A bag, and why there is none when the recorder has ended."""

    folder: Path
    problem: str = ""


@contextmanager
def recording(folder: Optional[Path], arguments: Sequence[str]) -> Iterator[Optional[DemoBag]]:
    """Record during the block, if a folder is given. Nothing that goes wrong with that ends the
    block: it is the bag's ``problem``.

    Args:
        arguments: for ROS, as the namespace.
    """
    bag = None if folder is None else DemoBag(folder)
    if bag is not None and importlib.util.find_spec("rosbags") is None:
        bag.problem = "rosbags is not installed (Python 3.10 and later: pip install rosbags)"
    if bag is None or bag.problem:
        yield bag
        return
    command = ("examples.shapes.recorder", str(bag.folder), *arguments)
    # With the middleware profile of who sends images, others are discovered sooner.
    with running(*command, sends_images=True) as process:
        yield bag
    if process.returncode != 0:
        bag.problem = f"the recorder has ended, {how_it_ended(process.returncode)}"


def print_bag(bag: DemoBag, record: Record, bundle: Path, console: Console) -> None:
    """Where the bag is, what of the demo is in it, and what to do with it."""
    if bag.problem:
        console.print(f"no bag was recorded: {bag.problem}", style="yellow", soft_wrap=True)
        return
    stamps = recorded_stamps(bag.folder)
    images, sent = stamps[IMAGES], record.truth.keys()
    lost = sum(1 for stamp in sent - images if images and min(images) < stamp < max(images))
    size = sum(file.stat().st_size for file in bag.folder.iterdir()) / 1e6
    console.print(
        f"the bag {bag.folder} ({size:.0f} MB) has {len(images & sent)} of {len(sent)} images that "
        f"were sent, {lost} lost between the first and the last, and the results of "
        f"{len(stamps[RESULTS] & images)}",
        markup=False,
        soft_wrap=True,
    )
    console.print(
        "to see what int8 would have found in them, beside fp32:\n"
        f"  {program()} replay {bag.folder} --bundle {bundle} --precision fp32 int8 "
        f"--output {bag.folder.with_name('replay')} --overwrite",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def recorded_stamps(folder: Path) -> Dict[str, Set[Stamp]]:
    """The stamps of the headers of all images and results in a bag of the recorder, by topic."""
    from rosbags.rosbag2 import Reader

    found: Dict[str, Set[Stamp]] = {IMAGES: set(), RESULTS: set()}
    with Reader(folder) as bag:
        for topic, stamps in found.items():
            of_topic = [one for one in bag.connections if one.topic == topic]
            for _, _, data in bag.messages(of_topic):
                stamps.add(STAMP.unpack_from(data, CDR_HEADER))
    return found
