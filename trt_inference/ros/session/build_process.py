"""Build an engine beside the node: in a process of its own, so that nothing waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Deque, Optional

_LINES_KEPT = 10
_TIME_TO_END = 5.0  # seconds that the process gets to leave nothing half written


class BuildProcess:
    """One run of ``trt-inference build``, which may take many minutes."""

    def __init__(self, bundle: Path, precision: str, device: int = 0, batch: int = 1) -> None:
        self.precision = precision
        self._lines: Deque[str] = deque(maxlen=_LINES_KEPT)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if device:  # the builder takes the first one that it sees
            environment["CUDA_VISIBLE_DEVICES"] = str(device)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "converter",
                "build",
                str(bundle),
                "--precision",
                precision,
                "--batch",
                str(batch),
            ],
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, name="build log", daemon=True)
        self._reader.start()

    @property
    def progress(self) -> str:
        """The last line that it printed."""
        return self._lines[-1] if self._lines else "started"

    def exit_code(self) -> Optional[int]:
        """None while it runs; 0 when the engine is there."""
        return self._process.poll()

    def output(self) -> str:
        """The last lines, which say what went wrong."""
        self._reader.join(_TIME_TO_END)
        return "\n".join(self._lines)

    def stop(self) -> None:
        """End it. It leaves nothing half written."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_TIME_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(_TIME_TO_END)

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                if line.strip():
                    self._lines.append(line.strip())
