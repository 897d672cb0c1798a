"""What all tests share: isolated ROS, and a bundle whose detections can be computed by hand."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from test.color_bundle import write_color_bundle

# A shell ignores Ctrl-C in what it runs in the background, and so does all that is started from there.
# Tests send it to processes of their own, which must hear it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A sourced ROS distribution has set it; ROS from PyPI does not.
os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)
# Nothing of a test leaves this machine, and a run does not hear other ROS nodes on it.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
# The tests send camera images: with the profile that the project gives to camera operators.
_PROFILE = Path(__file__).parents[1] / "config" / "fastdds_large_images.xml"
os.environ["FASTDDS_DEFAULT_PROFILES_FILE"] = str(_PROFILE)


@pytest.fixture(scope="session")
def ros() -> Iterator[None]:
    """One rclpy context for all clients."""
    import rclpy  # not there in the converter's environment
    from rclpy.signals import SignalHandlerOptions

    # Ctrl-C is pytest's.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    yield
    rclpy.try_shutdown()


@pytest.fixture(scope="session")
def shared_color_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A color bundle for tests that only read it."""
    return write_color_bundle(tmp_path_factory.mktemp("bundles") / "colors")


@pytest.fixture
def color_bundle(tmp_path: Path) -> Path:
    """A color bundle of the test's own, to change or to damage."""
    return write_color_bundle(tmp_path / "colors")
