"""The operators that the importers of each version have, from their sources."""

from typing import Any, Dict, FrozenSet, Tuple

_FIRST = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil
Celu Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace
DequantizeLinear Div Dropout Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
GatherElements Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual HardSigmoid
Identity If ImageScaler InstanceNormalization LRN LSTM LeakyRelu Less LessOrEqual Log LogSoftmax
Loop LpNormalization LpPool MatMul Max MaxPool Mean Min Mul Neg NonMaxSuppression Not Or PRelu Pad
ParametricSoftplus Pow QuantizeLinear RNN RandomUniform RandomUniformLike Range Reciprocal ReduceL1
ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
ReduceSumSquare Relu Reshape Resize ReverseSequence ScaledTanh Scan Selu Shape Sigmoid Sin Sinh Size
Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu
Tile TopK Transpose Unsqueeze Upsample Where
"""
_LATER: Dict[Tuple[int, int], str] = {
    (8, 2): "Einsum GatherND IsNaN Round Scatter ScatterElements ScatterND Sign",
    (8, 4): "HardSwish Shrink Xor",
    (8, 5): "GridSample MeanVarianceNormalization Mod NonZero OneHot RandomNormal RandomNormalLike"
    " RoiAlign Trilu",
    (8, 6): "GroupNormalization IsInf LayerNormalization",
    (10, 0): "CastLike Gelu Hardmax Mish",
    (10, 1): "DeformConv",
    (10, 4): "BlackmanWindow HammingWindow HannWindow",
    (10, 5): "STFT",
    (10, 14): "Attention",
    (10, 15): "RMSNormalization RotaryEmbedding TensorScatter",
    (11, 1): "Swish",
}
# What the checkers of 10 know and refuse, unless there is an importer.
_REFUSED = """
AffineGrid Bernoulli BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow
CenterCropPad Col2Im Compress ConcatFromSequence ConvInteger DFT DeformConv Det
DynamicQuantizeLinear HammingWindow HannWindow ImageDecoder MatMulInteger MaxRoiPool MaxUnpool
MelWeightMatrix Multinomial NegativeLogLikelihoodLoss Optional OptionalGetElement
OptionalHasElement QLinearConv QLinearMatMul RegexFullMatch STFT SequenceAt SequenceConstruct
SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap SoftmaxCrossEntropyLoss
SplitToSequence StringConcat StringNormalizer StringSplit TfIdfVectorizer Unique
"""
# Plugins that ONNX Runtime asks for by the name of an operator.
_PLUGINS = {
    "EfficientNMS_TRT": (8, 0),
    "PyramidROIAlign_TRT": (8, 2),
    "MultilevelCropAndResize_TRT": (8, 2),
    "DisentangledAttention_TRT": (8, 4),
}
# Their outputs have sizes that depend on the data, which ONNX Runtime could not take.
_SIZES_OF_DATA = ("NonMaxSuppression", "NonZero", "RoiAlign")


def operators_of(api: Any) -> FrozenSet[str]:
    """Those that have an importer."""
    later = (names for since, names in _LATER.items() if api.at_least(*since))
    return frozenset(_FIRST.split()).union(*(names.split() for names in later))


def is_refused_by_name(api: Any, operator: str) -> bool:
    """Whether the checkers know that there is no importer."""
    return bool(api.at_least(10)) and operator in _REFUSED.split()


def is_supported(api: Any, operator: str) -> bool:
    """``supports_operator``, which is not quite whether there is an importer."""
    if not api.at_least(10):
        if operator in _PLUGINS:
            return bool(api.at_least(*_PLUGINS[operator]))
        if operator in (_SIZES_OF_DATA if api.at_least(8, 5) else ("NonMaxSuppression",)):
            return False
    return operator in operators_of(api)


def is_left_to_others(api: Any, operator: str) -> bool:
    """Whether ``supports_model`` leaves a node to somebody else though it can be parsed."""
    if api.at_least(10):
        return operator in _SIZES_OF_DATA and not api.at_least(10, 6)
    return not is_supported(api, operator)
