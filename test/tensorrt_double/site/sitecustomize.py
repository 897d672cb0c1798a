"""The double in processes that a test starts: Python imports this when it begins, where this
folder is in PYTHONPATH.

``TENSORRT_DOUBLE`` is the version, ``TENSORRT_DOUBLE_CUDA`` the library for CUDA, and
``TENSORRT_DOUBLE_DEVICES`` the number of GPUs, of which all but the first are of sm_75. Once the
file ``TENSORRT_DOUBLE_FAULT`` is there, its content is what goes wrong at the next synchronisation.
"""

import os
from pathlib import Path

_kept = []  # as long as the process lives


def _install() -> None:
    from test.tensorrt_double import install

    given = dict(os.environ)
    installed = install(
        given["TENSORRT_DOUBLE"],
        given.get("TENSORRT_DOUBLE_CUDA", "pycuda"),
        devices=int(given.get("TENSORRT_DOUBLE_DEVICES", "1")),
        other_capability=(7, 5),
    )
    _kept.append(installed)
    double = installed.__enter__()
    os.environ.update({name: given[name] for name in ("CUDA_VISIBLE_DEVICES",) if name in given})
    fault = given.get("TENSORRT_DOUBLE_FAULT")
    double.faults.file = Path(fault) if fault else None


if "TENSORRT_DOUBLE" in os.environ:
    _install()
