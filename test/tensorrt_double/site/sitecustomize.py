"""The double in processes that a test starts: Python imports this when it begins, where this
folder is in PYTHONPATH.

``TENSORRT_DOUBLE`` is the version, and once the file ``TENSORRT_DOUBLE_FAULT`` is there, its
content is what goes wrong at the next synchronisation.
"""

import os
import threading
import time
from pathlib import Path

_LOOK_UP = 0.02  # seconds
_kept = []  # as long as the process lives


def _watch(double: object, file: Path) -> None:
    while not file.exists():
        time.sleep(_LOOK_UP)
    double.faults.at_synchronize = file.read_text("utf-8")  # type: ignore[attr-defined]


def _install() -> None:
    from test.tensorrt_double import install

    installed = install(os.environ["TENSORRT_DOUBLE"])
    _kept.append(installed)
    double = installed.__enter__()
    fault = os.environ.get("TENSORRT_DOUBLE_FAULT")
    if fault:
        threading.Thread(target=_watch, args=(double, Path(fault)), daemon=True).start()


if "TENSORRT_DOUBLE" in os.environ:
    _install()
