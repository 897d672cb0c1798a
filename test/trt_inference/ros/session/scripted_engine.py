"""An engine that is told who answers, and the node with it:
python3 -m test.trt_inference.ros.session.scripted_engine FOLDER --ros-args …"""

import sys
from pathlib import Path
from typing import Any, Mapping, Optional

import numpy as np

from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import Engine, EngineStatus
from trt_inference.errors import FrameLost
from trt_inference.inference import detector
from trt_inference.ros import process

MODULE = "test.trt_inference.ros.session.scripted_engine"
LOST_KIND = "nobody answers"
NOBODY = "nobody"


class Answerer:
    """Who answers: a file in a folder tells it to the engine."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "answerer"

    def set(self, name: str) -> None:
        """From the next run on; ``NOBODY`` loses it."""
        new = self._file.with_suffix(".new")
        new.write_text(name, "utf-8")
        new.replace(self._file)

    def get(self) -> str:
        """Called by the engine."""
        return self._file.read_text("utf-8") if self._file.exists() else "first"


class ScriptedEngine(Engine):
    """Another engine, in somebody's name."""

    def __init__(self, engine: Engine, answerer: Answerer) -> None:
        self._engine, self._answerer = engine, answerer
        self.batch, self._who = engine.batch, ""
        self._name(answerer.get())

    @property
    def description(self) -> str:
        """Who has computed the last results."""
        return self._description

    def input_buffer(self) -> np.ndarray:
        """As of the other engine."""
        return self._engine.input_buffer()

    def start(self, count: int = 1) -> None:
        """As the other engine."""
        self._engine.start(count)

    def finish(self) -> Mapping[str, np.ndarray]:
        """As the other engine, unless nobody answers."""
        outputs, who = self._engine.finish(), self._answerer.get()
        if who == NOBODY:
            raise FrameLost(f"the server has not answered:\n{LOST_KIND}", LOST_KIND)
        self._name(who)
        return outputs

    def status(self) -> Optional[EngineStatus]:
        """Whether somebody answers."""
        is_failing = self._answerer.get() == NOBODY
        problem = "the server does not answer" if is_failing else ""
        return EngineStatus("server", {"answered by": self._who}, problem, is_failing)

    def close(self) -> None:
        """As the other engine."""
        self._engine.close()

    def _name(self, who: str) -> None:
        if who != self._who:
            self._who, self._description = who, f"computed by {who}"
            self.choice = PrecisionChoice("fp32", f"{who} has it")


def main(answerer: Answerer) -> int:
    """Run the node."""

    def open_scripted(*options: Any) -> Engine:
        return ScriptedEngine(open_engine(*options), answerer)

    vars(detector)["open_engine"] = open_scripted
    return process.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main(Answerer(Path(sys.argv[1]))))
