"""The table of the operators that TensorRT has, against the published matrix."""

import pytest

from trt_inference.bundles.tensorrt_operators import remedy_for_missing, takes


@pytest.mark.parametrize(
    "operator, before, since",
    [
        ("Einsum", "8.0", "8.2"),
        ("Xor", "8.2", "8.4"),
        ("NonZero", "8.4", "8.5"),
        ("LayerNormalization", "8.5", "8.6"),
        ("Gelu", "8.6", "10.0"),
        ("DeformConv", "10.0", "10.3"),
        ("STFT", "10.3", "10.13"),
        ("Attention", "10.13", "11.1"),
    ],
)
def test_operators_are_taken_from_their_version_on(operator: str, before: str, since: str) -> None:
    assert takes(since, operator)
    assert not takes(before, operator)


def test_what_the_matrix_leaves_out_and_the_parser_has_is_taken() -> None:
    assert takes("8.2", "Reciprocal")


@pytest.mark.parametrize(
    ("operator", "remedy"),
    [
        ("NonMaxSuppression", "use TensorRT 8.5 or newer, or end the network before it"),
        ("GroupNormalization", "use TensorRT 8.6 or newer, or write the normalisation"),
        ("Unique", "keep shapes fixed"),
        ("Det", "express it in ONNX's own operators, or end the network before it"),
    ],
)
def test_there_is_a_remedy_for_every_operator(operator: str, remedy: str) -> None:
    assert remedy_for_missing(operator).startswith(remedy)
