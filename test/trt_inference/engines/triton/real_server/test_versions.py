"""Versions of a model are exchanged while robots run: each goes on with the bundle that it has, and
none takes the results of another."""

import time
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

from test.changed_bundles import exchange_classes
from test.color_bundle import write_color_bundle
from test.served_models import export
from test.triton_server import TritonServer, needs_triton
from test.trt_inference.engines.triton.real_server.robot import PATIENCE, Robot
from trt_inference.engines.triton import open_triton, server_watch
from trt_inference.engines.triton.failures import OTHER_MODEL
from trt_inference.errors import EngineError

pytestmark = needs_triton

PATIENT = 20.0  # seconds of deadlines: nothing of these tests is about time
MODEL = "colors"


@pytest.fixture(autouse=True)
def patient_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the calls without images, too: a busy machine is no server that hangs."""
    for module in (open_triton, server_watch):
        monkeypatch.setattr(module, "PATIENCE", PATIENT)


class Fleet(NamedTuple):
    """A server that looks at its repository once a second, and two bundles with the same tensors
    and other classes."""

    server: TritonServer
    repository: Path
    old: Path
    new: Path

    def export(self, bundle: Path) -> int:
        """The number of the new version."""
        return export(bundle, self.repository, model=MODEL).version

    def robot(self, bundle: Path) -> Robot:
        return Robot(bundle, self.server.url, model=MODEL, deadline=PATIENT)

    def robot_once_served(self, bundle: Path) -> Robot:
        """A robot, as soon as the server has its bundle."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.robot(bundle)
            except EngineError:
                assert time.monotonic() < end, self.server.log
                time.sleep(0.1)


@pytest.fixture
def fleet(tmp_path: Path, hasty_watch: None) -> Iterator[Fleet]:
    old = write_color_bundle(tmp_path / "old")
    new = exchange_classes(write_color_bundle(tmp_path / "new"))
    repository = tmp_path / "repository"
    export(old, repository, model=MODEL)
    with TritonServer(repository, poll=True) as server:
        yield Fleet(server, repository, old, new)


def check(robot: Robot) -> None:
    """See that each answer was right, whoever gave it."""
    robot.check(longest=PATIENT + PATIENCE)


def test_robots_go_on_with_their_versions_while_a_new_one_comes_and_go_back_to_the_old_bundle(
    fleet: Fleet,
) -> None:
    with fleet.robot(fleet.old) as robot:
        robot.run_until_answered_by(server=True)
        assert robot.status()["version"] == "1"

        # The next version comes: nobody but the robots that have its bundle notices.
        assert robot.run_while(lambda: fleet.export(fleet.new))
        with fleet.robot_once_served(fleet.new) as other:
            robot.run_until_answered_by(server=True, count=20)
            other.run_until_answered_by(server=True, count=20)
            assert other.status()["version"] == "2"
            check(other)
            check(robot)
            assert all(one.by_server for one in robot.answers)
            assert robot.told == []

            # Roll-back: the old bundle comes as the newest version, and the first one goes.
            fleet.export(fleet.old)
            robot.run_until(lambda: robot.status()["version"] == "3")
            robot.run_until_answered_by(server=True, count=20)
            other.run_until_answered_by(server=True, count=20)
            assert other.status()["version"] == "2"
            check(other)
            check(robot)
            assert other.told == []
            print(robot.summary())


def test_a_robot_whose_bundle_is_no_longer_served_answers_itself_until_it_is_again(
    fleet: Fleet,
) -> None:
    with fleet.robot(fleet.old) as robot:
        robot.run_until_answered_by(server=True)
        fleet.export(fleet.new)
        fleet.export(fleet.new)  # two versions are served
        robot.run_until_answered_by(server=False, count=50)
        robot.run_until(lambda: robot.failures(OTHER_MODEL) > 0 or robot.told != [])
        assert OTHER_MODEL in robot.told[0]
        fleet.export(fleet.old)
        robot.run_until_answered_by(server=True, count=20)
        check(robot)
        print(robot.summary())


def test_another_model_of_this_name_is_refused_with_what_is_to_be_done(fleet: Fleet) -> None:
    with pytest.raises(EngineError, match="export-triton") as caught:
        fleet.robot(fleet.new)
    assert "version 1 is of bundle" in str(caught.value)
