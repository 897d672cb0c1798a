"""Whether ROS 2 is there, sourced, one alone, and new enough."""

from typing import Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import rclpy_is_found
from trt_inference.doctor.middleware.command_words import path_word
from trt_inference.doctor.middleware.ros_installations import (
    ROS_1,
    TOO_OLD,
    Installation,
    distribution,
    installations,
    prefixes,
    sourced_distributions,
)
from trt_inference.printable import printable

_SUBJECT = "ROS 2"
_SUITABLE = "Use Humble or later"


def check_distribution(host: Host) -> Iterator[Diagnosis]:
    """One line where ROS 2 is as it should be, and where there is none."""
    found = list(_faults(host))
    if found:
        yield from found
    elif prefixes(host) or rclpy_is_found(host):
        yield ok(_SUBJECT, _in_use(host))
    else:
        yield ok(_SUBJECT, "It is not on this machine. The node needs it; build and detect do not.")


def _faults(host: Host) -> Iterator[Diagnosis]:
    there = installations(host)
    if host.environment.get("ROS_VERSION") == "1" or _has_only_ros_1(host):
        yield error(
            _SUBJECT,
            "ros1-sourced",
            f"This shell has sourced ROS 1 ({_names(sourced_distributions(host))}), and the node "
            "needs ROS 2.",
            _how_to_source(there),
        )
        return
    if not prefixes(host):
        if there and not rclpy_is_found(host):
            names = _names([one.name for one in there])
            text = f"{names} is installed, but this shell has not sourced it."
            yield error(_SUBJECT, "ros-not-sourced", text, _how_to_source(there))
        return
    yield from _of_sourced(host)


def _of_sourced(host: Host) -> Iterator[Diagnosis]:
    names = sourced_distributions(host)
    named = host.environment.get("ROS_DISTRO", "")
    if named and names and named not in names:
        names = sorted([*names, named])
    if len(names) > 1:
        yield error(
            _SUBJECT,
            "distributions-mixed",
            f"This shell has sourced {_names(names)}: libraries of one are loaded by the other.",
            "Take all but one out of ~/.bashrc, open a new shell, and source that one.",
        )
    if distribution(host) in TOO_OLD:
        yield error(
            _SUBJECT,
            "ros-too-old",
            f"{printable(distribution(host))} has no lifecycle nodes in Python.",
            f"{_SUITABLE}. For a Jetson with JetPack 4 or 5 there is Humble in containers, such "
            "as dustynv/ros:humble-base-l4t-r32.7.1.",
        )
    gone = [one for one in prefixes(host) if not host.is_folder(one)]
    if gone:
        yield caution(
            _SUBJECT,
            "sourced-folder-is-gone",
            f"AMENT_PREFIX_PATH names {_names(gone)}, which is not there, or closed to this user.",
            "Build that workspace again, or open a new shell and source what is there.",
        )


def _has_only_ros_1(host: Host) -> bool:
    names = sourced_distributions(host)
    return not prefixes(host) and bool(names) and all(name in ROS_1 for name in names)


def _in_use(host: Host) -> str:
    name = distribution(host)
    places = [one for one in prefixes(host) if "/opt/ros/" in one] or prefixes(host)
    where = f"from {printable(places[-1])}" if places else "from the packages of this Python"
    return f"{printable(name).capitalize() or 'ROS 2'} {where} is sourced."


def _how_to_source(there: List[Installation]) -> str:
    suitable = [one for one in there if one.name not in (*ROS_1, *TOO_OLD)]
    if not suitable:
        return f"{_SUITABLE}, and source its setup.bash in a new shell."
    return f"In a new shell: source {path_word(suitable[0].setup_file)}"


def _names(names: List[str]) -> str:
    return ", ".join(map(printable, names[:5])) or "none"
