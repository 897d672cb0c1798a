"""What a user can do where the images' stamps are not of the detector's clock."""

from typing import NamedTuple

from rclpy.node import Node

# Seconds between a stamp and the clock from which on they are not the same clock: no image of a
# camera that works takes as long.
OTHER_CLOCK = 60.0
# Seconds by which a stamp may be ahead of /clock, which goes by steps: those of ros2 bag play are
# 25 ms of the recording by default, and four times as many at --rate 4.
CLOCK_STEP = 0.1


class NodeClock(NamedTuple):
    """Which clock the node has.

    Attributes:
        is_simulated: it is that of /clock, as ``use_sim_time`` asks for.
        is_published: somebody publishes on /clock.
    """

    is_simulated: bool = False
    is_published: bool = False

    @staticmethod
    def of(node: Node) -> "NodeClock":
        """That of ``node``, now."""
        topic = node.resolve_topic_name("/clock")
        is_simulated = bool(node.get_parameter("use_sim_time").value)
        return NodeClock(is_simulated, node.count_publishers(topic) > 0)


SYSTEM_CLOCK = NodeClock()


def is_within_step(clock: NodeClock, ahead: float) -> bool:
    """Whether stamps that are ahead of the clock by up to so many seconds are those of a clock that
    goes by steps."""
    return clock.is_simulated and clock.is_published and ahead <= CLOCK_STEP


def missing_clock(clock: NodeClock) -> str:
    """What is wrong where the node's time stands still; empty where it does not."""
    if not clock.is_simulated or clock.is_published:
        return ""
    return (
        "use_sim_time is true, but nobody publishes /clock: start the simulation, play a bag with "
        "ros2 bag play --clock, or set use_sim_time to false"
    )


def other_clock(clock: NodeClock) -> str:
    """Why stamps may be far from the clock."""
    if clock.is_simulated:
        return missing_clock(clock) or (
            "the stamps are not of /clock, which use_sim_time: true asks for: give the camera "
            "use_sim_time: true, too, or set it to false here"
        )
    return (
        "the stamps are not of this machine's clock: for a bag or a simulation set use_sim_time to "
        "true, and play the bag with ros2 bag play --clock"
    )


def clock_problem(clock: NodeClock, farthest: float) -> str:
    """What is to be logged; empty where the stamps are of the node's clock.

    Args:
        farthest: seconds between a stamp and the clock, before it or behind it.
    """
    return other_clock(clock) if farthest > OTHER_CLOCK else missing_clock(clock)
