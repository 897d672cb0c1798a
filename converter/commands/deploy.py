"""`deploy`: the order of the steps from a bundle here to engines on a robot."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Tuple

from converter.deployment.bundle_contents import (
    PICTURES_FOLDER,
    BundleContents,
    read_contents,
)
from converter.deployment.copy_bundle import BundleCopy, Copied
from converter.deployment.destination import Destination
from converter.deployment.robot import Robot
from converter.deployment.robot_folder import remove_pictures
from converter.deployment.robot_program import RobotProgram, RobotRun, find_program, run_program
from converter.deployment.ssh_connection import ConnectionLost
from converter.errors import DeployError
from converter.terminal.progress import Progress


@dataclass(frozen=True)
class DeployOptions:
    """What the user chooses.

    Attributes:
        ssh: the program with options, as words.
        precisions: to build there; none only copies.
        build_arguments: further ones of `build`.
        images: pictures of this computer to compare engines on.
        robot_command: how trt-inference is called there, a line of its shell; None finds out.
        container: in which it is called; empty without.
        robot_folder: the folder of the bundle as it is called in the container.
    """

    bundle: Path
    destination: Destination
    ssh: Tuple[str, ...] = ("ssh",)
    precisions: Tuple[str, ...] = ()
    build_arguments: Tuple[str, ...] = ()
    images: Optional[Path] = None
    most_images: int = 16
    robot_command: Optional[str] = None
    container: str = ""
    robot_folder: str = ""


@dataclass(frozen=True)
class DeployResult:
    """What was done.

    Attributes:
        login: of the robot.
        folder: of the bundle, as the robot's trt-inference knows it.
        program: how that is called, if it was asked for.
        build: how the build ended, if there was one.
    """

    login: str
    folder: str
    copied: Copied
    program: Optional[RobotProgram] = None
    build: Optional[RobotRun] = None


def deploy(
    options: DeployOptions, progress: Progress, on_line: Callable[[str], None]
) -> DeployResult:
    """Check, copy, verify, publish and build.

    Args:
        on_line: called with each line that the build there prints, as it comes.

    Raises:
        TrtInferenceError: the robot has the old bundle or the new one, whole.
    """
    with progress.step("check the bundle here"):
        contents = read_contents(
            options.bundle, options.precisions, options.images, options.most_images
        )

    def on_lost(what: str, seconds: int) -> None:
        progress.caution(f"{what}: trying again in {seconds} s")

    login = options.destination.login
    with Robot(login, options.ssh, on_lost) as robot:
        started = time.monotonic()
        robot.connection()
        progress.done(f"connect to {login}", time.monotonic() - started)
        program = _find_program(robot, options, progress) if options.precisions else None
        copied = BundleCopy(robot, options.destination.folder, contents, progress).run()
        folder = options.robot_folder or copied.folder
        build = None
        if program:
            call = _BuildCall(program, folder, options, contents)
            with progress.step(f"build on {login}"):
                build = call.run(robot, on_line)
            remove_pictures(robot.connection(), copied.folder, contents.pictures)
    return DeployResult(login, folder, copied, program, build)


def _find_program(robot: Robot, options: DeployOptions, progress: Progress) -> RobotProgram:
    with progress.step("look for trt-inference there"):
        return robot.attempt(
            lambda connection: find_program(
                connection, robot.login, options.robot_command, options.container
            ),
            lambda: 0,
        )


@dataclass(frozen=True)
class _BuildCall:
    """A build on the robot; ``folder`` is the bundle as the program there knows it."""

    program: RobotProgram
    folder: str
    options: DeployOptions
    contents: BundleContents

    def run(self, robot: Robot, on_line: Callable[[str], None]) -> RobotRun:
        """Build, once: a connection that breaks ends it.

        Raises:
            DeployError: the connection broke.
        """
        arguments = ["build", self.folder, "--precision", *self.options.precisions]
        arguments += self.options.build_arguments
        if self.contents.pictures:
            arguments += ["--images", f"{self.folder}/{PICTURES_FOLDER}"]
        try:
            return run_program(robot.connection(), self.program, arguments, on_line, self.folder)
        except ConnectionLost as lost:
            raise DeployError(
                f"{lost} during the build. The bundle is on {robot.login}, whole, and the build "
                "ends there as soon as the robot notices. The same command copies nothing again "
                "and builds, with the times of the layers that were tried"
            ) from lost
