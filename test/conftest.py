"""What all tests share: isolated ROS, and a bundle whose detections can be computed by hand."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Any, Iterator, List

import hypothesis
import pytest

from examples.shapes.processes import LARGE_IMAGES, profile_variable
from test import domains
from test.color_bundle import write_color_bundle
from test.needs import left_out, reasons

# What a shell runs in the background ignores Ctrl-C, and hands that on to all that it starts. Tests
# send it to processes of their own, which must hear it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A sourced ROS distribution has set it; ROS from PyPI does not.
os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)
# Nothing of a test leaves this machine, and a run does not hear other ROS nodes on it.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = str(domains.take())
# The tests send camera images: with the profile that the project gives to camera operators.
os.environ[profile_variable()] = str(LARGE_IMAGES)

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

collect_ignore = list(left_out())


def pytest_addoption(parser: Any) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that are marked long, too")
    parser.addoption(
        "--gpu", action="store_true", help="run those that need TensorRT and a GPU, too"
    )


def pytest_collection_modifyitems(config: Any, items: List[pytest.Item]) -> None:
    if not config.getoption("--gpu"):
        items[:] = [item for item in items if item.get_closest_marker("gpu") is None]
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long") is not None:
                item.add_marker(pytest.mark.skip(reason="long: make test-all runs it"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what is loaded by now out of all later collections of garbage. The double of TensorRT
    has one with each test, to see what is left, and each would look at all tests and libraries."""
    if hasattr(gc, "freeze"):  # not in Python 3.6
        gc.collect()
        gc.freeze()


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    asked = [Path(argument.partition("::")[0]).absolute() for argument in config.args]
    for line in reasons(asked):
        terminalreporter.write_line(line)


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
