"""Bags for tests, written with rosbags and with mcap: nothing of ours takes part but the published
definitions of vision_msgs."""

from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple, Sequence

import numpy as np
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

ROOT = Path(__file__).resolve().parents[3]
START = 1_764_000_000 * 10**9  # nanoseconds since 1970
PERIOD = 100_000_000  # ns from one image to the next: 10 a second

STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
COMPRESSIONS = {
    "none": CompressionMode.NONE,
    "file": CompressionMode.FILE,
    "message": CompressionMode.MESSAGE,
    "chunk": CompressionMode.STORAGE,  # zstd, of MCAP alone
}


def _typestore() -> Any:
    """The common types and vision_msgs."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for file in sorted((ROOT / "interfaces" / "vision_msgs" / "msg").glob("*.msg")):
        store.register(get_types_from_msg(file.read_text("utf-8"), f"vision_msgs/msg/{file.stem}"))
    return store


STORE = _typestore()


class BagMessage(NamedTuple):
    """What is written into a bag.

    Attributes:
        topic: on which.
        log_time: nanoseconds since 1970.
        message: of ``STORE``, or its bytes, of the type ``type``.
    """

    topic: str
    log_time: int
    message: Any
    type: str = ""

    @property
    def message_type(self) -> str:
        return self.type or self.message.__msgtype__

    @property
    def data(self) -> bytes:
        if isinstance(self.message, bytes):
            return self.message
        return bytes(STORE.serialize_cdr(self.message, self.message_type))


def new(type_name: str, **fields: Any) -> Any:
    """A message, ``vision_msgs/msg/Point2D``."""
    return STORE.types[type_name](**fields)


def header(stamp: int, frame_id: str = "camera") -> Any:
    """A header; ``stamp`` in nanoseconds."""
    seconds, nanoseconds = divmod(stamp, 10**9)
    time = new("builtin_interfaces/msg/Time", sec=seconds, nanosec=nanoseconds)
    return new("std_msgs/msg/Header", stamp=time, frame_id=frame_id)


def image_message(
    pixels: np.ndarray,
    stamp: int = START,
    *,
    encoding: str = "bgr8",
    frame_id: str = "camera",
    size: "tuple[int, int] | None" = None,
    is_bigendian: bool = False,
) -> Any:
    """A sensor_msgs/Image.

    Args:
        pixels: ``[rows, width, channels]`` or ``[rows, width]``; each row is written as it is.
        size: height and width where they are not those of ``pixels``, as for nv12.
    """
    height, width = size or pixels.shape[:2]
    return new(
        "sensor_msgs/msg/Image",
        header=header(stamp, frame_id),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(is_bigendian),
        step=pixels.nbytes // len(pixels),
        data=np.frombuffer(np.ascontiguousarray(pixels).tobytes(), np.uint8),
    )


def compressed_message(
    data: bytes, stamp: int = START, *, format: str = "jpeg", frame_id: str = "camera"
) -> Any:
    """A sensor_msgs/CompressedImage of a jpeg or png file."""
    return new(
        "sensor_msgs/msg/CompressedImage",
        header=header(stamp, frame_id),
        format=format,
        data=np.frombuffer(data, np.uint8),
    )


def _hypothesis(label: str, score: float) -> Any:
    return new("vision_msgs/msg/ObjectHypothesis", class_id=label, score=score)


def _detection(header: Any, box: Sequence[float], label: str, score: float) -> Any:
    """``box``: x1, y1, x2, y2 in pixels."""
    x1, y1, x2, y2 = map(float, box)
    no_pose = new(
        "geometry_msgs/msg/PoseWithCovariance",
        pose=new(
            "geometry_msgs/msg/Pose",
            position=new("geometry_msgs/msg/Point", x=0.0, y=0.0, z=0.0),
            orientation=new("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
        ),
        covariance=np.zeros(36),
    )
    center = new(
        "vision_msgs/msg/Pose2D",
        position=new("vision_msgs/msg/Point2D", x=(x1 + x2) / 2, y=(y1 + y2) / 2),
        theta=0.0,
    )
    return new(
        "vision_msgs/msg/Detection2D",
        header=header,
        results=[
            new(
                "vision_msgs/msg/ObjectHypothesisWithPose",
                hypothesis=_hypothesis(label, score),
                pose=no_pose,
            )
        ],
        bbox=new("vision_msgs/msg/BoundingBox2D", center=center, size_x=x2 - x1, size_y=y2 - y1),
        id="",
    )


def detections_message(
    found: Iterable["tuple[Sequence[float], str, float]"],
    stamp: int = START,
    frame_id: str = "camera",
) -> Any:
    """A vision_msgs/Detection2DArray of boxes (x1, y1, x2, y2 in pixels), labels and scores."""
    of_image = header(stamp, frame_id)
    return new(
        "vision_msgs/msg/Detection2DArray",
        header=of_image,
        detections=[_detection(of_image, *one) for one in found],
    )


def classification_message(
    found: Iterable["tuple[str, float]"], stamp: int = START, frame_id: str = "camera"
) -> Any:
    """A vision_msgs/Classification of labels and scores."""
    return new(
        "vision_msgs/msg/Classification",
        header=header(stamp, frame_id),
        results=[_hypothesis(*one) for one in found],
    )


def image_messages(
    images: Iterable[np.ndarray], topic: str = "/camera/image_raw", start: int = START
) -> Iterator[BagMessage]:
    """bgr8 images, one each ``PERIOD``, recorded when they were taken."""
    for number, pixels in enumerate(images):
        stamp = start + number * PERIOD
        yield BagMessage(topic, stamp, image_message(pixels, stamp))


def write_bag(
    folder: Path,
    messages: Iterable[BagMessage],
    storage: str = "mcap",
    compression: str = "none",
    version: int = 9,
) -> Path:
    """A folder as ``ros2 bag record`` leaves it, with one storage file. Messages are written in the
    order in which they are given.

    Args:
        storage: one of ``STORAGES``.
        compression: one of ``COMPRESSIONS``.
        version: of the metadata, 8 or 9.

    Returns:
        ``folder``.
    """
    writer = Writer(folder, version=version, storage_plugin=STORAGES[storage])
    writer.set_compression(COMPRESSIONS[compression], CompressionFormat.ZSTD)
    connections = {}
    with writer:
        for one in messages:
            key = one.topic, one.message_type
            if key not in connections:
                connections[key] = writer.add_connection(*key, typestore=STORE)
            writer.write(connections[key], one.log_time, one.data)
    return folder


def storage_file(folder: Path) -> Path:
    """The one storage file of a bag."""
    (file,) = (path for path in folder.iterdir() if path.name != "metadata.yaml")
    return file


def write_mcap(
    file: Path,
    messages: Iterable[BagMessage],
    compression: str = "none",
    *,
    chunk_bytes: int = 1024 * 1024,
    is_indexed: bool = True,
    is_chunked: bool = True,
) -> Path:
    """A single file, by the library of MCAP.

    Args:
        compression: ``none``, ``lz4`` or ``zstd``, of each chunk.
        chunk_bytes: after which a chunk ends.
        is_indexed: whether there are indexes and a summary.

    Returns:
        ``file``.
    """
    with file.open("wb") as stream:
        writer = McapWriter(
            stream,
            chunk_size=chunk_bytes,
            compression=CompressionType[compression.upper()],
            index_types=IndexType.ALL if is_indexed else IndexType.NONE,
            repeat_channels=is_indexed,
            repeat_schemas=is_indexed,
            use_statistics=is_indexed,
            use_summary_offsets=is_indexed,
            use_chunking=is_chunked,
        )
        writer.start("ros2", "test")
        channels = {}
        for one in messages:
            key = one.topic, one.message_type
            if key not in channels:
                definition, _ = STORE.generate_msgdef(one.message_type, ros_version=2)
                schema = writer.register_schema(one.message_type, "ros2msg", definition.encode())
                channels[key] = writer.register_channel(one.topic, "cdr", schema)
            writer.add_message(channels[key], one.log_time, one.data, one.log_time)
        writer.finish()
    return file


def text_messages(
    count: int, topic: str = "/texts", length: int = 40, start: int = START
) -> "list[BagMessage]":
    """Messages of std_msgs/String of ``length`` characters, each of which stands nowhere else in a
    file, 1 ms apart."""
    texts = (f"{topic}-{number:06d}-".ljust(length, "x") for number in range(count))
    return [
        BagMessage(topic, start + number * 10**6, new("std_msgs/msg/String", data=text))
        for number, text in enumerate(texts)
    ]
