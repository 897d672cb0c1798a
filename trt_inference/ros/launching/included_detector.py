"""detector.launch.py, as other launch files include it."""

from pathlib import Path
from typing import Any, Dict, List


def detector_arguments(file: Path, *without: str) -> List[Any]:
    """The arguments of a single detector, as ``DeclareLaunchArgument``, but those that are not for
    the user to give.

    Args:
        file: detector.launch.py.
    """
    # Where ROS comes from PyPI there is no launch system, and nothing else here needs it.
    from launch.actions import DeclareLaunchArgument
    from launch.launch_context import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    source = PythonLaunchDescriptionSource(str(file))
    return [
        entity
        for entity in source.get_launch_description(LaunchContext()).entities
        if isinstance(entity, DeclareLaunchArgument) and entity.name not in without
    ]


def included_detector(file: Path, arguments: Dict[str, str]) -> Any:
    """One detector, as a group: what it is given does not reach the next one."""
    from launch.actions import GroupAction, IncludeLaunchDescription
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    source = PythonLaunchDescriptionSource(str(file))
    return GroupAction(
        [IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))], scoped=True
    )


def full_name_of_detector(context: Any) -> str:
    """The name of the detector with its namespaces, those of the groups around it too.

    Args:
        context: of the launch system; the arguments ``name`` and ``namespace`` are known there.
    """
    from launch_ros.utilities import make_namespace_absolute, prefix_namespace

    given = context.launch_configurations
    namespace = make_namespace_absolute(
        prefix_namespace(given.get("ros_namespace"), given["namespace"])
    )
    return f"{namespace.rstrip('/')}/{given['name']}"
