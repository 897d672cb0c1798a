"""The versions of TensorRT and the opsets that they document, against their published matrices."""

import pytest

from trt_inference.bundles.tensorrt_versions import (
    TARGETS,
    VERSIONS,
    documented_opset,
    target_of,
)

# "TensorRT 8.2 supports operators up to Opset 13", and so on: the first lines of the matrices.
PUBLISHED = {"8.0": 13, "8.2": 13, "8.4": 17, "8.5": 17, "8.6": 17, "10.0": 20}


def test_versions_are_in_order() -> None:
    numbers = [tuple(int(part) for part in version.split(".")) for version in VERSIONS]
    assert numbers == sorted(set(numbers))


def test_the_table_has_the_version_of_every_target() -> None:
    assert {target.tensorrt for target in TARGETS.values()} <= set(VERSIONS)
    assert [name for name, target in TARGETS.items() if name != target.name] == []


@pytest.mark.parametrize(
    ("installed", "published"),
    [
        ("8.0.1.6", "8.0"),  # JetPack 4.6
        ("8.2.1.8", "8.2"),  # JetPack 4.6.1
        ("8.4.1.5", "8.4"),
        ("8.5.2.2", "8.5"),  # JetPack 5.1
        ("8.6.2.3", "8.6"),
        ("10.0.0b6", "10.0"),
        ("10.3.0.30", "10.0"),  # JetPack 6; the documents of 10 say 20 throughout
        ("7.1.3", "8.0"),  # older than all that are known
    ],
)
def test_an_installed_version_takes_the_opset_of_its_matrix(installed: str, published: str) -> None:
    assert documented_opset(installed) == PUBLISHED[published]


def test_a_newer_version_takes_at_least_what_the_newest_known_one_takes() -> None:
    assert documented_opset("99.0") == documented_opset(VERSIONS[-1]) >= PUBLISHED["10.0"]


@pytest.mark.parametrize(
    ("installed", "target"),
    [("8.0.1", "jetson-nano"), ("8.2.1.8", "jetson-nano"), ("8.6.1", "jetpack5")],
)
def test_what_a_target_takes_is_for_the_versions_of_its_opset(installed: str, target: str) -> None:
    assert target_of(installed).name == target
    assert target_of(installed).opset == documented_opset(installed)
