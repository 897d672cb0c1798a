"""An image of one camera waits for those of the others, as long as the parameter allows."""

from pathlib import Path

from test.color_bundle import picture
from test.trt_inference.ros.batch_bundle import AT_ONCE, write_batch_bundle
from test.trt_inference.ros.client import Client
from test.trt_inference.ros.conftest import Start

LONGEST = 1.0  # seconds, the most that batch_deadline can be
TRIES = 30


def run_together(client: Client, one: Client, other: Client) -> int:
    """Send an image of one camera, and once the node has it, one of the other; how many images
    were in the run of the first."""
    client.spin(2 * LONGEST)  # an image waits for half of the time since the one before
    first, second = (camera.image(picture("red", (1, 1))) for camera in (one, other))
    received = client.counters_at_rest()["received"]
    one.send(first)
    client.wait_for_count("received", received + 1)
    other.send(second)
    other.answer(second)
    [detection] = one.answer(first).detections
    return round(detection.results[0].hypothesis.score * AT_ONCE)


def test_the_images_of_two_cameras_are_run_at_once_when_one_may_wait_for_the_other(
    start_node: Start, tmp_path: Path
) -> None:
    _, client = start_node(
        bundle=write_batch_bundle(tmp_path / "counting"),
        image_topics=["front/image", "rear/image"],
        batch_deadline=LONGEST,
        score_threshold=0.1,
    )
    cameras = [Client(f"{client.get_namespace()}/{name}") for name in ("front", "rear")]
    try:
        client.start()
        for camera in cameras:  # until all know of each other
            camera.detect(camera.image(picture("red", (1, 1))))
        # The first two images that come together are run alone: that they do has to be seen.
        assert any(run_together(client, *cameras) == 2 for _ in range(TRIES))
    finally:
        for camera in cameras:
            camera.destroy_node()
