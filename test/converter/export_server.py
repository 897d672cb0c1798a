"""Starts exports quickly: each is the fork of a process that has imported TensorFlow already.

python3 -m test.converter.export_server reads a line for each export from standard input, a JSON
list of the files of the request, the answer and the log, and prints the exit code.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import IO, List, NoReturn, Optional, Tuple

from converter.inputs.quiet_tensorflow import ENVIRONMENT, tensorflow

ROOT = Path(__file__).parents[2]


class ExportServer:
    """The process that forks, which is started when it is needed first."""

    def __init__(self) -> None:
        self._process: Optional[subprocess.Popen[str]] = None

    def run(self, command: List[str], log: Path) -> int:
        """Do what ``command`` would do, which runs ``converter.export.worker_process``.

        Returns:
            Its exit code.
        """
        answers, requests = self._pipes()
        requests.write(json.dumps([*command[-2:], str(log)]) + "\n")
        requests.flush()
        return int(answers.readline())

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()

    def _pipes(self) -> Tuple[IO[str], IO[str]]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "test.converter.export_server"],
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT},
                universal_newlines=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert self._process.stdout is not None and self._process.stdin is not None
        return self._process.stdout, self._process.stdin


def serve() -> None:
    """Fork for each export, and wait for its end."""
    tensorflow()
    for module in ("tf2onnx.tfonnx", "converter.export.worker_process"):
        importlib.import_module(module)
    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            _export(*json.loads(line))
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _export(request: str, answer: str, log: str) -> NoReturn:
    """Do it, and end the process without what was begun before the fork."""
    from converter.export import worker_process

    exit_code = 1
    try:
        with open(log, "wb") as stream:
            os.dup2(stream.fileno(), sys.stdout.fileno())
            os.dup2(stream.fileno(), sys.stderr.fileno())
        exit_code = worker_process.main(request, answer)
    except Exception:  # as the interpreter does
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


if __name__ == "__main__":
    serve()
