"""What is in an MCAP file by other libraries than those that wrote it: mcap, protobuf with the
schema in the file, and rosbags with the message definition in the file."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from mcap.reader import make_reader
from mcap.records import Schema
from rosbags.typesys import Stores, get_types_from_msg, get_typestore


class ReadMessage(NamedTuple):
    """A message of the file, decoded."""

    schema: str
    encoding: str
    log_time: int
    content: Any


def read_mcap(file: Path) -> dict[str, list[ReadMessage]]:
    """All messages by their topic, in the order of the file's time."""
    messages: dict[str, list[ReadMessage]] = defaultdict(list)
    with file.open("rb") as stream:
        for schema, channel, message in make_reader(stream, validate_crcs=True).iter_messages():
            assert schema is not None
            decode = _ros if channel.message_encoding == "cdr" else _protobuf
            messages[channel.topic].append(
                ReadMessage(
                    schema.name,
                    channel.message_encoding,
                    message.log_time,
                    decode(schema, message.data),
                )
            )
    return dict(messages)


def _protobuf(schema: Schema, data: bytes) -> Any:
    assert schema.encoding == "protobuf"
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(schema.data).file:
        pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(schema.name)).FromString(data)


def _ros(schema: Schema, data: bytes) -> Any:
    assert schema.encoding == "ros2msg"
    types = get_typestore(Stores.EMPTY)
    types.register(get_types_from_msg(schema.data.decode(), schema.name))
    return types.deserialize_cdr(data, schema.name)
