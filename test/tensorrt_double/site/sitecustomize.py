"""The double in processes that a test starts: Python imports this when it begins, where this
folder is in PYTHONPATH.

``TENSORRT_DOUBLE`` is the version, and once the file ``TENSORRT_DOUBLE_FAULT`` is there, its
content is what goes wrong at the next synchronisation.
"""

import os
from pathlib import Path

_kept = []  # as long as the process lives


def _install() -> None:
    from test.tensorrt_double import install

    installed = install(os.environ["TENSORRT_DOUBLE"])
    _kept.append(installed)
    fault = os.environ.get("TENSORRT_DOUBLE_FAULT")
    installed.__enter__().faults.file = Path(fault) if fault else None


if "TENSORRT_DOUBLE" in os.environ:
    _install()
