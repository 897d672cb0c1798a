"""Messages taken as bytes, from real publishers in this process and in another one."""

import array
import ctypes
import gc
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any, Callable, Iterator, List

import numpy as np
import pytest
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage

from test.trt_inference.ros.client import Client
from trt_inference.ros.cameras import rcl_take
from trt_inference.ros.cameras.rcl_take import RclTake, TakeError
from trt_inference.ros.cameras.serialized_take import (
    AnyTake,
    CopyingTake,
    SerializedTake,
    open_take,
)
from trt_inference.ros.messages.serialized_image import READERS

LONGEST = 60.0  # seconds
RELIABLE = QoSProfile(depth=100)
BOTH = pytest.mark.parametrize("make", [SerializedTake, CopyingTake])


class Topic:
    """A publisher and a subscription, which nothing but the test takes from."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.publisher = client.create_publisher(CompressedImage, name, RELIABLE)
        self.subscription = client.create_subscription(CompressedImage, name, print, RELIABLE)
        self.handle = self.subscription.handle

    def publish(self, data: bytes) -> None:
        self.publisher.publish(CompressedImage(format="png", data=array.array("B", data)))


def wait_for(take: AnyTake, handle: Any) -> memoryview:
    """The next message."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        message = take.take(handle)
        if message is not None:
            return message
        time.sleep(0.001)
    raise AssertionError("no message came")


def data_of(message: memoryview) -> bytes:
    return bytes(READERS[CompressedImage](message).data)


@pytest.fixture
def client(ros: None) -> Iterator[Client]:
    client = Client("/takes")
    yield client
    client.destroy_node()


@pytest.fixture
def topic(client: Client) -> Topic:
    return Topic(client, "one")


@BOTH
def test_messages_are_taken_one_after_the_other(make: Callable[[], AnyTake], topic: Topic) -> None:
    take = make()
    assert take.take(topic.handle) is None
    sent = [bytes([size % 251]) * size for size in (0, 1, 100_000, 7, 300_000, 20)]
    for data in sent:
        topic.publish(data)
    assert [data_of(wait_for(take, topic.handle)) for _ in sent] == sent
    assert take.take(topic.handle) is None


@BOTH
def test_any_bytes_that_are_published_are_taken(make: Callable[[], AnyTake], topic: Topic) -> None:
    take = make()
    for data in (b"", b"\0", b"\0\1\0\1", b"\xff" * 10_000):
        topic.publisher.publish(data)
        assert bytes(wait_for(take, topic.handle)) == data


@BOTH
def test_a_message_is_kept_while_a_view_of_it_is_left(
    make: Callable[[], AnyTake], topic: Topic
) -> None:
    take = make()
    sent = [bytes([number]) * 10_000 for number in range(30)]
    views: List[Any] = []
    for data in sent:
        topic.publish(data)
        message = wait_for(take, topic.handle)
        views += [np.frombuffer(READERS[CompressedImage](message).data, np.uint8)[::2]]
        del message
    del take
    gc.collect()
    for view, data in zip(views, sent):
        assert view.tobytes() == data[::2]


def test_memory_is_used_again_once_the_last_view_is_gone(topic: Topic) -> None:
    take, addresses = SerializedTake(), []
    gc.disable()  # nothing waits for it
    try:
        for _ in range(20):
            topic.publish(bytes(50_000))
            message = wait_for(take, topic.handle)
            addresses.append(np.frombuffer(message, np.uint8).ctypes.data)
            del message
        assert len(set(addresses)) == 1
    finally:
        gc.enable()


def test_all_memory_is_given_back(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some arrays at once, more of them with the take, and those in use when their use ends."""
    living: List[int] = []
    new, free = RclTake.new_array, RclTake.free

    def counted_new(self: RclTake) -> Any:
        made = new(self)
        living.append(ctypes.addressof(made))
        return made

    def counted_free(self: RclTake, made: Any) -> None:
        living.remove(ctypes.addressof(made))
        free(self, made)

    take = SerializedTake()
    monkeypatch.setattr(RclTake, "new_array", counted_new)
    monkeypatch.setattr(RclTake, "free", counted_free)
    for _ in range(20):
        topic.publish(bytes(10_000))
    messages = [wait_for(take, topic.handle) for _ in range(20)]
    assert len(living) == 20
    del messages[1:]
    assert 1 < len(living) < 10
    del take
    assert len(living) == 1
    assert len(data_of(messages[0])) == 10_000
    messages.clear()
    assert living == []


def test_one_large_message_does_not_take_memory_for_ever(topic: Topic) -> None:
    take = SerializedTake()
    addresses = []
    for size in (20 << 20, 100, 100):
        topic.publish(bytes(size))
        message = wait_for(take, topic.handle)
        addresses.append(np.frombuffer(message, np.uint8).ctypes.data)
        del message
    assert addresses[2] != addresses[0]


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) << 12


def test_a_thousand_messages_of_all_sizes_take_no_memory(topic: Topic) -> None:
    take = SerializedTake()
    sizes = [1000 + number * 7919 % 300_000 for number in range(1200)]
    for number, size in enumerate(sizes):
        if number == 200:
            before = resident()
        topic.publish(bytes([number % 256]) * size)
        assert data_of(wait_for(take, topic.handle)) == bytes([number % 256]) * size
    assert resident() - before < 20 << 20  # all of them have 150 MB


PUBLISHER = """
import array, sys, rclpy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage
rclpy.init()
node = rclpy.create_node("other", namespace="/takes")
publisher = node.create_publisher(CompressedImage, "one", QoSProfile(depth=100))
for line in sys.stdin:
    while not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.01)
    data = array.array("B", bytes([int(line) % 256]) * int(line))
    publisher.publish(CompressedImage(format="png", data=data))
"""


@BOTH
def test_messages_of_another_process_are_taken(make: Callable[[], AnyTake], topic: Topic) -> None:
    take = make()
    other = subprocess.Popen([sys.executable, "-c", PUBLISHER], stdin=subprocess.PIPE)
    assert other.stdin is not None
    try:
        for size in (10, 2_000_000, 3, 500_000):
            other.stdin.write(b"%d\n" % size)
            other.stdin.flush()
            assert data_of(wait_for(take, topic.handle)) == bytes([size % 256]) * size
    finally:
        other.kill()
        other.wait()


def test_threads_take_and_let_go_at_once(client: Client) -> None:
    """Of several cameras, with one take for all; messages end on other threads."""
    take, wrong = SerializedTake(), []
    topics = [Topic(client, f"camera{number}") for number in range(4)]
    passed: List[Any] = []

    def receive(number: int) -> None:
        for round in range(100):
            data = bytes([number * 50 + round % 50]) * (1000 * (round % 7 + 1))
            topics[number].publish(data)
            message = wait_for(take, topics[number].handle)
            if data_of(message) != data:
                wrong.append((number, round))
            passed.append((message, data))

    def check() -> None:
        for _ in range(len(topics) * 100):
            while not passed:
                time.sleep(0.0001)
            message, data = passed.pop(0)
            if data_of(message) != data:
                wrong.append(len(data))

    threads = [threading.Thread(target=receive, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=check, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
        assert not thread.is_alive()
    assert wrong == []


class FakeHandle:
    """A subscription of rcl that was never initialised."""

    def __init__(self) -> None:
        self._subscription = ctypes.create_string_buffer(256)
        self.pointer = ctypes.addressof(self._subscription)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def test_what_rcl_refuses_is_named_and_then_forgotten(topic: Topic) -> None:
    """Otherwise rcl would complain on stderr of the next error, that this one was overwritten."""
    take = SerializedTake()
    libraries: Any = ctypes.CDLL(rclpy_implementation.__file__)
    for _ in range(3):
        with pytest.raises(TakeError, match="subscription"):
            take.take(FakeHandle())
        assert not libraries.rcutils_error_is_set() & 0xFF  # a bool
    topic.publish(b"abc")
    assert data_of(wait_for(take, topic.handle)) == b"abc"


@BOTH
def test_nothing_is_taken_of_a_subscription_that_is_destroyed(
    make: Callable[[], AnyTake], topic: Topic
) -> None:
    take = make()
    topic.publish(b"abc")
    wait_for(take, topic.handle)
    topic.client.destroy_subscription(topic.subscription)
    with pytest.raises(RuntimeError, match="destr"):
        take.take(topic.handle)


def test_the_best_that_works_is_taken() -> None:
    assert isinstance(open_take(), SerializedTake)


@pytest.mark.parametrize("library", ["/nowhere/librcl.so", "libc.so.6"])
def test_libraries_without_the_functions_are_done_without(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a library that is not loaded, nor one that has other functions."""
    module = SimpleNamespace(__file__=library, Subscription=SimpleNamespace(pointer=None))
    monkeypatch.setattr(rcl_take, "rclpy_implementation", module)
    with pytest.raises(TakeError, match="libraries"):
        SerializedTake()
    assert isinstance(open_take(), CopyingTake)


def test_another_struct_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = dict(rcl_take.Uint8Array._fields_)
    names = ("length", "buffer", "capacity", "allocator", "more")
    swapped = type(
        "Swapped", (ctypes.Structure,), {"_fields_": [(name, fields[name]) for name in names]}
    )
    monkeypatch.setattr(rcl_take, "Uint8Array", swapped)
    with pytest.raises(TakeError, match="another one"):
        SerializedTake()
