"""The launch files with the real launch system and real nodes."""

from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Dict, Iterator, List

import cv2
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from test.color_bundle import offer_precisions, picture
from test.launching import IS_THERE, LIMIT, Launch, install, launched
from test.trt_inference.ros.client import TIMEOUT, Client, wait_until

pytestmark = pytest.mark.skipif(
    not IS_THERE, reason="launch_ros is not on PyPI: run this where ROS 2 comes from apt"
)

RED = picture("red", (2, 3), scale=2)
VARIANTS = ("detector.launch.py", "detector.launch.xml", "detector.launch.yaml")

Run = Callable[..., Launch]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Where the package is installed."""
    install(tmp_path / "installed")
    return tmp_path / "installed"


@pytest.fixture
def run(installed: Path) -> Iterator[Run]:
    """Launches a file with arguments, until the test is over."""
    with ExitStack() as stack:

        def start(file: str = "detector.launch.py", **options: object) -> Launch:
            return stack.enter_context(launched(installed, file, **options))

        yield start


@pytest.fixture
def client_in(ros: None) -> Iterator[Callable[[str], Client]]:
    """Makes clients of detectors in namespaces."""
    with ExitStack() as stack:

        def make(namespace: str) -> Client:
            client = Client(namespace)
            stack.callback(client.destroy_node)
            return client

        yield make


@pytest.fixture
def client(client_in: Callable[[str], Client]) -> Client:
    """In the namespace that most tests launch into."""
    return client_in("/robot")


@pytest.mark.parametrize("file", VARIANTS)
def test_launch_brings_the_node_up_active(
    client: Client, run: Run, shared_color_bundle: Path, file: str
) -> None:
    run(file, bundle=shared_color_bundle, namespace="robot", precision="fp32")
    assert client.detect(client.image(RED)).detections
    assert client.state() == "active"


@pytest.mark.parametrize("file", VARIANTS)
def test_a_server_is_an_argument(
    client: Client, run: Run, shared_color_bundle: Path, file: str
) -> None:
    """An address of IPv6 is not taken for a list."""
    url = "[::1]:1"  # where nobody answers
    launch = run(
        file, bundle=shared_color_bundle, namespace="robot", backend="triton", server_url=url
    )
    assert client.detect(client.image(RED)).detections
    assert wait_until(lambda: f"instead of Triton at {url}" in launch.log), launch.log


def test_the_node_subscribes_to_the_given_topic(
    client: Client, run: Run, shared_color_bundle: Path
) -> None:
    run(bundle=shared_color_bundle, namespace="robot", image_topic="/camera/front")
    assert wait_until(lambda: client.count_subscribers("/camera/front") == 1)


def test_a_killed_node_comes_up_active_again(
    client: Client, run: Run, shared_color_bundle: Path
) -> None:
    launch = run(bundle=shared_color_bundle, namespace="robot", respawn_delay=0.1)
    assert client.detect(client.image(RED)).detections
    (node,) = launch.nodes()
    node.kill()
    assert wait_until(lambda: [one.pid for one in launch.nodes()] not in ([node.pid], []))
    assert client.detect(client.image(RED)).detections


@pytest.mark.parametrize("name", ["respawn", "use_respawn"])
def test_a_killed_node_stays_away_without_respawn(
    run: Run, shared_color_bundle: Path, name: str
) -> None:
    launch = run(bundle=shared_color_bundle, **{name: "false"})
    assert wait_until(lambda: "configured" in launch.log)
    (node,) = launch.nodes()
    node.kill()
    launch.process.wait(TIMEOUT)  # nothing is left to run


def test_ctrl_c_ends_launch_and_nodes_soon(run: Run, shared_color_bundle: Path) -> None:
    launch = run(
        "multi_camera.launch.py",
        bundle=shared_color_bundle,
        mode="nodes",
        image_topics="[/front/image, /rear/image]",
        sigterm_timeout=LIMIT,
    )
    assert wait_until(lambda: launch.log.count(" configured: ") == 2), launch.log
    nodes = launch.nodes()
    launch.interrupt()
    assert "escalating" not in launch.log  # to SIGTERM, where a node does not end
    assert len(nodes) == 2
    assert not [node for node in nodes if node.is_running()]
    assert launch.log.count("process has finished cleanly") == 2


def test_without_autostart_the_node_waits_to_be_configured(
    client: Client, run: Run, shared_color_bundle: Path
) -> None:
    run(bundle=shared_color_bundle, namespace="robot", autostart="false")
    assert client.state() == "unconfigured"
    client.start()


def test_a_parameter_file_takes_the_place_of_the_default_one(
    client: Client, run: Run, shared_color_bundle: Path, tmp_path: Path
) -> None:
    file = tmp_path / "robot.yaml"
    file.write_text(
        f"/**:\n  ros__parameters:\n    bundle: {shared_color_bundle}\n    max_detections: 1\n"
    )
    run(params_file=file, namespace="robot")
    both = RED.copy()
    both[-16:, -16:] = (255, 0, 0)
    assert len(client.detect(client.image(both)).detections) == 1


@pytest.mark.parametrize("mode", ["one_node", "nodes"])
def test_a_parameter_file_counts_in_a_namespace(
    client_in: Callable[[str], Client],
    run: Run,
    shared_color_bundle: Path,
    tmp_path: Path,
    mode: str,
) -> None:
    file = tmp_path / "robot.yaml"
    file.write_text(f"detector:\n  ros__parameters:\n    bundle: {shared_color_bundle}\n")
    topics = "[front/image, rear/image]"
    arguments = {"image_topics": topics, "mode": mode, "namespace": "robot"}
    run("multi_camera.launch.py", params_file=file, **arguments)
    for namespace in ("/robot/front", "/robot/rear"):
        client = client_in(namespace)
        assert client.detect(client.image(RED)).detections


def test_a_parameter_file_for_other_nodes_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "robot.yaml"
    file.write_text("/robot2/detector:\n  ros__parameters:\n    precision: fp32\n")
    launch = run(params_file=file, namespace="robot")
    assert wait_until(lambda: "sets nothing for the node /robot/detector" in launch.log)
    assert "the file has sections for /robot2/detector" in launch.log


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"params_file": "mixed.yaml"}, "Sequence should be of same type"),
        ({"params_file": "alias.yaml"}, "Will not support aliasing"),
        ({"log_level": "inof"}, "Argument does not use a valid severity level"),
        ({"image_topic": "a topic!"}, "a topic!"),
    ],
)
def test_what_rcl_refuses_ends_the_launch_at_once(
    run: Run, tmp_path: Path, arguments: Dict[str, str], reason: str
) -> None:
    (tmp_path / "mixed.yaml").write_text("/**: {ros__parameters: {classes: [1, 2.5]}}")
    (tmp_path / "alias.yaml").write_text("/**: {ros__parameters: &a {x: 1}}\n/b: *a\n")
    if "params_file" in arguments:
        arguments = {"params_file": str(tmp_path / arguments["params_file"])}
    launch = run(respawn_delay=0, **arguments)
    assert launch.process.wait(TIMEOUT) == 1
    assert reason in launch.log
    assert "cannot start: see its last line for the reason" in launch.log
    assert launch.log.count("process started with pid") == 1


def test_a_bundle_that_is_not_there_is_named_and_can_be_mended(
    client: Client, run: Run, shared_color_bundle: Path
) -> None:
    missing = shared_color_bundle.parent / "missing"
    launch = run(bundle=missing, namespace="robot")
    assert wait_until(lambda: f"configure failed: '{missing}' is not a bundle" in launch.log)
    assert client.set_parameter("bundle", str(shared_color_bundle)) == ""
    client.start()


@pytest.mark.parametrize(
    ("file", "arguments", "reason"),
    [
        ("detector", {"params_file": "/nowhere.yaml"}, "there is no file /nowhere.yaml"),
        ("detector", {"middleware_profile": "/no.xml"}, "there is no file /no.xml"),
        ("detector", {"autostart": "maybe"}, "autostart is 'maybe': it can be true or false"),
        ("detector", {"image_topics": "front"}, "image_topics is 'front': write it as [/front"),
        ("detector", {"params_file": "/tmp"}, "/tmp is a folder: give a file"),
        ("detector", {"respawn_delay": "soon"}, "respawn_delay is 'soon': it must be a number"),
        ("detector", {"respawn": "true", "use_respawn": "false"}, "they mean the same"),
        ("detector", {"bundel": "/b"}, "there is no argument 'bundel': did you mean 'bundle'?"),
        ("compare_precisions", {"precision": "int8"}, "did you mean 'precisions'?"),
        ("webcam", {}, "no driver of cameras is installed"),
        ("webcam", {"video": "/nowhere.mp4"}, "video: there is no file or folder /nowhere.mp4"),
        ("webcam", {"video": "/tmp", "viewer": "gimp"}, "viewer is 'gimp': it can be auto, none"),
        ("multi_camera", {}, "image_topics is '': write it as [/front"),
        ("multi_camera", {"image_topics": "front", "mode": "nodes"}, "image_topics is 'front'"),
        (
            "multi_camera",
            {"image_topics": "[/cam/left, /cam/right]"},
            "are in one namespace",
        ),
        ("compare_precisions", {"precisions": "[int8, int8]"}, "write two different ones"),
    ],
)
def test_wrong_arguments_end_the_launch_with_the_reason(
    run: Run, file: str, arguments: Dict[str, str], reason: str
) -> None:
    # What the test environment has set would hide the argument.
    nothing = {"environment": {"FASTDDS_DEFAULT_PROFILES_FILE": ""}}
    launch = run(f"{file}.launch.py", **nothing, **arguments)
    assert launch.process.wait(TIMEOUT) == 1
    assert reason in launch.log


def test_the_nodes_process_gets_the_profile(run: Run, installed: Path) -> None:
    name = "FASTDDS_DEFAULT_PROFILES_FILE"
    launch = run(environment={name: "", "ROS_DISTRO": "kilted"})
    assert wait_until(lambda: len(launch.nodes()) == 1)
    expected = installed / "share" / "trt_inference" / "config" / "fastdds_large_images.xml"
    assert wait_until(lambda: launch.nodes()[0].environ().get(name) == str(expected))


@pytest.mark.parametrize("mode", ["one_node", "nodes"])
def test_each_camera_gets_its_results_in_its_namespace(
    client_in: Callable[[str], Client], run: Run, shared_color_bundle: Path, mode: str
) -> None:
    topics = "[/front/image, /rear/image]"
    run("multi_camera.launch.py", bundle=shared_color_bundle, image_topics=topics, mode=mode)
    for namespace in ("/front", "/rear"):
        client = client_in(namespace)
        assert client.detect(client.image(RED)).detections


def test_cameras_with_relative_topics_are_in_the_given_namespace(
    client_in: Callable[[str], Client], run: Run, shared_color_bundle: Path
) -> None:
    run(
        "multi_camera.launch.xml",
        bundle=shared_color_bundle,
        mode="nodes",
        namespace="robot",
        image_topics="[front/image, rear/image]",
    )
    for namespace in ("/robot/front", "/robot/rear"):
        client = client_in(namespace)
        assert client.detect(client.image(RED)).detections


def test_two_precisions_detect_on_the_same_images(
    client: Client, run: Run, color_bundle: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "int8")
    launch = run("compare_precisions.launch.yaml", bundle=color_bundle, namespace="robot")
    received: Dict[str, List[Detection2DArray]] = {"detector_fp32": [], "detector_int8": []}
    for name, messages in received.items():
        client.create_subscription(Detection2DArray, f"{name}/detections", messages.append, 10)
    for _ in range(int(TIMEOUT / 0.5)):
        client.send(client.image(RED))
        if client.spin(0.5, until=lambda: all(received.values())):
            break
    assert all(messages[0].detections for messages in received.values())
    assert " fp32 (asked for)" in launch.log
    assert " int8 (asked for)" in launch.log


@pytest.mark.parametrize("kind", ["py", "xml", "yaml"])
def test_a_video_is_detected_on_in_one_command(
    client: Client, run: Run, shared_color_bundle: Path, tmp_path: Path, kind: str
) -> None:
    cv2.imwrite(str(tmp_path / "red.png"), RED)
    launch = run(
        f"webcam.launch.{kind}",
        bundle=shared_color_bundle,
        namespace="robot",
        video=tmp_path / "red.png",
        rate=20,
        frame_id="front",
    )
    received: List[Detection2DArray] = []
    client.create_subscription(Detection2DArray, "detector/detections", received.append, 10)
    drawn: List[Image] = []
    client.create_subscription(Image, "detector/debug_image", drawn.append, 10)
    assert client.spin(TIMEOUT, until=lambda: bool(received and drawn)), launch.log
    assert received[0].detections
    assert received[0].header.frame_id == "front"
    assert "rqt_image_view /robot/detector/debug_image" in launch.log


def test_the_driver_gets_its_parameters_topic_and_middleware_profile(
    run: Run, installed: Path, shared_color_bundle: Path
) -> None:
    install_driver(installed, "usb_cam", "usb_cam_node_exe")
    name = "FASTDDS_DEFAULT_PROFILES_FILE"
    launch = run(
        "webcam.launch.py",
        bundle=shared_color_bundle,
        environment={name: "", "ROS_DISTRO": "kilted"},
        device="/dev/null",
        namespace="robot",
        width=1280,
        height=720,
        rate=15,
    )
    assert wait_until(lambda: "PROFILE" in launch.log), launch.log
    expected = ("image_width: 1280", "framerate: 15.0", "video_device: /dev/null")
    assert [text for text in expected if text not in launch.log] == []
    assert "-r image_raw:=camera/image_raw" in launch.log
    assert "-r __ns:=/robot" in launch.log
    assert "PROFILE fastdds_large_images.xml" in launch.log


def test_the_launch_ends_with_the_camera(
    run: Run, installed: Path, shared_color_bundle: Path
) -> None:
    install_driver(installed, "usb_cam", "usb_cam_node_exe", "exit 0\n")
    launch = run("webcam.launch.py", bundle=shared_color_bundle, device="/dev/null")
    assert launch.process.wait(TIMEOUT) == 1
    assert "has ended: see its last lines" in launch.log


def install_driver(prefix: Path, package: str, executable: str, script: str = "") -> None:
    """A stand-in for a driver, which prints what it is started with."""
    index = prefix / "share/ament_index/resource_index/packages"
    (index / package).touch()
    program = prefix / "lib" / package / executable
    program.parent.mkdir(parents=True)
    program.write_text(
        "#!/bin/sh\n"
        + (
            script
            or 'echo "$@"\nwhile [ "$1" != --params-file ]; do shift; done\ncat "$2"\n'
            'echo PROFILE $(basename "$FASTDDS_DEFAULT_PROFILES_FILE")\nexec sleep 1000\n'
        )
    )
    program.chmod(0o755)
