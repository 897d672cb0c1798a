"""What the project states about itself: its metadata agree, and its pages are true to the tree."""

import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple
from xml.etree import ElementTree

import pytest

from test.test_architecture import LAYERS, ROOT

PACKAGE = ElementTree.parse(ROOT / "package.xml").getroot()
PAGES = (
    *("README.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("docs/architecture.md", "docs/doctor.md", "docs/jetson.md", "docs/launching.md"),
    *("docs/fleet.md", "docs/replay.md", "docs/security.md", "docs/tuning.md"),
    "containers/README.md",
)
# Pages that name parts of the code.
GUIDES = ("CONTRIBUTING.md", "docs/architecture.md")
FOLDERS = (
    "benchmarks config containers converter docs examples interfaces launch scripts test "
    "trt_inference"
)
SOURCES = {".py", ".yaml", ".json", ".toml", ".cfg", ".xml", ".sh"}

CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
LINK_TO_HEADING = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
PATH = re.compile(r"[\w./-]*\w(\.(py|json|ya?ml|cfg|toml|xml|sh|rst)|/)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*[A-Za-z0-9_]")
# Paths that are of bundles, of environments and of ONNX graphs, not of the tree.
ELSEWHERE = {
    *("model.json", "report.json", "engines/", ".venv/"),
    *("input_stage/", "network/", "head/", "output_stage/"),
}


def metadata() -> Dict[str, str]:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return dict(parser["metadata"])


def of_package(tag: str) -> str:
    return "".join(element.text or "" for element in PACKAGE.findall(tag))


def addresses() -> Dict[str, str]:
    return {url.get("type", ""): url.text or "" for url in PACKAGE.findall("url")}


def project_urls() -> Dict[str, str]:
    lines = [line for line in metadata()["project_urls"].splitlines() if line]
    return dict(line.split(" = ", 1) for line in lines)


def prose(page: str) -> str:
    """A page without its blocks of code."""
    return CODE_BLOCK.sub("", (ROOT / page).read_text("utf-8"))


def tree() -> Set[str]:
    """Every file and folder of the sources, as ``/converter/heads/base.py`` and ``/docs/``."""
    found = {f"/{path.name}" for path in ROOT.iterdir() if path.is_file()}
    for folder in FOLDERS.split():
        inside = [path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
        found |= {f"/{path.relative_to(ROOT)}{'/' * path.is_dir()}" for path in inside}
        found.add(f"/{folder}/")
    return found


def test_rosdep_installs_nothing_with_pip() -> None:
    """pip would put NumPy 2 over the NumPy that apt's OpenCV was built for."""
    names = [entry.text or "" for entry in PACKAGE.iter("exec_depend")]
    assert "python3-opencv" in names
    assert [name for name in names if name.endswith("-pip")] == []


def test_ros_accepts_package_xml() -> None:
    catkin = pytest.importorskip("catkin_pkg.package", reason="comes with colcon")
    warnings: List[str] = []
    package = catkin.parse_package(str(ROOT / "package.xml"), warnings=warnings)
    package.validate(warnings=warnings)
    assert warnings == []


def test_pip_and_ros_get_the_same_metadata() -> None:
    pip = metadata()
    maintainer = PACKAGE.find("maintainer")
    assert maintainer is not None
    assert (pip["maintainer"], pip["maintainer_email"]) == (
        maintainer.text,
        maintainer.get("email"),
    )
    for name in ("name", "version", "license"):
        assert pip[name] == of_package(name)
    assert set(addresses()) == {"website", "bugtracker", "repository"}
    assert pip["url"] == addresses()["website"]
    assert project_urls()["Source"] == addresses()["repository"]
    assert project_urls()["Issues"] == addresses()["bugtracker"]


def test_setuptools_reads_the_metadata() -> None:
    command = [sys.executable, "setup.py", "--quiet", "--name", "--version", "--url", "--license"]
    printed = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, universal_newlines=True, check=True, timeout=100
    ).stdout
    expected = [metadata()[key] for key in ("name", "version", "url", "license")]
    assert printed.split() == expected


def test_pages_name_the_addresses_of_the_metadata() -> None:
    contributing, security = (
        (ROOT / page).read_text("utf-8") for page in ("CONTRIBUTING.md", "SECURITY.md")
    )
    assert f"]({addresses()['bugtracker']})" in contributing
    assert f"<{metadata()['maintainer_email']}>" in security


def test_the_changelog_begins_with_the_version() -> None:
    versions = re.findall(r"^(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.rst").read_text("utf-8"), re.M)
    assert versions[0] == metadata()["version"]


@pytest.mark.parametrize("tool", ["ruff", "mypy"])
def test_each_commit_is_checked_by_the_versions_of_make_lint(tool: str) -> None:
    (wanted,) = re.findall(rf'"{tool}==([\d.]+)"', (ROOT / "setup.py").read_text("utf-8"))
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert set(re.findall(rf"{tool}==([\d.]+)", hooks)) == {wanted}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    links = [link for link in LINK.findall(prose(page)) if "://" not in link]
    assert links
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def anchors(page: Path) -> Set[str]:
    """The names by which GitHub lets headings be linked to; none where there is no such page."""
    if not page.is_file():
        return set()
    headings = HEADING.findall(CODE_BLOCK.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_headings(page: str) -> None:
    file = ROOT / page
    lost = [
        f"{target}#{anchor}"
        for target, anchor in LINK_TO_HEADING.findall(prose(page))
        if "://" not in target
        if anchor not in anchors(file.parent / target if target else file)
    ]
    assert lost == []


@pytest.mark.parametrize("page", GUIDES)
def test_paths_in_the_guides_exist(page: str) -> None:
    """A path may leave out folders that the sentence has named before."""
    known = tree()
    words = [word for word in IN_BACKTICKS.findall(prose(page)) if PATH.fullmatch(word)]
    assert len(words) > 5
    missing = [
        word
        for word in words
        if word not in ELSEWHERE and not any(path.endswith(f"/{word}") for path in known)
    ]
    assert missing == []


def test_names_of_code_in_the_architecture_exist() -> None:
    text = "\n".join(
        path.read_text("utf-8")
        for folder in FOLDERS.split()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SOURCES
    )
    words = set(re.findall(r"\w+", text))
    assert [
        name
        for name in IN_BACKTICKS.findall(prose("docs/architecture.md"))
        if NAME.fullmatch(name) and not PATH.fullmatch(name) and name not in ELSEWHERE
        if not set(name.split(".")) <= words
    ] == []


def layers_of_the_page() -> Iterator[Tuple[str, List[str]]]:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names: List[str]
    (block,) = (one for one in CODE_BLOCK.findall(text) if "\ntrt_inference " in one)
    package, names = "", []
    for line in block.splitlines()[1:-1]:
        first, *rest = line.split()
        if line.startswith(" "):
            names += [first, *rest]
            continue
        if package:
            yield package, names
        package, names = first, rest
    yield package, names


def test_the_architecture_states_the_layers_that_are_tested() -> None:
    assert dict(layers_of_the_page()) == {name: text.split() for name, text in LAYERS.items()}


def explained_in(heading: str) -> Set[str]:
    """The folders and modules that the architecture has a row for, of a folder."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = text.partition(f"### `{heading}/`")[2].partition("\n##")[0]
    first_column = " ".join(line.split("|")[1] for line in section.splitlines() if "|" in line)
    return set(IN_BACKTICKS.findall(first_column))


@pytest.mark.parametrize("package", LAYERS)
def test_the_architecture_explains_each_folder(package: str) -> None:
    heading = package.replace(".", "/")
    assert explained_in(heading) == {
        f"{name}/" if (ROOT / heading / name).is_dir() else f"{name}.py"
        for name in LAYERS[package].split()
        if name != "__main__"
    }


def test_the_architecture_explains_each_module_of_the_engine_for_servers() -> None:
    """Of other engines, the docstrings are enough."""
    heading = "trt_inference/engines/triton"
    modules = {file.name for file in (ROOT / heading).glob("*.py")} - {"__init__.py"}
    assert explained_in(heading) == {*modules, "client/"}
