"""What a server costs by the size of the network's input, and from which local inference time on it
is the faster way."""

from typing import List, NamedTuple, Sequence

import numpy as np
from rich.table import Table

from benchmarks.fleet_counted import Counted
from benchmarks.fleet_task import Measured

SIZES = (128, 320, 640, 1280)  # height and width of the input
LINKS = (100.0, 1000.0)  # Mbit/s
_BITS = 8


class Cost(NamedTuple):
    """Of one image, on loopback, with a network that computes nothing; milliseconds, the means,
    since the server tells no others.

    Attributes:
        size: height and width of the input.
        sent: bytes to the server.
        received: bytes from it.
        round_trip: from the start of a run to its candidates.
        hand_over: the part of it in which the robot's thread serialises and sends.
        queue: the part of it in which the request waits on the server.
        compute: the part of it that the server needs for its copies and the network.
        fit: the camera's image into the input, which remains on the robot.
        suppress: candidates → result, which remains on the robot.
        processor: of the robot's process.
    """

    size: int
    sent: float
    received: float
    round_trip: float
    hand_over: float
    queue: float
    compute: float
    fit: float
    suppress: float
    processor: float

    @property
    def rest(self) -> float:
        """What is left of the round trip: transport, and threads that wake each other."""
        return self.round_trip - self.hand_over - self.queue - self.compute

    def wire(self, link: float) -> float:
        """Milliseconds for the bytes on a network of ``link`` Mbit/s."""
        return (self.sent + self.received) * _BITS / (link * 1e3)

    def break_even(self, link: float) -> float:
        """The local inference, in milliseconds, that takes as long as all of this together."""
        return self.round_trip + self.wire(link)

    def most_images(self, link: float) -> float:
        """Images a second that a network of ``link`` Mbit/s carries for all robots together. Both
        ways have the full rate, and images are the larger one."""
        return link * 1e6 / (max(self.sent, self.received) * _BITS)


def cost_of(size: int, run: Measured, counted: Counted) -> Cost:
    """What one run of one robot has cost."""
    return Cost(
        size=size,
        sent=run.sent,
        received=run.received,
        round_trip=_mean(run.round_trip),
        hand_over=_mean(run.hand_over),
        queue=1e3 * counted.queue / max(counted.requests, 1),
        compute=1e3 * counted.compute / max(counted.requests, 1),
        fit=_mean(run.fit),
        suppress=_mean(run.suppress),
        processor=1e3 * run.processor / len(run.round_trip),
    )


def least(rounds: Sequence[Cost]) -> Cost:
    """That of several rounds which the rest of the machine has disturbed least."""
    return min(rounds, key=lambda one: one.round_trip)


def cost_table(costs: List[Cost]) -> Table:
    """Where the time of a round trip goes."""
    table = Table(
        *("input", "kB up", "kB down", "round trip", "hand over", "queue", "compute", "rest"),
        *("fit", "suppress", "robot's CPU"),
        title="one image on a server on loopback, with a network that computes nothing; ms, means",
        caption=(
            "round trip = hand over (serialise and send) + queue + compute (the server's copies) + "
            "rest. Beside it, fit and suppress remain on the robot"
        ),
    )
    for one in costs:
        times = (one.round_trip, one.hand_over, one.queue, one.compute, one.rest)
        local = (one.fit, one.suppress, one.processor)
        table.add_row(
            f"{one.size}x{one.size}",
            f"{one.sent / 1e3:.0f}",
            f"{one.received / 1e3:.1f}",
            *(f"{value:.2f}" for value in (*times, *local)),
        )
    return table


def pays_table(costs: List[Cost]) -> Table:
    """From which local inference time on the server is faster."""
    columns = [
        f"{name} {_link(link)}" for link in LINKS for name in ("wire", "break-even", "images/s")
    ]
    table = Table(
        *("input", "round trip", *columns),
        title="when it pays; ms",
        caption=(
            "computed from the measured bytes and round trip: wire = 8 x bytes / rate of the "
            "network; break-even = round trip + wire; images/s: the most that the network carries "
            "for all robots. The server is faster where the local inference takes longer than "
            "break-even + ping + the network's time on the server"
        ),
    )
    for one in costs:
        cells = [
            text
            for link in LINKS
            for text in (
                f"{one.wire(link):.1f}",
                f"{one.break_even(link):.1f}",
                f"{one.most_images(link):.0f}",
            )
        ]
        table.add_row(f"{one.size}x{one.size}", f"{one.round_trip:.1f}", *cells)
    return table


def _link(link: float) -> str:
    return f"{link / 1e3:.0f} Gbit/s" if link >= 1e3 else f"{link:.0f} Mbit/s"


def _mean(seconds: np.ndarray) -> float:
    """In milliseconds."""
    return float(np.mean(seconds)) * 1e3
