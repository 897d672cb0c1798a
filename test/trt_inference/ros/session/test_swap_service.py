"""The service ~/swap: whose it is, what it answers to whom, and a swap that does not end."""

import re
import signal
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue

from test.color_bundle import offer_precisions, picture, write_color_bundle
from test.trt_inference.ros.client import NODE, TIMEOUT, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.session.held_bundles import MODEL, MODULE, HeldBundles
from test.trt_inference.ros.session.swapper import Swapper

TYPE = "rcl_interfaces/srv/SetParametersAtomically"
RED = picture("red", (2, 3))
STRING, INTEGER = 4, 2  # of rcl_interfaces/ParameterType


def test_the_service_belongs_to_the_node(start_node: Start, shared_color_bundle: Path) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.transition(Transition.TRANSITION_CONFIGURE)
    namespace = client.get_namespace()

    def services() -> Dict[str, List[str]]:
        return dict(client.get_service_names_and_types_by_node("detector", namespace))

    assert client.spin(
        TIMEOUT, until=lambda: services().get(f"{namespace}/detector/swap") == [TYPE]
    )
    assert [
        node
        for node, place in client.get_node_names_and_namespaces()
        if place == namespace and node != client.get_name()
    ] == ["detector"]


def test_the_service_can_be_remapped(start_node: Start, shared_color_bundle: Path) -> None:
    remapped = (NODE, "--ros-args", "-r", "~/swap:=ops/swap_model", "--")
    _, client = start_node(command=remapped, bundle=shared_color_bundle, hot_swap=True)
    client.transition(Transition.TRANSITION_CONFIGURE)
    swapper = Swapper(client, "ops/swap_model")
    assert swapper.reason(precision="fp32") == ""
    assert f"{client.get_namespace()}/detector/swap" not in dict(
        client.get_service_names_and_types()
    )


def of_type(number: int, name: str = "precision", **values: Any) -> ParameterMessage:
    return ParameterMessage(name=name, value=ParameterValue(type=number, **values))


ODD = {
    "a type that does not exist": [of_type(99, string_value="fp32")],
    "the highest type": [of_type(255)],
    "no type": [of_type(0, string_value="fp32")],
    "an integer": [of_type(INTEGER, integer_value=8)],
    "nothing": [],
    "twice the same": [of_type(STRING, string_value="fp32")] * 2,
    "no name": [of_type(STRING, "", string_value="fp32")],
    "a name with control characters": [of_type(STRING, "\x1b[2J\n", string_value="fp32")],
    "a very long name": [of_type(STRING, "x" * 100000, string_value="fp32")],
    "another name beside a good one": [
        of_type(STRING, string_value="fp32"),
        of_type(STRING, "threads", string_value="2"),
    ],
    "a very long path": [of_type(STRING, "bundle", string_value="/" + "x" * 100000)],
    "an empty path": [of_type(STRING, "bundle", string_value="")],
    "an unknown home": [of_type(STRING, "bundle", string_value="~nosuchuser/x")],
    "an empty precision": [of_type(STRING, string_value="")],
    "many": [of_type(STRING, f"p{number}", string_value="x") for number in range(1000)],
}


def test_every_request_is_answered_and_the_next_one_too(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    client.start()
    swapper = Swapper(client)
    for what, parameters in ODD.items():
        result = swapper.answer(swapper.send(parameters))
        assert not result.successful, what
        assert result.reason, what
        assert len(result.reason) < 5000, what
        assert swapper.reason(precision="fp32") == "", what
    assert client.detect(client.image(RED)).detections
    assert "Traceback" not in node.log


def test_without_hot_swap_the_service_refuses_and_names_it(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    swapper = Swapper(client)
    assert "hot_swap" in swapper.reason(precision="fp32")
    assert "hot_swap" in swapper.reason(bundle=str(shared_color_bundle))
    assert "fixed when the process starts" in client.set_parameter("hot_swap", True)
    assert "hot_swap" in swapper.reason(precision="fp32")


class Held:
    """An active node with a bundle that is held up when it is loaded."""

    def __init__(self, start_node: Start, first: Path, folder: Path, **parameters: object) -> None:
        self.bundle = write_color_bundle(folder / "held")
        self.files = HeldBundles(folder)
        self.files.hold(self.bundle, MODEL)
        self.node, self.client = start_node(
            command=(MODULE, str(folder)),
            bundle=first,
            hot_swap=True,
            **parameters,
        )
        self.client.start()
        self.swapper = Swapper(self.client)
        self.statuses: List[DiagnosticStatus] = []
        self.client.create_subscription(DiagnosticArray, "/diagnostics", self._hear, 10)

    def begin(self) -> Any:
        """Ask for the bundle, and return once it is being loaded."""
        answer = self.swapper.ask(bundle=str(self.bundle))
        self.files.wait_until_it_is_asked_for(self.bundle, MODEL)
        return answer

    def let_go(self) -> None:
        self.files.let_go(self.bundle, MODEL)

    def wait_for_status(self, condition: Callable[[DiagnosticStatus], bool]) -> DiagnosticStatus:
        """The first one of the detector from now on for which it holds."""
        self.statuses.clear()
        assert self.client.spin(TIMEOUT, until=lambda: any(map(condition, self.statuses)))
        return next(filter(condition, self.statuses))

    def _hear(self, message: DiagnosticArray) -> None:
        name = f"{self.client.get_namespace()}/detector: detector"
        self.statuses += [one for one in message.status if one.name == name]


@pytest.fixture
def hold(start_node: Start, shared_color_bundle: Path, tmp_path: Path) -> Callable[..., Held]:
    return lambda **given: Held(start_node, shared_color_bundle, tmp_path, **given)


def test_while_a_swap_goes_on_others_are_busy_and_images_go_on(hold: Callable[..., Held]) -> None:
    held = hold()
    answer = held.begin()
    assert held.client.detect(held.client.image(RED)).detections
    reason = held.swapper.reason(precision="fp32")
    going_on = re.escape(f"the swap to bundle {held.bundle} has been going on for ")
    told = rf"busy since \d\d:\d\d:\d\d: {going_on}\d+\.\d s; ask again when it is done"
    assert re.fullmatch(told, reason), reason
    assert not answer.done()
    held.let_go()
    assert held.swapper.answer(answer).successful
    assert held.swapper.reason(precision="fp32") == ""


def test_a_swap_that_takes_too_long_is_reported_until_it_ends(hold: Callable[..., Held]) -> None:
    held = hold(swap_limit=0.3)
    answer = held.begin()
    takes = f"the swap to bundle {held.bundle} takes "
    late = held.wait_for_status(lambda one: takes in one.message)
    assert late.level == DiagnosticStatus.WARN
    assert float(late.message.partition(takes)[2].split()[0]) >= 0.3
    assert held.client.set_parameter("precision", "fp32").startswith("busy since ")
    assert held.client.set_parameter("swap_limit", 0.0) == ""
    held.wait_for_status(lambda one: one.level == DiagnosticStatus.OK)
    assert held.client.set_parameter("swap_limit", 0.3) == ""
    held.wait_for_status(lambda one: one.level == DiagnosticStatus.WARN)
    held.let_go()
    assert held.swapper.answer(answer).successful
    held.wait_for_status(lambda one: one.level == DiagnosticStatus.OK)


def test_the_states_can_be_changed_while_a_swap_does_not_end(hold: Callable[..., Held]) -> None:
    held = hold(swap_limit=0.1)
    answer = held.begin()
    held.client.transition(Transition.TRANSITION_DEACTIVATE)
    held.client.transition(Transition.TRANSITION_CLEANUP)
    held.client.start()
    assert held.client.detect(held.client.image(RED)).detections
    held.wait_for_status(lambda one: "takes" in one.message)
    held.let_go()
    assert "meanwhile" in held.swapper.answer(answer).reason
    assert held.swapper.reason(precision="fp32") == ""


@pytest.mark.parametrize(
    ("number", "shut_down"),
    [
        (signal.SIGINT, False),
        (signal.SIGTERM, True),
        pytest.param(signal.SIGINT, True, marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, False, marks=pytest.mark.long),
    ],
)
def test_the_process_ends_while_a_swap_does_not(
    hold: Callable[..., Held], number: signal.Signals, shut_down: bool
) -> None:
    held = hold()
    held.begin()
    if shut_down:
        assert held.client.request(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    end(held.node, number)


def end(node: NodeProcess, number: signal.Signals) -> None:
    node.process.send_signal(number)
    assert node.process.wait(TIMEOUT) == 0
    assert "Traceback" not in node.log and "never retrieved" not in node.log


def test_of_parameters_that_are_set_during_a_swap_the_last_ones_wait_their_turn(
    start_node: Start, color_bundle: Path, tmp_path: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16", "int8")
    # Without a limit: behind a swap that takes too long, none may wait.
    held = Held(start_node, color_bundle, tmp_path, swap_limit=0.0)
    answer = held.begin()
    for precision in ("fp16", "int8", "fp32"):
        assert held.client.set_parameter("precision", precision) == ""
    held.let_go()
    assert held.swapper.answer(answer).successful
    waited = f"swap to bundle {color_bundle}, precision"
    seen = held.wait_for_status(
        lambda one: any(pair.value.startswith(waited[8:]) for pair in one.values)
    )
    assert {pair.key: pair.value for pair in seen.values}["precision"] == "fp32"
    assert wait_until(lambda: held.node.log.count("swapped in ") == 2), held.node.log
    assert held.swapper.parameter("precision") == "fp32"


def test_a_library_that_fails_in_its_own_way_is_answered_and_the_next_swap_goes_on(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    other = write_color_bundle(tmp_path / "other")
    files = HeldBundles(tmp_path)
    files.fail(other)
    process, client = start_node(
        command=(MODULE, str(tmp_path)), bundle=shared_color_bundle, hot_swap=True
    )
    client.start()
    swapper = Swapper(client)
    assert "a library failed in its own way" in swapper.reason(bundle=str(other))
    assert "what was in use goes on" in process.log
    assert swapper.reason(bundle=str(write_color_bundle(tmp_path / "good"))) == ""
