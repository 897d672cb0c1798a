"""Limits of convolutions: their weights, and their windows."""

from __future__ import annotations

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView


def _kernel_is_tensor(node: NodeView) -> bool:
    """A kernel that is a tensor is taken in networks that are quantised only, from constants."""
    return node.depends(1) or (node.is_computed(1) and not node.is_made_by(1, "DequantizeLinear"))


def _names_no_kernel(node: NodeView) -> bool:
    """The size of a kernel that is a tensor, or has such a bias, is looked for in an attribute."""
    computed = node.is_computed(1) or node.is_computed(2)
    return computed and not node.has_attribute("kernel_shape")


def _crops(node: NodeView) -> bool:
    return any(size < 0 for size in node.attribute("pads", ()))


def _grows(node: NodeView) -> bool:
    """Whether output_shape asks for more than the kernel reaches: padding would be negative. One
    cell more is added at the end."""
    wanted, reached = list(node.attribute("output_shape", ())), _reached(node)
    return _is_explicit(node) and any(
        one is not None and size - one > 1
        for one, size in zip(reached, wanted[len(wanted) - len(reached) :])
    )


def _reached(node: NodeView) -> list[int | None]:
    """The sizes that a transposed convolution has without padding."""
    sizes, windows = ((node.shape(index) or ())[2:] for index in (0, 1))
    ones = [1] * len(sizes)
    strides, dilations = (node.attribute(name, ones) for name in ("strides", "dilations"))
    more = node.attribute("output_padding", [0] * len(sizes))
    return [
        None
        if size is None or window is None
        else stride * (size - 1) + step * (window - 1) + 1 + end
        for size, window, stride, step, end in zip(sizes, windows, strides, dilations, more)
    ]


def _is_explicit(node: NodeView) -> bool:
    return bool(node.attribute("auto_pad", "NOTSET") == "NOTSET")


def _pads_negatively(node: NodeView) -> bool:
    pads = list(node.attribute("pads", ()))
    return any(size < 0 for size in pads[: len(pads) // 2])


def _pads_of_transposed_3d(node: NodeView) -> bool:
    pads = list(node.attribute("pads", ()))
    half = len(pads) // 2
    return half == 3 and pads[:half] != pads[half:]


CONVOLUTION_LIMITS = (
    Limit(
        ("Conv", "ConvTranspose"),
        "constant weights",
        _kernel_is_tensor,
        "keep the weights of a convolution constant, or multiply with tf.matmul and add up instead",
        "NvInfer.h:1367@8.0.1, 1390@8.2.1, 1401@8.4.1 of NVIDIA/TensorRT: 'a constant tensor'; "
        "docs/operators.md@8.4-GA",
        until="8.5",
    ),
    Limit(
        ("Conv",),
        "constant weights in the body of a loop",
        lambda node: node.is_in_loop and node.is_computed(1),
        "keep the weights of a convolution constant, or leave the loop out",
        "a build by TensorRT 8.6.0: 'Myelin support for convolution with 2 inputs will be added'",
        since="8.5",
        until="10.0",
    ),
    Limit(
        ("Conv", "ConvTranspose"),
        "a constant bias",
        lambda node: node.is_computed(2),
        "add the bias after the convolution",
        "builtin_op_importers.cpp:610@8.0-GA, 610@8.2-GA, 619@8.4-GA",
        until="8.5",
    ),
    Limit(
        ("Conv",),
        "the attribute kernel_shape, where weights or bias are computed",
        _names_no_kernel,
        "give the attribute kernel_shape",
        "onnx2trt_utils.cpp:2179@8.0-GA, 2038@8.4-GA; importerUtils.cpp, convMultiInput@10.1-GA; "
        "taken: 10.4, CHANGELOG.md of NVIDIA/TensorRT",
        until="10.4",
    ),
    Limit(
        ("Conv",),
        "no negative padding",
        _crops,
        "crop the input of the convolution instead",
        "NvInfer.h, IConvolutionLayer::setPrePadding and setPostPadding of NVIDIA/TensorRT, which "
        "8.5.3 and 8.6.0 refuse below 0",
    ),
    Limit(
        ("ConvTranspose",),
        "an output_shape no larger than what the kernel reaches",
        _grows,
        "pad with zeros after the convolution instead",
        "builtin_op_importers.cpp:839@8.0-GA, ConvTranspose@8.6-GA; onnxOpImporters.cpp, "
        "ConvTranspose@10.15",
    ),
    Limit(
        ("ConvTranspose",),
        "no negative padding at the beginning",
        _pads_negatively,
        "crop after the convolution instead",
        "builtin_op_importers.cpp, ConvTranspose@8.0-GA to 10.1-GA",
    ),
    Limit(
        ("ConvTranspose",),
        "in 3D the same padding at both ends",
        _pads_of_transposed_3d,
        "crop after the convolution instead",
        "builtin_op_importers.cpp:896@8.2-GA",
        until="8.4",
    ),
)
