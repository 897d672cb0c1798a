"""With which exit codes our processes end, and when a launch ends with one of them."""

from typing import Any

# Exit codes beside 0, and 1 after an exception.
CANNOT_START = 2  # what a restart does not mend: the user is to mend what the last line says
GPU_LOST = 3  # whoever started the process starts it again
# Seconds. At once, a process would be started again before the launch can end.
SHORTEST_RESPAWN_DELAY = 0.1


def end_if_it_cannot_start(event: Any, _: Any) -> None:
    """What to do when a process exits (``on_exit`` of a node that is respawned): end the launch,
    if the process would exit again for the same reason.

    Raises:
        RuntimeError: it would; the launch system ends with it.
    """
    if event.returncode == CANNOT_START:
        raise RuntimeError(
            f"{event.process_name} cannot start: see its last line for the reason. It is not "
            "started again, because that would end in the same way"
        )


def end_with_the_camera(event: Any, context: Any) -> None:
    """What to do when the process of a camera exits: end the launch, as nothing else sends images.

    Raises:
        RuntimeError: always, but while the launch ends anyway.
    """
    if not context.is_shutdown:
        raise RuntimeError(f"the camera, {event.process_name}, has ended: see its last lines")
