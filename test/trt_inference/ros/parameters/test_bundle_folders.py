"""From where a node loads bundles, whoever asks."""

from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition

from examples.shapes.monitor import MonitorError
from test.color_bundle import write_color_bundle
from test.trt_inference.ros.client import Client, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.session.swapper import Swapper

DEFAULT = "['']"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with two bundles, and a link to one that is elsewhere."""
    for name in ("models/first", "models/second", "elsewhere/other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_color_bundle(tmp_path / name)
    (tmp_path / "models" / "link").symlink_to(tmp_path / "elsewhere" / "other")
    return tmp_path / "models"


def refuse_to_configure(node: NodeProcess, client: Client, reason: str) -> None:
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: reason in node.log), node.log


@pytest.mark.parametrize("given", [False, True])
def test_no_way_leads_to_a_bundle_elsewhere(start_node: Start, models: Path, given: bool) -> None:
    """By default the folder of the first bundle is the one that is allowed."""
    folders = [str(models)] if given else DEFAULT
    node, client = start_node(bundle=models / "first", hot_swap=True, bundle_folders=folders)
    client.start()
    swapper = Swapper(client)
    outside = [models / "link", models / ".." / "elsewhere" / "other", Path("/")]
    for bundle in outside:
        assert "bundle_folders" in swapper.reason(bundle=str(bundle))
        assert "bundle_folders" in client.set_parameter("bundle", str(bundle))
    assert swapper.reason(bundle=str(models / "second")) == ""
    assert client.set_parameter("bundle", f"{models}/second/../first") == ""
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    assert client.set_parameter("bundle", str(models / "link")) == ""
    refuse_to_configure(
        node, client, f"'{models}/link', which is '{models.parent}/elsewhere/other'"
    )
    assert client.set_parameter("bundle", str(models / "second")) == ""
    client.start()


def test_nobody_can_set_it(start_node: Start, models: Path) -> None:
    _, client = start_node(bundle=models / "first", bundle_folders=DEFAULT)
    assert "fixed when the process starts" in client.set_parameter("bundle_folders", ["/"])
    client.transition(Transition.TRANSITION_CONFIGURE)
    assert "fixed when the process starts" in client.set_parameter("bundle_folders", ["/"])


def test_a_bundle_that_was_set_before_the_first_configuration_allows_nothing(
    start_node: Start, models: Path
) -> None:
    node, client = start_node(bundle=models / "first", bundle_folders=DEFAULT)
    assert client.set_parameter("bundle", str(models.parent / "elsewhere" / "other")) == ""
    refuse_to_configure(node, client, f"it is not in {models}")


def test_a_process_that_was_started_with_neither_loads_nothing(
    start_node: Start, models: Path
) -> None:
    node, client = start_node(bundle_folders=DEFAULT)
    refuse_to_configure(node, client, "parameter bundle is empty")
    assert client.set_parameter("bundle", str(models / "first")) == ""
    refuse_to_configure(node, client, "bundle_folders")
    assert client.state() == "unconfigured"


@pytest.mark.parametrize(
    ("value", "reason"),
    [("3", "bundle_folders"), ("[1, 2]", "bundle_folders"), ("['/models', '']", "an empty name")],
)
def test_a_wrong_value_is_reported_and_nothing_is_loaded(
    start_node: Start, models: Path, value: str, reason: str
) -> None:
    node, client = start_node(bundle=models / "first", bundle_folders=value)
    for _ in range(2):
        refuse_to_configure(node, client, reason)
    assert client.state() == "unconfigured"


def test_a_root_that_is_no_folder_is_named(start_node: Start, models: Path) -> None:
    given = [str(models), "/nowhere/at/all", str(models / "first" / "model.json")]
    node, client = start_node(bundle=models / "first", bundle_folders=given)
    client.start()
    for root in given[1:]:
        assert wait_until(lambda root=root: f"bundle_folders: '{root}' is no folder" in node.log)
