"""Whether the middleware has settings with which large images arrive."""

from typing import Iterator, List, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ros_is_in_use
from trt_inference.doctor.middleware.implementation import implementation, missing_implementation
from trt_inference.doctor.middleware.profile_faults import (
    PROFILE_SUBJECT,
    how_to_set,
    mebibytes,
    profile_faults,
)
from trt_inference.doctor.middleware.profile_files import (
    CYCLONE_PROFILE,
    FAST_DDS_PROFILE,
    Profile,
    cyclone_parts,
    parse_profile,
    read_profile,
)
from trt_inference.doctor.middleware.profile_variables import (
    CYCLONE_DDS,
    FAST_DDS,
    OLD_FAST_DDS,
    ProfileVariable,
    is_humble_on_this_machine_alone,
    profile_variable,
)
from trt_inference.doctor.middleware.ros_installations import distribution
from trt_inference.printable import printable

_TRANSPORTS = "FASTDDS_BUILTIN_TRANSPORTS"
_WHY = {
    FAST_DDS_PROFILE: "without it, a camera that is started from such a shell loses most images of "
    "more than half a megabyte. The launch files set it for the detector alone.",
    CYCLONE_PROFILE: "without it, large images come in many small packets and may get lost. The "
    "launch files set it for the detector alone.",
}


def check_profile(host: Host) -> Iterator[Diagnosis]:
    """What is set in this shell. A camera that something else starts has variables of its own."""
    if not ros_is_in_use(host) or missing_implementation(host):
        return
    running = implementation(host)
    variable = profile_variable(running, distribution(host))
    if variable is None:
        yield ok(PROFILE_SUBJECT, f"This project has none for {printable(running)}.")
        return
    found = list(_wrong_variables(host, variable))
    read = _read_all(host, variable)
    for path, profile in read:
        found += profile_faults(host, variable, path, profile)
    if not read and not found:
        found = [_without(host, variable)]
    yield from found or [ok(PROFILE_SUBJECT, f"{variable.name} is {_shown(read)}.")]


def segment_size(host: Host) -> int:
    """Bytes of shared memory for each process, from the profile of this shell; 0: not set."""
    variable = profile_variable(implementation(host), distribution(host))
    read = _read_all(host, variable) if variable is not None else []
    return max([profile.segment or 0 for _, profile in read], default=0)


def _read_all(host: Host, variable: ProfileVariable) -> List[Tuple[str, Profile]]:
    """What the middleware reads: paths, or XML, with what they contain."""
    if variable.is_uri:
        parts = cyclone_parts(host.environment.get(CYCLONE_DDS, ""))
        return [
            (part, parse_profile(part) if part.startswith("<") else read_profile(host, part))
            for part in parts
        ]
    path = host.environment.get(OLD_FAST_DDS, "")  # Fast DDS 3 takes it before its own
    if variable.name == FAST_DDS:
        path = path or host.environment.get(FAST_DDS, "")
    return [(path, read_profile(host, path))] if path else []


def _wrong_variables(host: Host, variable: ProfileVariable) -> Iterator[Diagnosis]:
    """Variables that another version or another middleware reads."""
    given = host.environment
    if variable.is_uri:
        if not given.get(CYCLONE_DDS):
            yield from _for_other(host, variable, OLD_FAST_DDS, FAST_DDS)
        return
    if given.get(FAST_DDS) and given.get(OLD_FAST_DDS):
        yield caution(
            PROFILE_SUBJECT,
            "both-profile-variables",
            f"{OLD_FAST_DDS} and {FAST_DDS} are both set, and {OLD_FAST_DDS} is what is read.",
            f"unset {FAST_DDS if variable.name == OLD_FAST_DDS else OLD_FAST_DDS}",
        )
    elif variable.name == FAST_DDS and given.get(OLD_FAST_DDS):
        yield caution(
            PROFILE_SUBJECT,
            "profile-variable-deprecated",
            f"{OLD_FAST_DDS} is the name for Jazzy and before; this version reads it, and warns.",
            f"unset {OLD_FAST_DDS}; {how_to_set(host, variable)}",
        )
    elif variable.name == OLD_FAST_DDS and given.get(FAST_DDS):
        yield error(
            PROFILE_SUBJECT,
            "profile-variable-not-read",
            f"{FAST_DDS} is set, but {printable(distribution(host))} reads {OLD_FAST_DDS}.",
            f"export {OLD_FAST_DDS}=${FAST_DDS}; unset {FAST_DDS}",
        )
    elif not given.get(_TRANSPORTS):
        yield from _for_other(host, variable, CYCLONE_DDS)


def _for_other(host: Host, variable: ProfileVariable, *others: str) -> Iterator[Diagnosis]:
    there = [name for name in others if host.environment.get(name)]
    if there:
        running = printable(implementation(host))
        yield caution(
            PROFILE_SUBJECT,
            "profile-for-other-middleware",
            f"{there[0]} is set, but {running} runs, which does not read it.",
            f"Before the camera starts: {how_to_set(host, variable)}",
        )


def _without(host: Host, variable: ProfileVariable) -> Diagnosis:
    transports = host.environment.get(_TRANSPORTS, "")
    if transports.startswith("LARGE_DATA") and not variable.is_uri:
        if host.environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE") == "LOCALHOST":
            text = (
                f"{_TRANSPORTS}={printable(transports)} does not work while discovery is LOCALHOST."
            )
            remedy = f"unset {_TRANSPORTS}; {how_to_set(host, variable)}"
            return error(PROFILE_SUBJECT, "large-data-with-localhost", text, remedy)
        return ok(
            PROFILE_SUBJECT,
            f"{_TRANSPORTS} is {printable(transports)}, which carries large images.",
        )
    kind = CYCLONE_PROFILE if variable.is_uri else FAST_DDS_PROFILE
    remedy = f"Before the camera starts: {how_to_set(host, variable)}"
    alone = is_humble_on_this_machine_alone(distribution(host), host.environment)
    if alone and not variable.is_uri:
        remedy += ", in a copy without the transport large_udp, which other machines would hear"
    text = f"{variable.name} is not set in this shell: {_WHY[kind]}"
    return caution(PROFILE_SUBJECT, "no-profile-for-large-images", text, remedy)


def _shown(read: List[Tuple[str, Profile]]) -> str:
    texts = []
    for path, profile in read:
        size = (
            f" ({mebibytes(profile.segment)} MiB of /dev/shm a process)" if profile.segment else ""
        )
        texts.append(f"{printable(path)[:200]}{size}")
    return ", ".join(texts)
