"""Names of files that can be printed and read back."""

import os
import re
from pathlib import Path

import pytest

from trt_inference.viewing.file_names import printable_name


def read_back(shown: str) -> bytes:
    """The name, as a reader of it would take the escapes back."""
    found = re.sub(
        rb"\\(\\|x([0-9a-f]{2}))",
        lambda one: bytes.fromhex(one.group(2).decode()) if one.group(2) else b"\\",
        shown.encode("utf-8"),
    )
    return bytes(found)


@pytest.mark.parametrize("name", ["street 1.jpg", "Größe 日本 🚗.png", "[red]:car:%d'\".jpg"])
def test_name_that_can_be_printed_stays(name: str) -> None:
    assert printable_name(Path("/data", name)) == f"/data/{name}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9.jpg", r"caf\xe9.jpg"),
        (b"\x1b[31mred\r\n", r"\x1b[31mred\x0d\x0a"),
        ("gpj\u202e.exe".encode("utf-8"), r"gpj\xe2\x80\xae.exe"),
        (rb"caf\xe9", r"caf\\xe9"),
    ],
)
def test_what_no_terminal_shows_is_escaped(name: bytes, shown: str) -> None:
    assert printable_name(os.fsdecode(name)) == shown
    assert read_back(shown) == name


def test_any_bytes_can_be_printed_in_one_line_and_read_back() -> None:
    names = [bytes([one]) for one in range(1, 256)] + [bytes(range(1, 256)), "é\u2028".encode()]
    for name in names:
        shown = printable_name(os.fsdecode(name))
        assert len(shown.encode("utf-8").splitlines()) == len(shown.splitlines()) == 1
        assert read_back(shown) == name
