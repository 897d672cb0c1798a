"""What is wrong with a middleware profile that is read, and the command that sets a right one."""

from typing import Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, caution, error
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.check_packages import packaged_file
from trt_inference.doctor.middleware.command_words import path_word
from trt_inference.doctor.middleware.profile_files import (
    CYCLONE_PROFILE,
    FAST_DDS_PROFILE,
    Profile,
)
from trt_inference.doctor.middleware.profile_variables import (
    LOCALHOST_ONLY,
    ProfileVariable,
    is_humble_on_this_machine_alone,
)
from trt_inference.doctor.middleware.ros_installations import distribution
from trt_inference.printable import printable

PROFILE_SUBJECT = "Middleware profile"


def profile_faults(
    host: Host, variable: ProfileVariable, path: str, profile: Profile
) -> List[Diagnosis]:
    """What is wrong with a profile that is read."""
    where = f"{printable(path)[:200]} "
    wanted = CYCLONE_PROFILE if variable.is_uri else FAST_DDS_PROFILE
    remedy = how_to_set(host, variable)
    if profile.problem:
        text = f"{where}{printable(profile.problem)}."
        if profile.is_missing:
            return [error(PROFILE_SUBJECT, "profile-missing", text, remedy)]
        return [error(PROFILE_SUBJECT, "profile-not-usable", text, remedy)]
    if profile.middleware != wanted:
        text = f"{where}is for {profile.middleware}, and {wanted} reads it."
        return [error(PROFILE_SUBJECT, "profile-for-other-middleware", text, remedy)]
    if wanted == FAST_DDS_PROFILE and not profile.is_default:
        text = f'{where}has no participant with is_default_profile="true", so that nodes ignore it.'
        return [error(PROFILE_SUBJECT, "profile-without-default", text, remedy)]
    return [*_heard_by_others(host, where, profile), *_no_room(host, where, profile)]


def _heard_by_others(host: Host, where: str, profile: Profile) -> Iterator[Diagnosis]:
    """On Humble each transport of a profile is open to all; later ones limit it."""
    if is_humble_on_this_machine_alone(distribution(host), host.environment) and profile.has_udp:
        yield caution(
            PROFILE_SUBJECT,
            "profile-heard-by-other-machines",
            f"{where}has a transport for other machines, which Humble leaves open to all although "
            f"{LOCALHOST_ONLY} is 1.",
            "Take the transports of type UDPv4 out of a copy, each in both places, and name the "
            "copy.",
        )


def _no_room(host: Host, where: str, profile: Profile) -> List[Diagnosis]:
    room = host.space("/dev/shm")
    if not profile.segment or room is None or room.total >= 2 * profile.segment:
        return []
    segment, total = mebibytes(profile.segment), mebibytes(room.total)
    better = 8 * segment
    return [
        error(
            PROFILE_SUBJECT,
            "shared-memory-smaller-than-segments",
            f"{where}gives each process {segment} MiB of /dev/shm, which has {total} MiB: camera "
            "and detector do not both get theirs, and images are lost.",
            f"docker run --shm-size {better}m, or --ipc host; outside of a container: sudo mount "
            f"-o remount,size={better}M /dev/shm",
        )
    ]


def how_to_set(host: Host, variable: ProfileVariable) -> str:
    """The command, with the file of this package."""
    path = packaged_file(host, variable.file)
    if path is None:
        word = f"$(ros2 pkg prefix --share trt_inference)/config/{variable.file}"
    else:
        word = path_word(path)
    return f"export {variable.name}={'file://' if variable.is_uri else ''}{word}"


def mebibytes(size: int) -> int:
    """The next whole number of MiB."""
    return -(-size // 2**20)
