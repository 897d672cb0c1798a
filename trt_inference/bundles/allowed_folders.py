"""The folders from which bundles may be loaded: whoever may set a parameter could name any path."""

import os
import pwd
from pathlib import Path
from typing import List, Sequence, Tuple

from trt_inference.errors import BundleError

# They hold whatever anybody puts there, so that a bundle in one of them says nothing about its
# neighbours. So do the homes of users.
SHARED_FOLDERS = (
    *("/", "/dev/shm", "/etc", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/tmp"),
    *("/usr", "/var", "/var/lib", "/var/tmp"),
)
_LONGEST = 4096  # characters, PATH_MAX of Linux


class AllowedFolders:
    """The roots from which bundles may be loaded, as they were given when the process started.

    All links are followed first, those of the roots and those of the bundle, so that no link and no
    ``..`` leads out. This reads the file system, which may not answer.
    """

    def __init__(self, roots: Sequence[str], first_bundle: str) -> None:
        """
        Args:
            roots: folders; a bundle is one of them or lies below one. With none, or only an empty
                name: the folder that holds ``first_bundle``, or where that is shared with others
                (``SHARED_FOLDERS`` and homes), this one bundle alone.
            first_bundle: the bundle that was asked for when the process started, or nothing.
        """
        self._roots = [root for root in roots if root]
        self._first = first_bundle

    @property
    def are_none(self) -> bool:
        """Whether nothing may be loaded, since nothing was given."""
        return not self._roots and not self._first

    def resolve(self, bundle: str) -> Path:
        """The path of ``bundle`` without links. Load this path: it is the one that was checked.

        Raises:
            BundleError: it lies in none of the folders.
        """
        wanted = resolved(bundle)
        folders, is_alone = self._folders()
        if any(wanted == one or (not is_alone and one in wanted.parents) for one in folders):
            return wanted
        if self.are_none:
            raise BundleError(
                f"'{bundle}' may not be loaded: the process was started without a bundle. Start it "
                "with the parameter bundle, or with bundle_folders and the folders to load from"
            )
        link = "" if str(wanted) == bundle else f", which is '{wanted}',"
        raise BundleError(
            f"'{bundle}'{link} may not be loaded: it is not in {_listed(folders)}. To allow it, "
            "start the node with its folder among bundle_folders"
        )

    def missing(self) -> List[str]:
        """The roots that are no folders, as they were given."""
        return [root for root in self._roots if not resolved(root).is_dir()]

    def _folders(self) -> Tuple[List[Path], bool]:
        """The roots without links, and whether only they themselves are allowed."""
        if self._roots:
            return [resolved(root) for root in self._roots], False
        if not self._first:
            return [], True
        first = resolved(self._first)
        is_alone = _is_shared(first.parent)
        return [first if is_alone else first.parent], is_alone


def resolved(path: str) -> Path:
    """A path without links; a beginning ``~`` is a home.

    Raises:
        BundleError: it cannot be a path.
    """
    if len(path) > _LONGEST:
        raise BundleError(
            f"'{path[:50]}…' is no path: it has {len(path)} characters, a path {_LONGEST} at most"
        )
    try:
        expanded = os.path.expanduser(path)
        real = os.path.realpath(expanded)
    except (OSError, ValueError, KeyError) as error:  # such as a zero byte, or a user without name
        raise BundleError(f"{path!r} is no path: {error}. Give the path of a folder") from error
    if expanded.startswith("~"):
        raise BundleError(f"'{path}' is the home of an unknown user: give the path of a folder")
    return Path(real)


def _is_shared(folder: Path) -> bool:
    own = {os.path.realpath(os.path.expanduser("~"))}
    homes = own.union(user.pw_dir for user in pwd.getpwall())
    return str(folder) in homes.union(SHARED_FOLDERS) or str(folder.parent) == "/home"


def _listed(folders: Sequence[Path], most: int = 5) -> str:
    more = f" and {len(folders) - most} more" if len(folders) > most else ""
    return ", ".join(str(folder) for folder in folders[:most]) + more
