"""scripts/debian.sh: what is left where it is interrupted, and what it tells where it cannot."""

import shutil
import subprocess
from pathlib import Path
from typing import Tuple

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = ("bash", "cat", "cmp", "cp", "dirname", "flock", "mkdir", "mv", "rm", "sed", "seq")
CONSTRAINTS = "scripts/constraints/python3.12.txt"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with nothing made. In ``bin``, what the script needs; what would need root or download
    tells what it was asked for. ``unshare`` goes on without a namespace, as root or not."""
    shutil.copytree(str(ROOT / "scripts"), str(tmp_path / "scripts"))
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(str(shutil.which(name)))
    write_program(folder / "id", "echo 0")
    write_program(folder / "unshare", 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"')
    write_program(folder / "mount", "")
    write_program(folder / "debootstrap", 'for at; do :; done; mkdir -p "${at}/var"; echo made')
    write_program(folder / "chroot", 'echo "chroot $*"')
    python = tmp_path / ".venv" / "robot" / "bin" / "python"
    python.parent.mkdir(parents=True)
    write_program(
        python,
        'while [ "$1" != --target ]; do shift; done; mkdir -p "$2"; echo "$*" >"$2/asked"; '
        'cat "${@: -1}" >"$2/wanted"',
    )
    return tmp_path


def write_program(file: Path, lines: str) -> None:
    if file.is_symlink():
        file.unlink()
    file.write_text(f"#!{shutil.which('bash')}\n{lines}\n", "utf-8")
    file.chmod(0o755)


def run(tree: Path, *arguments: str) -> Tuple[int, str]:
    ended = subprocess.run(
        [str(shutil.which("bash")), "scripts/debian.sh", *arguments],
        cwd=str(tree),
        env={"PATH": str(tree / "bin")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def test_the_command_runs_in_a_system_that_is_made_once(tree: Path) -> None:
    code, shown = run(tree, "amd64", "python3", "-m", "pytest")
    assert code == 0, shown
    assert "making Debian bookworm for amd64" in shown
    assert shown.splitlines()[-1].endswith("python3 -m pytest")
    code, shown = run(tree, "amd64", "true")
    assert code == 0 and "making" not in shown and "installing" not in shown, shown


def test_wheels_are_those_of_the_system_and_not_of_this_machine(tree: Path) -> None:
    run(tree, "amd64", "true")
    asked = (tree / ".venv/debian-amd64/libraries/asked").read_text("utf-8")
    for option in ("--only-binary :all:", "--python-version 3.11", "--platform manylinux_2_28_x86"):
        assert option in asked
    assert "aarch64" not in asked
    wanted = (tree / ".venv/debian-amd64/libraries/wanted").read_text("utf-8")
    assert "onnxruntime==" in wanted and "cuda" not in wanted.replace("CUDA", "")


def test_other_constraints_replace_the_libraries(tree: Path) -> None:
    run(tree, "amd64", "true")
    with open(str(tree / CONSTRAINTS), "a") as file:
        file.write("one-more==1.0\n")
    assert "installing the libraries" in run(tree, "amd64", "true")[1]
    assert "installing the libraries" not in run(tree, "amd64", "true")[1]


@pytest.mark.parametrize("failing", ["debootstrap", "pip"])
def test_what_was_not_finished_is_made_anew(tree: Path, failing: str) -> None:
    at = tree / {"debootstrap": "bin/debootstrap", "pip": ".venv/robot/bin/python"}[failing]
    whole = at.read_text("utf-8")
    write_program(at, f"{whole}exit 1")
    code, shown = run(tree, "amd64", "true")
    assert code == 1 and "un the command again" in shown and "chroot" not in shown
    at.write_text(whole, "utf-8")
    (tree / ".venv/debian-amd64/system.partial").mkdir(exist_ok=True)
    (tree / ".venv/debian-amd64/system.partial/half").touch()
    code, shown = run(tree, "amd64", "true")
    assert code == 0, shown
    assert not (tree / ".venv/debian-amd64/system/half").exists()
    assert not list(tree.glob(".venv/debian-amd64/*.partial"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("riscv64", "true"), "choose arm64 or amd64"),
        (("arm64",), "usage: scripts/debian.sh arm64|amd64 COMMAND"),
        ((), "usage: scripts/debian.sh arm64|amd64 COMMAND"),
    ],
)
def test_what_it_cannot_do_is_told_before_anything_is_made(
    tree: Path, arguments: Tuple[str, ...], told: str
) -> None:
    code, shown = run(tree, *arguments)
    assert (code, told in shown) == (1, True), shown
    assert not list(tree.glob(".venv/debian-*"))


def test_a_user_is_asked_for_sudo_or_told_that_root_is_needed(tree: Path) -> None:
    write_program(tree / "bin" / "id", "echo 1000")
    code, shown = run(tree, "amd64", "true")
    assert code == 1 and "need root, and there is no sudo: run this as root" in shown
    write_program(tree / "bin" / "sudo", 'shift; SUDO_UID=7 SUDO_GID=8 exec "$@"')
    code, shown = run(tree, "amd64", "true")
    assert code == 0 and "asking sudo" in shown
    assert "chroot --userspec=7:8" in shown
