"""The node with bundles that are read or loaded for as long as a test wants, as on a file system
that does not answer, or in a library that does not return:
python3 -m test.trt_inference.ros.session.held_bundles FOLDER --ros-args …"""

import sys
import time
from pathlib import Path
from typing import Any

from test.trt_inference.ros.client import wait_until
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.inference.detector import Detector
from trt_inference.ros import node, process
from trt_inference.ros.session import swap

MODULE = "test.trt_inference.ros.session.held_bundles"
FILES, MODEL = "files", "model"  # what is held up


class HeldBundles:
    """Which bundles are held up: files in a folder tell it to the node, and the node to the test.

    Bundles are known by the names of their folders.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hold(self, bundle: Path, what: str) -> None:
        """Let nobody get past ``what``, from now on."""
        self._file("held", bundle, what).touch()

    def let_go(self, bundle: Path, what: str) -> None:
        """Let all go on who wait."""
        self._file("held", bundle, what).unlink()

    def wait_until_it_is_asked_for(self, bundle: Path, what: str) -> None:
        """Return as soon as somebody is held up."""
        assert wait_until(self._file("asked", bundle, what).exists)

    def fail(self, bundle: Path) -> None:
        """Let loading it raise an error that is none of the project's, from now on."""
        self._file("failing", bundle, MODEL).touch()

    def wait(self, bundle: Path, what: str) -> None:
        """As long as it is held. Called in the node."""
        while self._file("held", bundle, what).exists():
            self._file("asked", bundle, what).touch()
            time.sleep(0.01)
        if self._file("failing", bundle, what).exists():
            raise RuntimeError("a library failed in its own way")

    def _file(self, kind: str, bundle: Path, what: str) -> Path:
        return self._folder / f"{kind}_{bundle.name}_{what}"


def main(held: HeldBundles) -> int:
    """Run the node."""
    open_detector = Detector.open

    def read(path: Any) -> Bundle:
        held.wait(Path(path), FILES)
        return load_bundle(path)

    def load(bundle: Bundle, *options: Any) -> Detector:
        held.wait(bundle.path, MODEL)
        return open_detector(bundle, *options)

    for module in (node, swap):
        vars(module)["load_bundle"] = read
    setattr(Detector, "open", staticmethod(load))  # noqa: B010 - mypy lets no method be replaced
    return process.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main(HeldBundles(Path(sys.argv[1]))))
