"""What is on the robot already: the bundle there, its engines, and what an earlier call left."""

import base64
import binascii
import hashlib
import importlib.resources
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from converter.deployment.bundle_contents import BundleContents, FileToSend
from converter.deployment.ssh_connection import SshConnection
from converter.errors import DeployError
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import model_sha256
from trt_inference.bundles.manifest import MANIFEST, files_of
from trt_inference.bundles.names import REPORT_CONTENT, REPORT_PAGE
from trt_inference.printable import printable

_SPARE = 1 << 20  # bytes, for folders and what else is written meanwhile
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class RobotFolder:
    """The folder of a bundle on the robot.

    Attributes:
        path: absolute, without links.
        kind: ``bundle``, ``none``, ``mount`` for a place where a file system is mounted, or
            ``other`` for what must not be touched.
        manifest: the content of its model.json as it is there, or nothing.
        sidecars: those of its engines that can be read.
        free: bytes; None where df did not tell.
        unwritable: what would have to be written to, and cannot.
        has_rsync: the robot has rsync.
        has_replaced: an earlier call was ended before it removed the bundle that it replaced.
    """

    path: str
    kind: str
    manifest: bytes = b""
    sidecars: tuple[dict, ...] = ()
    free: int | None = None
    unwritable: tuple[str, ...] = ()
    has_rsync: bool = False
    has_replaced: bool = False

    @property
    def staging(self) -> str:
        """The folder beside it that is written into."""
        parent, _, name = self.path.rpartition("/")
        return f"{parent}/.{name}.deploying"

    def is_same_bundle(self, bundle: Bundle) -> bool:
        """Whether it is of the very same conversion."""
        return hashlib.sha256(self.manifest).hexdigest() == bundle.manifest_sha256

    def old_files(self) -> list[str]:
        """The names of all files of the bundle that is there; few where its manifest is broken."""
        try:
            named = files_of(json.loads(self.manifest))
        except (ValueError, KeyError, TypeError, AttributeError):
            named = [MANIFEST]
        plain = [name for name in named if _PLAIN_NAME.fullmatch(str(name))]
        return [*plain, REPORT_CONTENT, REPORT_PAGE]

    def stale_engines(self, contents: BundleContents) -> list[str]:
        """The names of engines of other models than the new bundle has."""
        found = []
        for sidecar in self.sidecars:
            built_from, precision = sidecar.get("onnx_sha256"), str(sidecar.get("precision"))
            if built_from and built_from != model_sha256(contents.bundle, precision):
                found.append(printable(sidecar.get("file")))
        return found


def read_script(name: str) -> str:
    """The text of a script of this folder that runs on the robot."""
    return importlib.resources.files(__package__).joinpath(f"{name}.sh").read_text("utf-8")


def describe_folder(connection: SshConnection, folder: str) -> RobotFolder:
    """Ask the robot.

    Raises:
        ConnectionLost, RobotRefused: as of ``SshConnection.run``.
    """
    facts = [fact.partition(" ") for fact in connection.run(read_script("describe"), folder)]
    told = {name: value for name, _, value in facts}
    return RobotFolder(
        path=told.get("folder", folder),
        kind=told.get("kind", "other"),
        manifest=_decoded(told.get("manifest", "")),
        sidecars=tuple(_sidecars([value for name, _, value in facts if name == "sidecar"])),
        free=_free(told.get("df", "")),
        unwritable=tuple(value for name, _, value in facts if name == "unwritable"),
        has_rsync="rsync" in told,
        has_replaced="replaced" in told,
    )


def check_usable(folder: RobotFolder, login: str) -> None:
    """
    Raises:
        DeployError: something is there that is no bundle, or it cannot be written to.
    """
    shown = printable(folder.path)
    if folder.kind == "mount":
        raise DeployError(
            f"a file system is mounted at '{shown}' on {login}, so that a bundle cannot be put in "
            f"its place: choose a folder in it, as {login}:{shown}/bundle"
        )
    if folder.kind not in ("bundle", "none"):
        raise DeployError(
            f"{login} has '{shown}', and it is no bundle (no {MANIFEST} in it), so it is not "
            "replaced: choose another folder, or remove it there yourself"
        )
    if folder.unwritable:
        raise DeployError(
            f"{login} may not write into '{printable(folder.unwritable[0])}'. If it is another "
            f'user\'s, as of a container: sudo chown -R "$USER" there; or choose another folder'
        )


def check_space(folder: RobotFolder, needed: int, login: str) -> None:
    """
    Raises:
        DeployError: ``needed`` bytes do not fit on the disk there.
    """
    if folder.free is not None and needed and folder.free < needed + _SPARE:
        raise DeployError(
            f"the disk of {login} is full: {needed / 1e6:,.1f} MB are to be copied to "
            f"'{printable(folder.path)}', and {folder.free / 1e6:,.1f} MB are free. Make space "
            "there, and call this again"
        )


def put_in_place(
    connection: SshConnection,
    folder: RobotFolder,
    files: Sequence[FileToSend],
    keeps_report: bool,
) -> list[str]:
    """Put the new bundle in the place of the old one, with the engines of the old one.

    Returns:
        What could not be removed of the old one.
    """
    kept = "engines report" if keeps_report else "engines"
    words = [word for file in files for word in (file.name, file.sha256)]
    script = read_script("publish")
    if "published" not in connection.run(script, folder.staging, folder.path, kept, *words):
        raise DeployError(f"'{printable(folder.path)}' could not be replaced")
    return tidy(connection, folder, [file.name for file in files])


def tidy(connection: SshConnection, folder: RobotFolder, names: Sequence[str]) -> list[str]:
    """Remove the bundle that was replaced. What is not known to be of it goes into the new one.

    Returns:
        What had to stay.
    """
    known = list(dict.fromkeys([*names, *folder.old_files()]))
    facts = connection.run(read_script("tidy"), folder.path, *known)
    return [printable(fact[len("left ") :]) for fact in facts if fact.startswith("left ")]


def remove_pictures(connection: SshConnection, path: str, pictures: Sequence[FileToSend]) -> None:
    """Remove from the bundle at ``path`` the pictures that its engines were compared on."""
    script = 'cd -- "$1" && shift && rm -f -- "$@" && if [ -d "${1%/*}" ]; then rmdir "${1%/*}"; fi'
    if pictures:
        connection.run(script, path, *[file.name for file in pictures])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _sidecars(texts: Sequence[str]) -> list[dict]:
    found = []
    for text in texts:
        try:
            content = json.loads(_decoded(text))
        except ValueError:
            continue
        if isinstance(content, dict):
            found.append(content)
    return found


def _free(line: str) -> int | None:
    """The bytes that are available, of a line of ``df -Pk``."""
    found = re.search(r"\s\d+\s+\d+\s+(\d+)\s+(\d+%|-)\s", line)
    return int(found.group(1)) << 10 if found else None
