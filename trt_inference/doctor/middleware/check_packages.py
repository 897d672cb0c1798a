"""Whether ROS finds this package, with its launch files and settings."""

from pathlib import Path
from typing import Iterator, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.command_words import path_word
from trt_inference.doctor.middleware.ros_installations import ament_resource, prefixes
from trt_inference.printable import printable

_SUBJECT = "Workspace"
_PACKAGE = "trt_inference"
_NEEDED = (
    f"share/{_PACKAGE}/launch/detector.launch.py",
    f"share/{_PACKAGE}/config/detector.yaml",
    f"share/{_PACKAGE}/config/fastdds_large_images.xml",
    f"lib/{_PACKAGE}/detector",
)


def check_packages(host: Host) -> Iterator[Diagnosis]:
    """One line where ROS is sourced."""
    if not prefixes(host):
        return
    prefix = ament_resource(host, "packages", _PACKAGE)
    if prefix is None:
        yield _not_sourced(host)
        return
    missing = [name for name in _NEEDED if not host.is_file(f"{prefix}/{name}")]
    if missing:
        yield error(
            _SUBJECT,
            "package-files-missing",
            f"{printable(prefix)} lacks {', '.join(missing)}, which belong to {_PACKAGE}.",
            f"colcon build --packages-select {_PACKAGE}, in the workspace; then source it again.",
        )
        return
    yield ok(_SUBJECT, f"{_PACKAGE} is in {printable(prefix)}, with its launch files.")


def packaged_file(host: Host, name: str) -> Optional[str]:
    """The path of a file in the package's folder ``config``; None where it is not installed."""
    prefix = ament_resource(host, "packages", _PACKAGE)
    path = f"{prefix}/share/{_PACKAGE}/config/{name}"
    if prefix is not None and host.is_file(path):
        return path
    beside = Path(__file__).resolve().parents[3] / "config" / name  # a clone that is not installed
    return str(beside) if beside.is_file() else None


def _not_sourced(host: Host) -> Diagnosis:
    """No error where there is no ros2 either, as with ROS from PyPI: the node runs as a module."""
    text = f"None with {_PACKAGE} is sourced: ros2 run and ros2 launch do not find the node."
    if host.program("ros2") is None:
        return caution(_SUBJECT, "workspace-not-sourced", text, _how_to_source())
    return error(_SUBJECT, "workspace-not-sourced", text, _how_to_source())


def _how_to_source() -> str:
    """With the path, where this file is in a workspace that colcon has built."""
    for folder in Path(__file__).resolve().parents:
        if folder.name == "install" and (folder / "setup.bash").is_file():
            return f"source {path_word(str(folder / 'setup.bash'))}"
    return "In your workspace: colcon build, then source install/setup.bash"
