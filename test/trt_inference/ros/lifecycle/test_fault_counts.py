"""An image at which the engine fails is counted, so that the counts add up until the end."""

from pathlib import Path

from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from test.trt_inference.ros.client import Client, wait_until
from test.trt_inference.ros.fault_bundle import FAILING, write_fault_bundle
from trt_inference.ros.node import DetectorNode

NAMESPACE = "/fault_counts"


def test_the_image_at_which_the_engine_fails_is_counted_as_dropped(
    ros: None, tmp_path: Path
) -> None:
    """In this process, so that the fault waits on the executor while the counts are read."""
    bundle = write_fault_bundle(tmp_path / "faulty")
    parameters = [
        Parameter("bundle", value=str(bundle)),
        Parameter("infer_without_subscribers", value=True),
    ]
    node = DetectorNode(namespace=NAMESPACE, parameter_overrides=parameters)
    client, executor = Client(NAMESPACE), SingleThreadedExecutor()
    executor.add_node(node)
    try:
        node.trigger_configure()
        node.trigger_activate()
        [camera] = node._in_use().cameras
        executor.spin_once(timeout_sec=0.05)
        client.send(client.image(FAILING))  # the executor does not spin: nothing is freed yet
        assert wait_until(lambda: camera.counters.dropped == 1)
        assert camera.counters.received == 1
        assert camera.counters.inferred == 0
    finally:
        client.destroy_node()
        executor.shutdown()
        node.destroy_node()
