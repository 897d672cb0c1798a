"""Ten thousand malformed images: all are counted, and good ones in between are answered."""

from pathlib import Path
from typing import List

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from test.trt_inference.ros.client import Client
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import assert_found, encoded
from test.trt_inference.ros.faults.malformed import headers, malformed_images

pytestmark = pytest.mark.long

LOT = 25  # images: fewer at a time than the queues hold, so that each is received
LOTS, ROUNDS = 100, 4  # each is sent four times, because to draw it takes longer than to send it
CELL = (2, 7)
PICTURE = encoded("green", CELL, 2)


def test_ten_thousand_malformed_images_are_counted_and_good_ones_answered(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(
        bundle=shared_color_bundle, image_reliability="reliable", image_depth=100
    )
    client.start()
    client.detect(client.image(PICTURE))
    before = client.counters_at_rest()
    assert send_lots(client) == LOTS
    client.wait_for_count("received", before["received"] + LOTS * ROUNDS * (LOT + 1))
    counted = client.counters_at_rest()
    new = {name: counted[name] - before[name] for name in counted}
    assert new["received"] == LOTS * ROUNDS * (LOT + 1)
    assert new["inferred"] == LOTS * ROUNDS, "a malformed image was inferred"
    assert new["rejected"] > LOTS
    assert "Traceback" not in node.log
    assert node.is_alive


def send_lots(client: Client) -> int:
    """Malformed images, a good one at the end of each round; how many lots were answered."""
    answered = 0

    @settings(
        max_examples=LOTS,
        phases=[Phase.generate],  # what failed once is not sent again
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(malformed_images(), min_size=LOT, max_size=LOT), headers())
    def send(malformed: List[Image], header: Header) -> None:
        nonlocal answered
        for _ in range(ROUNDS):
            for image in malformed:
                client.publish(image)
            detect(client, client.image(PICTURE, header=header))
        answered += 1

    send()
    return answered


def detect(client: Client, image: Image) -> None:
    """A good image is answered at the first attempt, with its header, however odd that is."""
    client.record.detections.clear()
    client.send(image)
    answer = client.answer(image)
    assert answer.header == image.header
    assert_found(answer, "green", CELL, 2)
