"""Why images are lost on their way, and what a user can do about it."""

from typing import List, Sequence, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, caution
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.check_memory_of_containers import (
    has_own_shared_memory,
    shares_network,
)
from trt_inference.doctor.middleware.check_packages import packaged_file
from trt_inference.doctor.middleware.check_profile import segment_size
from trt_inference.doctor.middleware.implementation import implementation
from trt_inference.doctor.middleware.profile_faults import how_to_set
from trt_inference.doctor.middleware.profile_files import read_profile
from trt_inference.doctor.middleware.profile_variables import (
    FAST_RTPS,
    ProfileVariable,
    profile_variable,
)
from trt_inference.doctor.middleware.ros_installations import distribution
from trt_inference.doctor.system.board_facts import is_container
from trt_inference.printable import printable

_SUBJECT = "Images"
_MOST_NAMED = 5  # topics


def against_losses(host: Host, size: int) -> str:
    """What to do where images are lost: the profile, with room for two images.

    Args:
        size: bytes of an image; 0: not known.
    """
    variable = profile_variable(implementation(host), distribution(host))
    if variable is None:
        return "Send smaller images, or compressed ones."
    remedy = f"Where the camera is started, before it: {how_to_set(host, variable)}"
    segment = segment_size(host) or _packaged_segment(host, variable)
    if 0 < segment < 2 * size:
        return f"{remedy}, in a copy with a segment_size of {2 * size} (it is {segment})"
    return remedy


def silent_topics(host: Host, topics: Sequence[Tuple[str, str]]) -> Diagnosis:
    """Topics that are announced, and on which nothing came: the causes, the likeliest first.

    Args:
        topics: their names, and who publishes them.
    """
    shown = [f"{printable(name)}, published by {who}" for name, who in topics[:_MOST_NAMED]]
    more = f"; and {len(topics) - len(shown)} more" if len(topics) > len(shown) else ""
    remedy = f"See whether the camera works. {against_losses(host, 0)}"
    if _is_apart(host):
        remedy = f"docker run --network host --ipc host. {remedy}"
    return caution(
        _SUBJECT,
        "images-announced-but-not-received",
        f"No image came in 3 seconds on {'; '.join(shown)}{more}. Likeliest first: "
        f"{'; '.join(_causes(host))}.",
        remedy,
    )


def _causes(host: Host) -> List[str]:
    causes = ["the camera is paused or slower than one image in 3 seconds"]
    if implementation(host).startswith(FAST_RTPS):
        causes.append("it lacks a middleware profile for large images")
        if _is_apart(host):
            causes.insert(0, "it runs outside of this container, whose /dev/shm is its own")
        else:
            causes.append("it runs as another user, or in another container without --ipc host")
    return causes


def _is_apart(host: Host) -> bool:
    """Whether Fast DDS here shares no memory with others that it takes for neighbours."""
    is_fast_dds = implementation(host).startswith(FAST_RTPS)
    is_neighbour = is_container(host) and shares_network(host)
    return is_fast_dds and is_neighbour and has_own_shared_memory(host)


def _packaged_segment(host: Host, variable: ProfileVariable) -> int:
    """Bytes of shared memory that the profile of this package gives."""
    path = packaged_file(host, variable.file)
    return (read_profile(host, path).segment or 0) if path is not None else 0
