"""What `build` takes on its command line."""

import argparse

import pytest

from converter.command_line.build_arguments import add_build_arguments, build_options, byte_size
from converter.engine_builder.build_options import BuildOptions


def parse(*arguments: str) -> BuildOptions:
    parser = argparse.ArgumentParser()
    add_build_arguments(parser)
    return build_options(parser.parse_args(["shapes", *arguments]))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("256MiB", 256 << 20),
        ("256 mib", 256 << 20),
        ("1GiB", 1 << 30),
        ("1.5GiB", 3 << 29),
        ("1GB", 10**9),
        ("64K", 64_000),
        ("1048576", 1 << 20),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert byte_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "lots", "-1GiB", "1TiB", "0.1"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="as in 256MiB"):
        byte_size(text)


def test_a_precision_that_is_asked_for_twice_is_built_once() -> None:
    assert parse("--precision", "fp16", "int8", "fp16").precisions == ("fp16", "int8")


def test_the_sidecar_keeps_what_differs_from_the_usual() -> None:
    assert parse("--precision", "fp16").recorded() == {}
    given = parse("--precision", "fp16", "--optimization-level", "0", "--version-compatible")
    assert given.recorded() == {"optimization_level": 0, "version_compatible": True}
    assert parse("--precision", "fp16", "--any-batch").recorded() == {"any_batch": True}
