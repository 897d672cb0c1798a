"""Ubuntu in a folder, in which commands run as they would while an image is built. Needs root."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Mapping, Optional

KEYS = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
ARCHIVE = "http://archive.ubuntu.com/ubuntu"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The mounts end with the process, in a namespace of its own.
_ENTER = """
for folder in proc sys dev; do mount --rbind /$folder "$ROOT/$folder"; done
mkdir -p "$PACKAGES/partial"
mount --bind "$PACKAGES" "$ROOT/var/cache/apt/archives"
exec chroot "$ROOT" /usr/bin/env -i "$@"
"""


class CommandFailed(Exception):
    """A command ended with an error. The message has the end of what it printed."""


def make_ubuntu(suite: str, cache: Path, folder: Path) -> None:
    """A fresh Ubuntu in ``folder``, which must not exist, copied from the one in ``cache``.

    Raises:
        CommandFailed: debootstrap failed.
    """
    original = cache / suite
    if not (cache / f"{suite}.complete").exists():
        shutil.rmtree(original, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", "--components=main,universe"]
        # On Debian, where the keys are no package. What comes of it is for checks alone.
        command += [f"--keyring={KEYS}"] if KEYS.exists() else ["--no-check-gpg"]
        command += ["--include=ca-certificates", suite, str(original), ARCHIVE]
        _finish([*command, "/usr/share/debootstrap/scripts/gutsy"], "debootstrap failed")
        (cache / f"{suite}.complete").touch()
    _finish(["cp", "-a", str(original), str(folder)], "copying failed")
    components = "main universe multiverse restricted"
    (folder / "etc/apt/sources.list").write_text(
        f"deb {ARCHIVE} {suite} {components}\ndeb {ARCHIVE} {suite}-updates {components}\n"
    )
    # Nothing here has to outlast a crash, and waiting for the disk takes most of the time.
    (folder / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
    shutil.copy("/etc/resolv.conf", str(folder / "etc/resolv.conf"))
    if CERTIFICATES.exists():  # there may be one of a company's proxy among them
        shutil.copy(str(CERTIFICATES), str(folder / CERTIFICATES.relative_to("/")))


def run_inside(root: Path, command: str, variables: Mapping[str, str], **where: str) -> str:
    """What ``bash -c command`` prints in the Ubuntu at ``root``.

    Args:
        variables: the environment, beside PATH and what reaches the network.
        where: ``user`` (root) and ``folder`` (/).

    Raises:
        CommandFailed: it ended with an error.
    """
    user, folder = where.get("user", "root"), where.get("folder", "/")
    environment = {"PATH": _PATH, **_of_the_network(), **variables}
    inner = ["bash", "-c", f"cd {folder} && {command}"]
    if user != "root":
        inner = ["runuser", "-u", user, "--", *inner]
    assignments = [f"{name}={value}" for name, value in environment.items()]
    outer = ["unshare", "--mount", "--propagation", "private", "bash", "-ec", _ENTER, "bash"]
    return _finish([*outer, *assignments, *inner], f"failed: {command}", _places(root))


def _places(root: Path) -> Dict[str, str]:
    """The Ubuntu, and beside it the packages of apt, so that they are downloaded once."""
    return {"ROOT": str(root), "PACKAGES": str(root.parents[1] / "packages")}


def _of_the_network() -> Dict[str, str]:
    names = ("http_proxy", "https_proxy", "no_proxy")
    found = {name: os.environ[name] for name in names if name in os.environ}
    if CERTIFICATES.exists():
        found["PIP_CERT"] = str(CERTIFICATES)
    return found


def _finish(command: List[str], failure: str, variables: Optional[Mapping[str, str]] = None) -> str:
    ended = subprocess.run(
        command,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
        check=False,
    )
    if ended.returncode != 0:
        raise CommandFailed(f"{failure}\n{ended.stdout[-3000:]}")
    return ended.stdout
