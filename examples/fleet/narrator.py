"""Tells on the terminal what happens, with the time since the beginning."""

import time
from typing import Dict, List, Mapping

from rich.console import Console

from examples.fleet.fleet_monitor import RobotWatch
from examples.fleet.receipts import ROBOT, SERVER
from trt_inference.printable import printable, shortened

IN_A_ROW = 3  # results of another answerer that make a change: a single one may be an accident


class Narrator:
    """Prints sentences, and each change of who answers a robot."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._answerers: Dict[str, str] = {}

    def tell(self, sentence: str) -> None:
        """Print a sentence."""
        seconds = time.monotonic() - self._began
        self._console.print(
            f"{seconds:5.1f} s  {printable(sentence)}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    def look(self, robots: Mapping[str, RobotWatch]) -> None:
        """Tell what has changed since the last call."""
        for name, robot in robots.items():
            who = current_answerer(robot)
            if who not in ("", self._answerers.get(name)):
                self._answerers[name] = who
                announced = shortened(printable(robot.announced)) or "nothing"
                self.tell(f"{name} publishes what {who} finds now. It announces: {announced}")


def current_answerer(robot: RobotWatch) -> str:
    """Whose the last results are, of those that are clearly somebody's; empty while they are of
    both, or too few."""
    answered: List[str] = list(robot.receipts.answered_by.values())
    last = [who for who in answered if who in (SERVER, ROBOT)][-IN_A_ROW:]
    return last[0] if len(last) == IN_A_ROW and len(set(last)) == 1 else ""
