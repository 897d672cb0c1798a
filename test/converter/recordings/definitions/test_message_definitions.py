"""Messages as objects: by the definitions of their bag, and by ours where it has none."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from mcap.writer import Writer

from converter.errors import RecordingError
from converter.recordings.definitions.vision_definitions import VISION_DEFINITIONS
from converter.recordings.recorded_message import MessageDefinition, RecordedMessage
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    START,
    STORAGES,
    STORE,
    BagMessage,
    classification_message,
    detections_message,
    storage_file,
    write_bag,
)

FOUND = detections_message([((1, 2, 30, 40), "cat", 0.75), ((5, 6, 7, 8), "dog", 0.25)])


def check_found(message: Any) -> None:
    assert [one.results[0].hypothesis.class_id for one in message.detections] == ["cat", "dog"]
    box = message.detections[0].bbox
    assert (box.center.position.x, box.center.position.y) == (15.5, 21)
    assert (box.size_x, box.size_y) == (29, 38)
    assert message.header.frame_id == "camera"


def test_our_definitions_are_those_of_vision_msgs() -> None:
    """By their hashes, which name and type of each field are part of."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    ours = get_typestore(Stores.ROS2_JAZZY)
    for name, text in VISION_DEFINITIONS.items():
        ours.register(get_types_from_msg(text, name))
    for name in VISION_DEFINITIONS:
        assert ours.hash_rihs01(name) == STORE.hash_rihs01(name)
    assert set(VISION_DEFINITIONS) == {name for name in STORE.types if "vision_msgs" in name}


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("compression", ["none", "message"])
def test_results_of_a_bag_are_read(storage: str, compression: str, tmp_path: Path) -> None:
    said = classification_message([("dog", 0.25)])
    written = [BagMessage("/found", START, FOUND), BagMessage("/said", START + 1, said)]
    bag = write_bag(tmp_path / "bag", written, storage, compression)
    with Recordings([bag]) as recordings:
        found, classified = map(recordings.deserialize, recordings.messages(["/found", "/said"]))
    check_found(found)
    assert classified.results[0].score == 0.25


def test_results_of_humble_are_read_without_definitions_in_the_bag(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", [BagMessage("/found", START, FOUND)], "sqlite3")
    connection = sqlite3.connect(storage_file(bag))
    connection.execute("DROP TABLE message_definitions")
    connection.commit()
    connection.close()
    with Recordings([bag]) as recordings:
        (message,) = recordings.messages(["/found"])
        assert message.definition == MessageDefinition()
        check_found(recordings.deserialize(message))


def write_own_type(file: Path, definition: str, data: bytes, encoding: str = "ros2msg") -> Path:
    with file.open("wb") as stream:
        writer = Writer(stream)
        writer.start("ros2")
        schema = writer.register_schema("own_msgs/msg/Own", encoding, definition.encode())
        channel = writer.register_channel("/own", "cdr", schema)
        writer.add_message(channel, START, b"\0\1\0\0" + data, START)
        writer.finish()
    return file


def test_each_bag_is_read_by_its_own_definition(tmp_path: Path) -> None:
    """Two versions of a type, with the same bytes, one after the other and back."""
    data = bytes(range(1, 9))
    first = write_own_type(tmp_path / "first.mcap", "uint8[8] values\n", data)
    second = write_own_type(tmp_path / "second.mcap", "uint32 high\nuint32 low\n", data)
    with Recordings([first, second, first]) as recordings:
        found = [recordings.deserialize(one) for one in recordings.messages(["/own"])]
    assert list(found[0].values) == list(found[2].values) == list(data)
    assert (found[1].high, found[1].low) == (0x04030201, 0x08070605)


def test_a_definition_in_idl_is_read(tmp_path: Path) -> None:
    own = "module own_msgs { module msg { struct Own { own_msgs::msg::Part part; }; }; };\n"
    part = "module own_msgs { module msg { struct Part { uint8 value; }; }; };\n"
    line = "=" * 80 + "\nIDL: own_msgs/msg/"
    idl = f"{line}Own\n{own}{line}Part\n{part}"
    file = write_own_type(tmp_path / "own.mcap", idl, b"\7", "ros2idl")
    with Recordings([file]) as recordings:
        (message,) = recordings.messages(["/own"])
        assert recordings.deserialize(message).part.value == 7
    hostile = own.replace("own_msgs::msg::Part part", "uint8 values[1 << (1 << 60)]")
    file = write_own_type(tmp_path / "hostile.mcap", hostile, b"\7", "ros2idl")
    with Recordings([file]) as recordings:
        (message,) = recordings.messages(["/own"])
        with pytest.raises(RecordingError, match="its definition computes numbers"):
            recordings.deserialize(message)


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "no definition at all",
        "uint8 x\n" * 3,
        "Own again\n",  # consists of itself
        "other_msgs/Missing thing\n",
        "string[999999999] texts\n",
        "float128 wide\n",
        "uint8 class\nuint8 import\nuint8 __init__\n",
        "uint8 x\n" + "#" * 10**6,
        "string A='''\nimport os\n",
        'string A="\\"\\nimport os\\nos.abort()\\n"\nuint8 x\n',
        "=" * 80 + "\nMSG: own_msgs/Own\nuint8 x\n",
        "\0\x1b[2J",
        "uint8 x 1 2 3\n",
        "uint8[<=" + "9" * 5000 + "] x\n",
        "(" * 5000,
        "\n".join(f"own_msgs/Wide[9999] w{n}" for n in range(200))
        + "\n"
        + "=" * 80
        + "\nMSG: own_msgs/Wide\nint32[9999] x\n",
    ],
)
def test_hostile_definitions_end_in_an_error_or_in_a_message(
    definition: str, tmp_path: Path
) -> None:
    file = write_own_type(tmp_path / "own.mcap", definition, b"")
    with Recordings([file]) as recordings:
        (message,) = recordings.messages(["/own"])
        with pytest.raises(RecordingError, match="a message of /own cannot be read as own_msgs"):
            recordings.deserialize(message)


def test_a_type_that_is_not_known_is_named(tmp_path: Path) -> None:
    unknown = RecordedMessage("/own\x1b", "own_msgs/msg/Own", START, 0.0, b"\0\1\0\0")
    with Recordings([write_bag(tmp_path / "bag", [BagMessage("/x", START, FOUND)])]) as recordings:
        with pytest.raises(RecordingError) as caught:
            recordings.deserialize(unknown)
    assert str(caught.value) == (
        r"a message of /own\x1b cannot be read as own_msgs/msg/Own: ValueError: the recording has "
        "no definition of it"
    )


def test_messages_that_are_cut_anywhere_end_in_an_error(tmp_path: Path) -> None:
    with Recordings([write_bag(tmp_path / "bag", [BagMessage("/x", START, FOUND)])]) as recordings:
        (message,) = recordings.messages(["/x"])
        check_found(recordings.deserialize(message))
        for cut in range(len(message.data)):
            with pytest.raises(RecordingError, match="a message of /x cannot be read"):
                recordings.deserialize(message._replace(data=message.data[:cut]))
