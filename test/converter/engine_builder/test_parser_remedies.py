"""What a robot says of a node that TensorRT refuses, from the manifest alone."""

import pytest

from converter.engine_builder.parser_remedies import refusal_warnings, remedy

REFUSED = {
    "operators": {
        "missing": {"NonZero": "use TensorRT 8.5 or newer"},
        "limited": {"TopK": "a constant k (8.2, 8.5)", "Resize": "many"},
        "refused": [
            {
                "operator": "Resize",
                "limit": "no cubic interpolation",
                "nodes": ["network/up", "network/up_again"],
                "tensorrt": ["8.2"],
                "remedy": "resize bilinearly",
            },
            {
                "operator": "Resize",
                "limit": "no antialiasing",
                "nodes": ["network/down"],
                "tensorrt": ["8.2", "10.3"],
                "remedy": "resize without antialias=True",
            },
            {
                "operator": "NonZero",
                "limit": "",
                "nodes": ["network/where"],
                "tensorrt": ["8.2"],
                "remedy": "use TensorRT 8.5 or newer",
            },
        ],
    }
}


@pytest.mark.parametrize(
    ("operator", "node", "text"),
    [
        ("Resize", "network/up", "it takes no cubic interpolation: resize bilinearly"),
        ("Resize", "network/down", "it takes no antialiasing: resize without antialias=True"),
        ("NonZero", "network/where", "use TensorRT 8.5 or newer"),
        ("TopK", "network/best", "it is limited to: a constant k (8.2, 8.5). Change the model"),
        ("Conv", "network/conv", "convert the model again with --target for this robot"),
    ],
)
def test_the_reason_is_that_of_the_node(operator: str, node: str, text: str) -> None:
    assert remedy(REFUSED, operator, node).startswith(text)


def test_of_a_node_without_a_known_name_all_reasons_against_its_operator_are_told() -> None:
    assert remedy(REFUSED, "Resize", "") == (
        "it takes no cubic interpolation: resize bilinearly; or "
        "it takes no antialiasing: resize without antialias=True"
    )


def test_a_bundle_of_an_earlier_converter_tells_by_operator() -> None:
    old = {"operators": {"missing": {"Mod": "write it out"}, "limited": {"TopK": "k up to 3840"}}}
    assert remedy(old, "Mod", "network/mod") == "write it out"
    assert remedy(old, "TopK", "network/best").startswith("it is limited to: k up to 3840.")
    assert "--target" in remedy({}, "Mod", "network/mod")


def test_what_this_version_refuses_is_told_before_a_build() -> None:
    (of_10,) = refusal_warnings(REFUSED, "10.3.0.26")
    assert "TensorRT 10.3 is known to refuse Resize (network/down)" in of_10
    assert "it takes no antialiasing" in of_10
    assert "resize without antialias=True" in of_10
    assert len(refusal_warnings(REFUSED, "8.2.1.8")) == 3
    assert refusal_warnings(REFUSED, "8.6.0") == refusal_warnings({}, "8.2.1.8") == []
