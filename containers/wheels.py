"""Which packages of pip have a wheel for a Jetson: asked of PyPI by pip itself, on any machine."""

import os
import subprocess
import sys
import tempfile
from typing import Dict, Iterable, List, NamedTuple

_NO_WHEEL = ("No matching distribution found", "Could not find a version")


class Wheels(NamedTuple):
    """Packages as ``name==version``, sorted by what pip finds for aarch64."""

    found: List[str]
    compiled: List[str]  # there is a source distribution alone, or wheels for others


def find_wheels(packages: Iterable[str], python: str, glibc: int) -> Wheels:
    """Downloads each package as a wheel for aarch64, where there is one.

    Args:
        packages: as ``name==version``.
        python: the version of the board's Python, as ``3.10``.
        glibc: the minor number of the board's glibc 2, the latest that wheels may need.

    Raises:
        RuntimeError: pip failed for another reason than a missing wheel.
    """
    wheels = Wheels([], [])
    for package in sorted(packages):
        has_wheel = _download(package, python, glibc)
        (wheels.found if has_wheel else wheels.compiled).append(package)
    return wheels


def _download(package: str, python: str, glibc: int) -> bool:
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(17, glibc + 1)]
    platforms += ["manylinux2014_aarch64", "linux_aarch64"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--dest", folder, "--implementation", "cp", "--python-version", python]
        command += [word for platform in platforms for word in ("--platform", platform)]
        ended = subprocess.run(
            [*command, package],
            env=_plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            check=False,
        )
    if ended.returncode != 0 and not any(words in ended.stdout for words in _NO_WHEEL):
        raise RuntimeError(f"pip download {package} failed:\n{ended.stdout[-2000:]}")
    return ended.returncode == 0


def _plain_environment() -> Dict[str, str]:
    """Without what this machine adds to pip, as wheels or constraints of its own."""
    kept = {"PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT"}
    plain = {name: os.environ[name] for name in os.environ if name[:4] != "PIP_" or name in kept}
    return {**plain, "PIP_CONFIG_FILE": os.devnull}
