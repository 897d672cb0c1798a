"""Where a bundle is taken to: ``user@host:folder``, without what a shell or ssh would obey."""

import re
from dataclasses import dataclass

from converter.errors import DeployError
from trt_inference.printable import printable

# As OpenSSH refuses them too: a host that is an option, or that a shell would run.
_NO_NAME = re.compile(r"[\s'\"`$\\;&<>|(){}\x00-\x1f\x7f/]|^-|^$")
_EXAMPLE = "as in jetson@nano.local:bundles/shapes"


@dataclass(frozen=True)
class Destination:
    """A folder on a robot.

    Attributes:
        login: what ssh connects to: ``host`` or ``user@host``.
        folder: absolute, or relative to the home there; without ``/`` at the end.
    """

    login: str
    folder: str

    def __str__(self) -> str:
        return f"{self.login}:{self.folder}"


def parse_destination(text: str) -> Destination:
    """Read ``[user@]host:folder``; the host is a name, an alias of ssh's configuration, an IPv4
    address, or an IPv6 address in brackets.

    Raises:
        DeployError: it is none, or a name in it would be taken for something else.
    """
    found = re.fullmatch(r"((?:[^:\[\]]*@)?)(\[[^\[\]]*\]|[^:\[\]]*):(.*)", text, re.DOTALL)
    if found is None:
        raise DeployError(f"'{printable(text)}' is not USER@HOST:FOLDER, {_EXAMPLE}")
    user, host = found.group(1)[:-1], found.group(2).strip("[]")
    _check_name("host", host, text)
    if found.group(1):
        _check_name("user", user, text)
    return Destination(f"{user}@{host}" if user else host, _folder(found.group(3), text))


def _check_name(what: str, name: str, text: str) -> None:
    if _NO_NAME.search(name):
        raise DeployError(
            f"'{printable(text)}' has no {what} that ssh takes: '{printable(name)}'. Give "
            f"USER@HOST:FOLDER, {_EXAMPLE}; options of ssh belong into --ssh"
        )


def _folder(given: str, text: str) -> str:
    folder = given[2:].lstrip("/") if given.startswith("~/") else given
    folder = folder.rstrip("/")
    if folder.startswith("~"):
        raise DeployError(
            f"'{printable(text)}': the robot's shell does not see the ~. Give the whole path, or "
            "one without / in front, which begins at the home there"
        )
    if folder.rpartition("/")[2] in ("", ".", ".."):
        raise DeployError(
            f"'{printable(text)}' does not name the folder that the bundle becomes, {_EXAMPLE}"
        )
    if printable(folder) != folder:
        raise DeployError(
            f"'{printable(folder)}' has characters that cannot be shown: choose another folder"
        )
    return folder
