"""How `make check-containers` executes Dockerfiles, in a folder in the place of an Ubuntu."""

import subprocess
from pathlib import Path
from typing import Any, List, Mapping

import pytest

from containers import image_trial
from containers.image_trial import Outcome, try_image
from containers.ubuntu import CommandFailed


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let steps run in this system, for an Ubuntu takes root, minutes and the network."""

    def run(root: Path, command: str, variables: Mapping[str, str], **where: str) -> str:
        """Below ``root``, as far as a path of the working directory goes."""
        folder = root / where["folder"].lstrip("/")
        given = {"PATH": "/usr/bin:/bin", "BY": where["user"], **variables}
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=str(folder),
            env=given,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
        if ended.returncode != 0:
            raise CommandFailed(ended.stderr.decode())
        return ""

    def make(*_: Any) -> None:
        pass

    monkeypatch.setattr(image_trial, "run_inside", run)
    monkeypatch.setattr(image_trial, "make_ubuntu", make)


def tried(tmp_path: Path, *lines: str) -> List[Outcome]:
    """The outcomes of a Dockerfile with these lines."""
    file = tmp_path / "jetpack6.Dockerfile"  # which decides on the stand-in
    file.write_text("\n".join(["FROM ubuntu", *lines]), "utf-8")
    root = tmp_path / "root"
    root.mkdir()
    return list(try_image(file, tmp_path, root))


def test_a_step_is_executed_with_the_variables_the_folder_and_the_user_before_it(
    tmp_path: Path,
) -> None:
    tried(
        tmp_path,
        "ARG ONE=1",
        "ENV TWO=2 THREE='3 and 4'",
        "WORKDIR /made/there",
        "USER robot",
        'RUN printf "%s" "$ONE $TWO $THREE $BY" \\',
        "    > out",
    )
    made = tmp_path / "root" / "made" / "there" / "out"
    assert made.read_text("utf-8") == "1 2 3 and 4 robot"


def test_a_step_that_fails_ends_the_trial(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no_such_program"):
        tried(tmp_path, "RUN no_such_program", "RUN touch later")
    assert not (tmp_path / "root" / "later").exists()


def test_what_was_left_out_of_a_step_is_told_and_nothing_of_others(tmp_path: Path) -> None:
    _, whole, part = tried(tmp_path, "RUN touch whole", "RUN echo ros-humble-rclpy > part")
    assert whole.left_out == []
    assert part.left_out == ["the packages of packages.ros.org"]
    assert (tmp_path / "root" / "part").read_text("utf-8").strip() == ""
