"""How long layers took on this device in earlier builds, so that the next build is fast.

A cache is for one TensorRT on one GPU. One that is for another, or damaged, is replaced.
"""

import re
from pathlib import Path
from typing import Any

from converter.engine_builder.engine_folder import write_or_refuse
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER


def default_file(bundle: Path, machine: Machine) -> Path:
    """The cache of this machine beside the bundle's engines, named after what it is for."""
    gpu = re.sub(r"[^a-z0-9]+", "-", machine.gpu.lower()).strip("-") or "gpu"
    sm = machine.sm.replace("_", "")
    name = f"timing-trt{machine.tensorrt}-{sm}-{gpu}-{machine.architecture}.cache"
    return bundle / ENGINES_FOLDER / name


def use_cache(config: Any, file: Path) -> bool:
    """Give ``config`` the cache in ``file``, or an empty one.

    Returns:
        Whether TensorRT took the cache of the file.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        content = b""
    cache = config.create_timing_cache(content)
    if cache is not None and config.set_timing_cache(cache, False):
        return bool(content)
    empty = config.create_timing_cache(b"")
    config.set_timing_cache(empty, False)
    return False


def save_cache(config: Any, file: Path) -> None:
    """Keep what ``config`` has learnt.

    Raises:
        OutputError: it cannot be written.
    """
    cache = config.get_timing_cache()
    if cache is not None:
        write_or_refuse(file, bytes(cache.serialize()))
