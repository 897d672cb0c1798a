"""Foreign text that can be printed, and names of files that can be read back."""

import os
import re
from pathlib import Path

import pytest

from trt_inference.printable import printable, printable_lines, printable_name


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


@pytest.mark.parametrize(
    "text", ["configured: shapes fp32", "Größe 日本 👩\u200d🔧", r"C:\new \x0a"]
)
def test_a_text_that_can_be_printed_stays(text: str) -> None:
    assert printable(text) == text
    assert printable_lines(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/x\n[FATAL] [1.0] [stop]: now", r"/x\x0a[FATAL] [1.0] [stop]: now"),
        ("gone \x1b[2K\r\x07\x9b", r"gone \x1b[2K\x0d\x07\xc2\x9b"),
        ("a\u202eb\u2066c\u200bd\ufeffe", r"a\xe2\x80\xaeb\xe2\x81\xa6c\xe2\x80\x8bd\xef\xbb\xbfe"),
        ("caf\udce9 and \ud83d", r"caf\xe9 and \xed\xa0\xbd"),
        ("end\x00of a C string", r"end\x00of a C string"),
    ],
)
def test_a_text_is_one_line_without_what_controls_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_whatever_the_text_it_can_be_encoded_and_has_one_line() -> None:
    for point in [*range(0x3000), *range(0xD700, 0xE100), *range(0xFE00, 0x10000), 0xE0041]:
        shown = printable(f"a{chr(point)}b")
        assert len(shown.splitlines()) == 1
        assert len(shown.encode("utf-8").splitlines()) == 1


def test_lines_stay_readable_and_none_begins_like_a_record() -> None:
    shown = printable_lines("failed:\n[FATAL] [1.0] [stop]: now\n\tat \x1b[2K\r\n")
    first, *others = shown.split("\n")
    assert first == "failed:"
    assert others == ["  | [FATAL] [1.0] [stop]: now", r"  |     at \x1b[2K\x0d"]


def test_of_a_very_long_text_beginning_and_end_are_kept() -> None:
    shown = printable("begin " + "x" * 100_000 + " end")
    assert shown.startswith("begin x") and shown.endswith("x end")
    assert "96090 characters are left out" in shown
    assert len(shown) < 5000
    assert printable(shown) == shown
    lines = printable_lines("\n".join(map(str, range(10_000)))).split("\n")
    assert len(lines) < 250
    assert lines[0] == "0" and lines[-1] == "  | 9999"
    assert "  | … 9800 lines are left out …" in lines
