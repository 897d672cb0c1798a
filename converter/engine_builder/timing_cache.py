"""How long layers took on this device in earlier builds, so that the next build is fast.

A cache is for one TensorRT on one GPU. One that is for another, or damaged, is replaced.
"""

import re
from pathlib import Path
from typing import Any

from converter.engine_builder.engine_folder import write_or_refuse
from trt_inference.bundles.bundle_files import read_in_bundle, resolve_in_bundle
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER

_LARGEST = 1 << 30  # bytes


def default_file(bundle: Path, machine: Machine) -> Path:
    """The cache of this machine beside the bundle's engines, named after what it is for.

    Raises:
        BundleError: it is a link out of the bundle, where it would be written.
    """
    gpu = re.sub(r"[^a-z0-9]+", "-", machine.gpu.lower()).strip("-") or "gpu"
    sm = machine.sm.replace("_", "")
    name = f"timing-trt{machine.tensorrt}-{sm}-{gpu}-{machine.architecture}.cache"
    return Path(resolve_in_bundle(bundle, f"{ENGINES_FOLDER}/{name}"))


class TimingCache:
    """The cache of one build.

    Attributes:
        is_reused: whether TensorRT took the cache of the file.
    """

    def __init__(self, config: Any, file: Path) -> None:
        """Give ``config`` the cache in ``file``, or an empty one."""
        self._config, self._file = config, file
        self.is_reused = self._use()
        self._before = self._content()

    def save(self) -> None:
        """Keep what TensorRT has measured meanwhile, if anything. A build that failed or was
        cancelled has measured, too.

        Raises:
            OutputError: it cannot be written.
        """
        content = self._content()
        if content != self._before:
            write_or_refuse(self._file, content)

    def _use(self) -> bool:
        try:
            file = self._file.resolve()  # the user's own file may be a link
            content = read_in_bundle(file.parent, file.name, _LARGEST)
        except FileNotFoundError:
            content = b""
        cache = self._config.create_timing_cache(content)
        if cache is not None and self._config.set_timing_cache(cache, False):
            return bool(content)
        self._config.set_timing_cache(self._config.create_timing_cache(b""), False)
        return False

    def _content(self) -> bytes:
        cache = self._config.get_timing_cache()
        return bytes(cache.serialize()) if cache is not None else b""
