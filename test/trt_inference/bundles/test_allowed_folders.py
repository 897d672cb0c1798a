"""From which folders bundles may be loaded, whatever links and dots a path has."""

import os
import pwd
from pathlib import Path

import pytest

from trt_inference.bundles.allowed_folders import SHARED_FOLDERS, AllowedFolders
from trt_inference.errors import BundleError


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with two bundles, beside one with another."""
    for name in ("models/first", "models/group/second", "elsewhere/other"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "models"


def refuse(folders: AllowedFolders, path: object, reason: str = "may not be loaded") -> None:
    with pytest.raises(BundleError, match=reason):
        folders.resolve(str(path))


def test_a_root_and_all_below_it_are_allowed(models: Path) -> None:
    folders = AllowedFolders([str(models)], "")
    for bundle in (models, models / "first", models / "group" / "second", models / "to come"):
        assert folders.resolve(str(bundle)) == bundle
    for path in (models.parent, models.parent / "elsewhere" / "other", "/", f"{models}_2"):
        refuse(folders, path)
    refuse(folders, "", "may not be loaded")


def test_the_refusal_names_the_parameter_the_place_and_the_roots(models: Path) -> None:
    (models / "link").symlink_to(models.parent / "elsewhere" / "other")
    folders = AllowedFolders([str(models)], "")
    with pytest.raises(BundleError) as refused:
        folders.resolve(str(models / "link"))
    message = str(refused.value)
    for part in ("bundle_folders", str(models / "link"), "elsewhere/other", f"not in {models}"):
        assert part in message


@pytest.mark.parametrize("path", ["..", "../elsewhere/other", "first/../../elsewhere", "first/.."])
def test_dots_lead_nowhere_else(models: Path, path: str) -> None:
    folders = AllowedFolders([str(models / "first")], "")
    refuse(folders, models / path if path != "first/.." else models / "first" / "..")
    assert folders.resolve(f"{models}/group/../first") == models / "first"


def test_links_are_followed_first(models: Path) -> None:
    """Those of the roots too, and ``..`` after a link means the folder that the link leads to."""
    outside = models.parent / "elsewhere" / "other"
    (models / "out").symlink_to(outside)
    (models / "chain").symlink_to("out")
    (models / "in").symlink_to(models / "first")
    (models / "loop").symlink_to("loop")
    (models / "there").symlink_to(outside, target_is_directory=True)
    folders = AllowedFolders([str(models)], "")
    assert folders.resolve(str(models / "in")) == models / "first"
    for path in ("out", "chain", "there/..", "there/../other", "group/../out/deeper"):
        refuse(folders, models / path)
    assert models in folders.resolve(str(models / "loop")).parents  # cannot be opened, and is below
    root = models.parent / "root"
    root.symlink_to(models)
    assert AllowedFolders([str(root)], "").resolve(str(models / "first")) == models / "first"
    assert AllowedFolders([str(root)], "").resolve(str(root / "first")) == models / "first"


def test_what_was_checked_stays_what_is_loaded(models: Path) -> None:
    """A link that is turned after the check does not turn the path that the check has returned."""
    link = models / "current"
    link.symlink_to(models / "first")
    found = AllowedFolders([str(models)], "").resolve(str(link))
    link.unlink()
    link.symlink_to(models.parent / "elsewhere")
    assert found == models / "first" and not found.is_symlink()


def test_a_relative_root_is_below_the_working_folder(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models.parent)
    folders = AllowedFolders(["models"], "")
    assert folders.resolve("models/first") == models / "first"
    refuse(folders, "elsewhere/other")


def test_a_home_is_written_as_a_tilde(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(models))
    assert AllowedFolders(["~"], "").resolve("~/first") == models / "first"
    refuse(AllowedFolders(["~"], ""), "~nosuchuser/first", "unknown user")


@pytest.mark.parametrize("path", ["\0", "a\0b", "\udcff", "\ud800", "x" * 100000, "~\0"])
def test_no_text_does_harm(models: Path, path: str) -> None:
    refuse(AllowedFolders([str(models)], ""), path, "no path|may not|unknown user")


def test_roots_that_are_no_folders_are_named(models: Path) -> None:
    file = models / "file"
    file.touch()
    given = [str(models), str(file), "/nowhere/at/all"]
    assert AllowedFolders(given, "").missing() == given[1:]


def test_without_roots_it_is_the_folder_of_the_first_bundle(models: Path) -> None:
    (models.parent / "link").symlink_to(models / "first")
    for first in (models / "first", models.parent / "link"):
        folders = AllowedFolders([""], str(first))
        assert folders.resolve(str(first)) == models / "first"
        assert folders.resolve(str(models / "group")) == models / "group"
        refuse(folders, models.parent / "elsewhere" / "other")


@pytest.mark.parametrize("home", [False, True])
def test_of_a_shared_folder_the_first_bundle_alone_is_allowed(
    models: Path, monkeypatch: pytest.MonkeyPatch, home: bool
) -> None:
    """A bundle that is itself such a folder does not open all of it, either."""
    if home:
        monkeypatch.setenv("HOME", str(models))
    else:
        shared = [*SHARED_FOLDERS, str(models)]
        monkeypatch.setattr(f"{AllowedFolders.__module__}.SHARED_FOLDERS", shared)
    folders = AllowedFolders([], str(models / "first"))
    assert folders.resolve(str(models / "first")) == models / "first"
    for path in (models / "group", models / "first" / "deeper", models):
        refuse(folders, path)
    refuse(AllowedFolders([], "/"), models)
    assert AllowedFolders([], "/").resolve("/") == Path("/")


@pytest.mark.parametrize(
    "folder", [*SHARED_FOLDERS, "/home/somebody", pwd.getpwuid(os.getuid()).pw_dir]
)
def test_folders_that_everybody_uses_are_shared(folder: str) -> None:
    real = os.path.realpath(folder)
    folders = AllowedFolders([], f"{real}/a_bundle_of_no_use")
    refuse(folders, f"{real}/another")


def test_nothing_is_allowed_where_nothing_was_given() -> None:
    folders = AllowedFolders([""], "")
    assert folders.are_none
    refuse(folders, "/models/shapes", "started without a bundle.*bundle_folders")
