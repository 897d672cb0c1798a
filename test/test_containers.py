"""The Dockerfiles for Jetsons: what can be known of them without Docker, and that their page is
true."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Set
from xml.etree import ElementTree

import pytest

from containers.dockerfiles import (
    FOLDER,
    ROOT,
    apt_packages,
    assigned,
    context_names,
    dockerfiles,
    doubtful_steps,
    pip_requirements,
    read_instructions,
)
from containers.stand_ins import STAND_INS
from containers.step_table import VERDICTS, read_rows, write_rows
from trt_inference.ros.launching import middleware as launched

PAGE = (FOLDER / "README.md").read_text("utf-8")
EACH = pytest.mark.parametrize("file", dockerfiles(), ids=lambda file: file.stem)
# What the base images have of package.xml, by README.md.
IN_IMAGES_OF_DUSTY_NV = {"ros-base", "vision_msgs", "python3-opencv", "python3-yaml"}
OF_ROS_BASE = {
    *("rclpy", "sensor_msgs", "diagnostic_msgs", "lifecycle_msgs", "std_msgs"),
    *("builtin_interfaces", "rcl_interfaces", "ament_index_python"),
    *("launch", "launch_ros", "launch_xml", "launch_yaml", "ros2launch"),
}


def texts(file: Path, keyword: str) -> List[str]:
    return [step.text for step in read_instructions(file) if step.keyword == keyword]


def constraints(file: Path) -> Path:
    (copied,) = [text for text in texts(file, "COPY") if "constraints" in text]
    return ROOT / copied.split()[0]


def pinned(file: Path) -> Dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([\w.]+)", constraints(file).read_text("utf-8"), re.M)
    return {name.lower(): version for name, version in found}


def variables(file: Path) -> Dict[str, str]:
    steps = [step for step in read_instructions(file) if step.keyword == "ENV"]
    return {name: value for step in steps for name, value in assigned(step)}


def test_there_is_a_file_for_each_jetpack() -> None:
    assert [file.stem for file in dockerfiles()] == ["jetpack4", "jetpack5", "jetpack6", "jetpack7"]
    assert set(STAND_INS) == {file.stem for file in dockerfiles()}


def test_comments_within_a_step_are_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "x.Dockerfile"
    file.write_text("# of all\nFROM a:1\n\nrun one \\\n    # why\n    && two\n")
    assert read_instructions(file) == [("FROM", "a:1"), ("RUN", "one     && two")]


@EACH
def test_the_table_tells_of_each_step_as_it_is_now(file: Path) -> None:
    """After a change: make check-containers."""
    told = [(row.digest, row.words[:4].split()[0]) for row in read_rows() if row.image == file.stem]
    assert told == [(step.digest, step.keyword) for step in doubtful_steps(file)]


def test_the_table_tells_of_nothing_else() -> None:
    assert {row.image for row in read_rows()} == {file.stem for file in dockerfiles()}
    assert {row.verdict for row in read_rows()} <= set(VERDICTS)


@EACH
def test_the_versions_that_were_tried_are_those_of_the_constraints(file: Path) -> None:
    tried = {
        name.lower().replace("_", "-"): version
        for row in read_rows()
        if row.image == file.stem
        for name, version in re.findall(r"([\w.-]+) (\d[\w.]*\d)\b", row.how)
    }
    known = pinned(file)
    wanted = {name: known[name] for name in tried if name in known}
    assert {"onnxruntime"} <= set(wanted)
    assert {name: tried[name] for name in wanted} == wanted


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    shutil.copy(str(FOLDER / "README.md"), str(page))
    rows = [row._replace(how="with | nothing `else`") for row in read_rows()]
    write_rows(rows[:2], page)
    assert read_rows(page) == rows[:2]
    assert "Not tried" in page.read_text("utf-8")


@EACH
def test_the_page_names_the_base_image(file: Path) -> None:
    (base,) = texts(file, "FROM")
    name, _, tag = base.rpartition(":")
    assert name and tag != "latest"
    (row,) = [line for line in PAGE.splitlines() if f"]({file.name})" in line]
    assert f"`{base}`" in row
    assert f"| `{base}`" in PAGE.split("## What was looked up")[1]


@EACH
def test_pip_is_held_to_the_versions_for_the_python_of_the_image(file: Path) -> None:
    assert constraints(file).name == f"python{STAND_INS[file.stem].python}.txt"
    (target,) = [text.split()[1] for text in texts(file, "COPY") if "constraints" in text]
    assert variables(file)["PIP_CONSTRAINT"] == target
    known = pinned(file)
    assert known["numpy"].startswith("1.")
    installed = [one for step in doubtful_steps(file) for one in pip_requirements(step)]
    assert installed
    for requirement in installed:
        name, _, version = requirement.partition("==")
        assert known[name] == (version or known[name])


@EACH
def test_each_dependency_of_the_package_is_in_the_image(file: Path) -> None:
    wanted = {entry.text for entry in ElementTree.parse(ROOT / "package.xml").iter("exec_depend")}
    assert wanted > OF_ROS_BASE
    there = set(IN_IMAGES_OF_DUSTY_NV) if "dustynv" in texts(file, "FROM")[0] else set()
    for step in doubtful_steps(file):
        there |= {f"python3-{name.partition('==')[0]}" for name in pip_requirements(step)}
        there |= {re.sub(r"^ros-(humble|jazzy)-", "", name) for name in apt_packages(step)}
    assert "ros-base" in there
    there |= OF_ROS_BASE
    assert {name for name in wanted if not there & {name, str(name).replace("_", "-")}} == set()


@EACH
def test_a_layer_keeps_no_lists_of_apt_and_no_cache_of_pip(file: Path) -> None:
    for step in doubtful_steps(file):
        assert ("apt-get update" in step.text) == ("rm -rf /var/lib/apt/lists/*" in step.text)
    assert variables(file)["PIP_NO_CACHE_DIR"] == "1"


@EACH
def test_the_builder_without_buildkit_takes_each_file(file: Path) -> None:
    """JetPack 4 needs it, and Ubuntu's docker.io comes without the one with BuildKit."""
    words = {word for step in read_instructions(file) for word in step.text.split()}
    assert [word for word in words if re.match(r"--(chmod|mount|link|network)\b", word)] == []


@EACH
def test_docker_stop_ends_a_launch_as_ctrl_c_does(file: Path) -> None:
    """At SIGTERM, ros2 launch ends no node; one that is killed leaves its shared memory behind."""
    assert texts(file, "STOPSIGNAL") == ["SIGINT"]


@EACH
def test_a_nano_gets_the_kernels_that_it_has(file: Path) -> None:
    assert "OPENBLAS_CORETYPE" in variables(file) or file.stem not in ("jetpack4", "jetpack5")


@EACH
def test_the_node_does_not_run_as_root(file: Path) -> None:
    steps = read_instructions(file)
    (user,) = texts(file, "USER")
    made = [step.text for step in steps if step.keyword == "RUN" and "useradd" in step.text]
    assert made[0].endswith(user)
    assert "--groups video" in made[0]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """What Docker is sent."""
    folder = tmp_path / "context"
    for name in context_names():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(str(ROOT / name), str(target), symlinks=True, ignore=ignored)
        else:
            shutil.copy(str(ROOT / name), str(target))
    return folder


def files_of_setup(folder: Path, target: Path) -> Set[str]:
    """What setup.py installs from a folder."""
    command = [sys.executable, "setup.py", "--quiet", "install_data", "--install-dir", str(target)]
    command += ["build_py", "--build-lib", str(target / "python")]
    subprocess.run(command, cwd=str(folder), check=True, timeout=200)
    return {str(file.relative_to(target)) for file in target.rglob("*") if "egg" not in str(file)}


def test_docker_gets_all_that_is_installed_and_little_else(context: Path, tmp_path: Path) -> None:
    installed = files_of_setup(context, tmp_path / "of_context")
    assert installed == files_of_setup(ROOT, tmp_path / "of_tree")
    assert "share/trt_inference/config/jetson.yaml" in installed
    assert sum(file.stat().st_size for file in context.rglob("*") if file.is_file()) < 20e6


def environment_of(entry_point: str, tmp_path: Path, variables: Dict[str, str]) -> Dict[str, str]:
    """What a command gets from the entry point, with ROS in a folder of its own."""
    script = tmp_path / "with_ros"
    script.write_text(entry_point.replace("/opt/", f"{tmp_path}/"))
    command = ["bash", str(script), sys.executable, "-c", "import os; print(dict(os.environ))"]
    given = {"PATH": os.environ["PATH"], **variables}
    shown = subprocess.run(
        command, env=given, stdout=subprocess.PIPE, universal_newlines=True, check=True, timeout=60
    ).stdout
    return eval(shown)


def entry_point() -> str:
    return (FOLDER / "with_ros.sh").read_text("utf-8")


@pytest.mark.parametrize("file", ["ros/humble/install/setup.bash", "ros/humble/setup.bash"])
def test_the_entry_point_sources_ros_and_the_package(file: str, tmp_path: Path) -> None:
    for name, text in ((file, "ROS=$OTHER"), ("trt_inference/install/setup.bash", "OURS=$ROS")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"export {text}")
    given = {"ROS_DISTRO": "humble", "OTHER": "sourced first"}
    assert environment_of(entry_point(), tmp_path, given)["OURS"] == "sourced first"


def test_what_is_sourced_gets_no_arguments_of_the_command(tmp_path: Path) -> None:
    for folder in ("ros/humble", "trt_inference/install"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "setup.bash").write_text('export GIVEN="$GIVEN $*"')
    given = environment_of(entry_point(), tmp_path, {"ROS_DISTRO": "humble"})["GIVEN"]
    assert given.split() == ["--", "--"]


def test_without_ros_the_entry_point_tells_so(tmp_path: Path) -> None:
    ended = subprocess.run(
        [str(FOLDER / "with_ros.sh"), "true"],
        env={"PATH": os.environ["PATH"], "ROS_DISTRO": "no_such_distribution", "found": "x"},
        stderr=subprocess.PIPE,
        universal_newlines=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "no ROS in /opt/ros/no_such_distribution" in ended.stderr


@pytest.mark.parametrize("distribution", ["humble", "jazzy"])
@pytest.mark.parametrize("middleware", ["", "rmw_cyclonedds_cpp", "rmw_fastrtps_cpp", "rmw_other"])
@pytest.mark.parametrize("only_here", ["0", "1"])
def test_a_command_gets_the_profile_that_the_launch_files_give(
    distribution: str,
    middleware: str,
    only_here: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launched, "packaged_config", (ROOT / "config").joinpath)
    (tmp_path / "ros" / distribution).mkdir(parents=True)
    (tmp_path / "ros" / distribution / "setup.bash").write_text("")
    given = {
        **{"ROS_DISTRO": distribution, "RMW_IMPLEMENTATION": middleware},
        "ROS_LOCALHOST_ONLY": only_here,
    }
    got = environment_of(entry_point(), tmp_path, given)
    names = {name: got[name] for name in got if name.endswith(("PROFILES_FILE", "_URI"))}
    wanted = launched.middleware_variables("packaged", given)
    assert {name: Path(value).name for name, value in names.items()} == {
        name: Path(value).name for name, value in wanted.items()
    }
    assert all((ROOT / "config" / Path(value).name).is_file() for value in names.values())
    assert environment_of(entry_point(), tmp_path, got) == got


def docker_lines() -> List[List[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if "docker run" in line]
    return [shlex.split(line) for line in lines]


def test_each_image_is_built_and_run_on_the_page() -> None:
    names = {file.stem for file in dockerfiles()}
    tags = {word for words in docker_lines() for word in words if word[:14] == "trt_inference:"}
    assert tags == {f"trt_inference:{name}" for name in names}
    for file in dockerfiles():
        build = f"docker build -f containers/{file.name} -t trt_inference:{file.stem} ."
        assert build in file.read_text("utf-8")


@pytest.mark.parametrize("words", docker_lines(), ids=" ".join)
def test_what_the_page_runs_has_gpu_network_and_shared_memory(words: List[str]) -> None:
    """Fast DDS sends no image to a process in the same network with another /dev/shm."""
    line = " ".join(words)
    assert "--runtime nvidia --network host --ipc host" in line
    assert "-v ~/models:/models" in line
    for word in words:
        if word.endswith((".launch.py", ".yaml")):
            (path,) = ROOT.glob(f"*/{Path(word).name}")
            assert path.parent.name in ("launch", "config")
    if "webcam.launch.py" in words:
        assert "--device /dev/video0" in line or "-v /tmp/argus_socket:/tmp/argus_socket" in line
