"""The double in processes that a test starts: Python imports this when it begins, where this
folder is in PYTHONPATH.

``TENSORRT_DOUBLE`` is the version, ``TENSORRT_DOUBLE_CUDA`` the library for CUDA, and
``TENSORRT_DOUBLE_DEVICES`` the number of GPUs, of which all but the first are of sm_75. Once the
file ``TENSORRT_DOUBLE_FAULT`` is there, its content is what goes wrong at the next synchronisation.
``TENSORRT_DOUBLE_MACHINE`` and ``TENSORRT_DOUBLE_FAULTS`` are fields of ``Machine`` and ``Faults``
that differ, as JSON.
"""

import json
import os
from pathlib import Path

_kept = []  # as long as the process lives


def _install() -> None:
    from test.tensorrt_double import install

    given = dict(os.environ)
    machine = {
        "devices": int(given.get("TENSORRT_DOUBLE_DEVICES", "1")),
        "other_capability": (7, 5),
        **json.loads(given.get("TENSORRT_DOUBLE_MACHINE", "{}")),
    }
    lists = {name: tuple(value) for name, value in machine.items() if isinstance(value, list)}
    machine.update(lists)
    version, cuda = given["TENSORRT_DOUBLE"], given.get("TENSORRT_DOUBLE_CUDA", "pycuda")
    installed = install(version, cuda, **machine)
    _kept.append(installed)
    double = installed.__enter__()
    os.environ.update({name: given[name] for name in ("CUDA_VISIBLE_DEVICES",) if name in given})
    fault = given.get("TENSORRT_DOUBLE_FAULT")
    double.faults.file = Path(fault) if fault else None
    for name, value in json.loads(given.get("TENSORRT_DOUBLE_FAULTS", "{}")).items():
        setattr(double.faults, name, value)


if "TENSORRT_DOUBLE" in os.environ:
    _install()
