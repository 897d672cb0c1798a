"""A bundle that is loaded for as long as a test wants."""

import errno
import os
from pathlib import Path

from test.trt_inference.ros.client import wait_until

LIMIT = 60.0  # seconds against hanging


class HeldModel:
    """Holds up whoever loads a bundle at the check of its model file, which is a named pipe."""

    def __init__(self, bundle: Path) -> None:
        self._file = bundle / "fp32.onnx"
        self._model = bundle / "held.onnx"
        self._file.rename(self._model)
        os.mkfifo(self._file)
        self._writer = -1

    def wait_until_it_is_read(self) -> None:
        """Return as soon as the bundle is being loaded."""
        assert wait_until(self._is_read, LIMIT)

    def let_go(self) -> None:
        """Let the check read the model, which is an ordinary file from now on."""
        content = self._model.read_bytes()
        self._model.replace(self._file)
        os.set_blocking(self._writer, True)
        with open(self._writer, "wb") as stream:
            stream.write(content)

    def _is_read(self) -> bool:
        try:
            self._writer = os.open(self._file, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
            return False
        return True
