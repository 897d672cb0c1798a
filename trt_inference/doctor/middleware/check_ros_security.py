"""Whether DDS Security is on as it seems, and finds its keys."""

from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ros_is_in_use
from trt_inference.printable import printable, printable_name

_SUBJECT = "DDS Security"
_ENABLE, _STRATEGY = "ROS_SECURITY_ENABLE", "ROS_SECURITY_STRATEGY"
_KEYSTORE = "ROS_SECURITY_KEYSTORE"


def check_ros_security(host: Host) -> Iterator[Diagnosis]:
    """One line where a variable of it is set."""
    given = host.environment.get(_ENABLE, "")
    if not given or not ros_is_in_use(host):
        return
    if given == "true":
        yield _of_keystore(host)
    elif given.lower() != "false":
        yield caution(
            _SUBJECT,
            "security-not-enabled",
            f"{_ENABLE} is '{printable(given)[:50]}', and only 'true' turns it on: all that is "
            "sent is open.",
            f"export {_ENABLE}=true, or unset it",
        )


def _of_keystore(host: Host) -> Diagnosis:
    path = host.environment.get(_KEYSTORE, "")
    if path and host.is_folder(f"{path}/enclaves"):
        return ok(_SUBJECT, f"It is on, with the keystore {printable_name(path)}.")
    what = f"is {printable_name(path)}, which has no folder enclaves" if path else "is not set"
    text = f"{_ENABLE} is true and {_KEYSTORE} {what}"
    remedy = f"ros2 security create_keystore FOLDER; export {_KEYSTORE}=FOLDER"
    if host.environment.get(_STRATEGY) == "Enforce":
        return error(_SUBJECT, "security-keystore-missing", f"{text}: no node starts.", remedy)
    return caution(
        _SUBJECT, "security-keystore-missing", f"{text}: nodes start without security.", remedy
    )
