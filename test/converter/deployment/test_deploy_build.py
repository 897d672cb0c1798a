"""The build on the robot: how its program is found, what is shown of it, and how it ends."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import cv2
import pytest

from test.color_bundle import picture
from test.converter.command_line import ROOT, finish, wait_for
from test.converter.deployment.robots import (
    FOLDER,
    Deploy,
    contents,
    each_server,
    needs_ssh,
    press_ctrl_c,
    start_deploy,
)
from test.converter.deployment.ssh_servers import SshRobot

pytestmark = needs_ssh
FP32 = ("--precision", "fp32")
# Ends when it is told to as the real build does, and shows that it did.
_ENDLESS = """import sys, time
from pathlib import Path
from converter.engine_builder.background import interrupted_by_sigterm
try:
    with interrupted_by_sigterm():
        print("layer 1")
        Path("running").touch()
        time.sleep(1000)
except KeyboardInterrupt:
    time.sleep(0.3)  # so that who does not wait for it is seen
    Path("ended").touch()
    print("nothing is left")
    sys.exit(130)"""
ENDLESS = f"PYTHONPATH={ROOT} exec {shlex.join([sys.executable, '-c', _ENDLESS])}"


def test_a_robot_without_trt_inference_gets_nothing_and_the_user_the_remedy(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    result = deploy(color_bundle, *FP32)
    result.refused("robot has no trt-inference", "--robot-command", "--container", "--no-build")
    assert not (robot.home / FOLDER).exists()


def test_a_program_that_only_bashrc_puts_on_the_path_is_found(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    """As ROS is usually sourced; what such files print disturbs nothing."""
    robot.give_program("echo built")
    (robot.home / "programs" / "trt-inference").rename(robot.home / "trt-inference")
    usual = 'case $- in *i*) ;; *) return ;; esac\necho "@exit 3"\nPATH=$HOME:$PATH\n'
    (robot.home / ".bashrc").write_text(usual, "utf-8")
    with (robot.home / ".profile").open("a") as profile:
        profile.write(". ~/.bashrc\n")
    result = deploy(color_bundle, *FP32)
    assert result.exit_code == 0, result.output
    assert "  built\n" in result.output


def test_a_line_of_the_shell_calls_the_program(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give_program('echo "$SOURCED with $1"')
    (robot.home / "setup.bash").write_text("export SOURCED=sourced\n", "utf-8")
    line = "source ~/setup.bash && trt-inference"
    result = deploy(color_bundle, *FP32, "--robot-command", line)
    assert "sourced with build" in result.output
    assert f"next, there: {line} doctor" in result.output
    wrong = deploy(color_bundle, *FP32, "--robot-command", "source ~/nowhere && trt-inference")
    wrong.refused("does not start trt-inference on robot", "nowhere: No such file")


DOCKER = """[ "$1 $2 $3" = "exec -i trt_inference" ] || { echo "no such container" >&2; exit 1; }
shift 3
CONTAINER=1; export CONTAINER
exec "$@" """


def test_the_program_is_called_in_a_container_with_the_folder_as_it_is_called_there(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give("docker", DOCKER)
    robot.give_program('echo "in $CONTAINER: $*"')
    where = ("--container", "trt_inference", "--robot-folder", "/bundles/my shapes/")
    result = deploy(color_bundle, *FP32, *where)
    assert result.exit_code == 0, result.output
    assert "in 1: build /bundles/my shapes --precision fp32\n" in result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)
    shown = result.output.splitlines()[-1].partition("next, there: ")[2]
    assert shlex.split(shown)[:4] == ["docker", "exec", "-it", "trt_inference"]
    other = deploy(color_bundle, *FP32, "--container", "other")
    other.refused("the container other on robot", "no such container")


def test_the_program_of_this_projects_images_is_found(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give("docker", DOCKER)
    robot.give("with_ros", 'PATH=$HOME/workspace:$PATH; exec "$@"')
    robot.give_program("echo built with ROS")
    (robot.home / "workspace").mkdir()
    program = robot.home / "programs" / "trt-inference"
    program.rename(robot.home / "workspace" / "trt-inference")
    result = deploy(color_bundle, *FP32, "--container", "trt_inference")
    assert result.exit_code == 0, result.output
    assert "  built with ROS\n" in result.output


def test_the_exit_code_and_the_output_of_a_build_that_fails_are_handed_on(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give_program('echo "error: no memory \033[2J" >&2; exit 3')
    result = deploy(color_bundle, *FP32)
    assert result.exit_code == 3
    assert "  error: no memory \\x1b[2J\n" in result.output
    assert "the build on robot ended with 3" in result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)


def test_a_build_may_end_in_the_middle_of_a_line(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give_program('printf "@exit ?\\ncrashed at 40%%"; exit 3')
    result = deploy(color_bundle, *FP32)
    assert result.exit_code == 3, result.output
    assert "  @exit ?\n  crashed at 40%\n" in result.output


def test_the_progress_of_a_build_is_shown_while_it_runs(
    robot: SshRobot, color_bundle: Path
) -> None:
    robot.give_program("echo layer 1\nuntil [ -e go ]; do sleep 0.01; done\necho layer 2")
    process = start_deploy(robot, color_bundle, *FP32)
    assert process.stdout is not None
    shown = ""
    while "layer 1" not in shown:
        shown = process.stdout.readline()
        assert shown, "the command ended"
    (robot.home / "go").touch()
    result = finish(process)
    assert result.exit_code == 0
    assert "layer 2" in result.output


@each_server
@pytest.mark.parametrize("line", ["trt-inference", 'call() { trt-inference "$@"; }; call'])
def test_ctrl_c_ends_the_build_there_and_waits_for_it(
    line: str, robot: SshRobot, color_bundle: Path
) -> None:
    robot.give_program(ENDLESS)
    process = start_deploy(robot, color_bundle, *FP32, "--robot-command", line)
    wait_for((robot.home / "running").exists, process)
    press_ctrl_c(process)
    result = finish(process)
    assert (robot.home / "ended").exists()
    assert result.exit_code == 130, result.output
    assert "  nothing is left\n" in result.output
    assert "interrupted: the build on robot has ended" in result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)


def test_a_build_that_does_not_hear_ctrl_c_is_killed(robot: SshRobot, color_bundle: Path) -> None:
    real = shutil.which("timeout")
    robot.give("timeout", f'[ "$1" = -k ] || exec {real} "$@"; shift 2; exec {real} -k 0.1 "$@"')
    robot.give_program("trap '' INT TERM; touch running; while :; do sleep 1; done")
    process = start_deploy(robot, color_bundle, *FP32)
    wait_for((robot.home / "running").exists, process)
    press_ctrl_c(process)
    result = finish(process)
    assert result.exit_code == 130, result.output
    assert "interrupted: the build on robot has ended" in result.output


@each_server
def test_a_connection_that_breaks_ends_the_build_there_and_is_told(
    robot: SshRobot, color_bundle: Path
) -> None:
    robot.give_program(ENDLESS)
    process = start_deploy(robot, color_bundle, *FP32)
    wait_for((robot.home / "running").exists, process)
    robot.proxy.break_all()
    result = finish(process)
    result.refused("during the build", "The bundle is on robot, whole", "The same command")
    while not (robot.home / "ended").exists():
        pass


def test_pictures_are_there_while_engines_are_compared_and_gone_afterwards(
    robot: SshRobot, color_bundle: Path, deploy: Deploy, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        cv2.imwrite(str(pictures / f"$(touch ran) {number}.png"), picture("red", (2, number)))
    robot.give_program('while [ "$1" != --images ]; do shift; done; ls "$2"; cp -r "$2" seen')
    result = deploy(color_bundle, *FP32, "--images", pictures, "--max-images", 2)
    assert result.exit_code == 0, result.output
    expected = [(pictures / f"$(touch ran) {number}.png").read_bytes() for number in range(2)]
    seen = contents(robot.home / "seen")
    assert [seen[name] for name in sorted(seen)] == expected
    assert contents(robot.home / FOLDER) == contents(color_bundle)


def test_the_real_build_puts_an_engine_into_the_bundle_there(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    statements = (
        "import sys\n"
        "from converter.command_line.main import main\n"
        "from converter.engine_builder import gpu_times\n"
        "from test.tensorrt_double import install\n"
        "gpu_times._SECONDS = gpu_times._WARM_UP_SECONDS = 0\n"
        "with install('8.2.1', 'pycuda'): sys.exit(main())"
    )
    call = shlex.join([sys.executable, "-c", statements])
    robot.give("trt-inference", f'PYTHONPATH={ROOT}; export PYTHONPATH; exec {call} "$@"')
    result = deploy(color_bundle, *FP32)
    assert result.exit_code == 0, result.output
    there = robot.home / FOLDER
    engines = sorted(one.suffix for one in (there / "engines").iterdir())
    assert engines == [".cache", ".engine", ".json"]
    assert "build fp32" in result.output
    again = deploy(color_bundle, "--no-build")
    assert "caution" not in again.output and "nothing was to be sent" in again.output
