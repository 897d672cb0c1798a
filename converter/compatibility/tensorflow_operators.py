"""What to do about TensorFlow operators that tf2onnx 1.17 does not convert.

tf2onnx leaves such an operator in its graph under TensorFlow's name, where ONNX's checker finds
it. ``NOT_CONVERTED`` are those without a handler; ``UNRELIABLE`` have one, but what comes out is
not valid, differs from TensorFlow's results, or is nothing that TensorRT takes. Found by
converting operators on their own with TensorFlow 2.21, and in the list of tf2onnx's handlers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_Remedies = tuple[tuple[str, tuple[str, ...]], ...]


def _by_operator(remedies: _Remedies) -> Mapping[str, str]:
    return MappingProxyType({name: remedy for remedy, names in remedies for name in names})


NOT_CONVERTED: Mapping[str, str] = _by_operator(
    (
        (
            "give the network decoded images: export a signature that takes a "
            "tensor of pixels; on the "
            "way of the input the converter cuts the decoding away",
            (
                "DecodeAndCropJpeg",
                "DecodeBase64",
                "DecodeBmp",
                "DecodeGif",
                "DecodeImage",
                "DecodeJpeg",
                "DecodePaddedRaw",
                "DecodePng",
                "DecodeRaw",
                "DecodeWebP",
                "ReadFile",
            ),
        ),
        (
            "export a signature that takes tensors, not serialised examples",
            ("ParseExample", "ParseExampleV2", "ParseSingleExample"),
        ),
        (
            "keep strings out of the exported signature: class names come from the labels file",
            (
                "RegexReplace",
                "StaticRegexReplace",
                "StringFormat",
                "StringJoin",
                "StringLength",
                "StringSplit",
                "StringSplitV2",
                "StringToHashBucketFast",
                "Substr",
                "UnicodeDecode",
            ),
        ),
        (
            "return class numbers instead of looking up names: those come from the labels file",
            (
                "LookupTableExportV2",
                "LookupTableImportV2",
                "LookupTableInsertV2",
                "MutableHashTableV2",
            ),
        ),
        (
            "export with training=False: augmentation, dropout or noise is still on",
            (
                "ImageProjectiveTransformV2",
                "ImageProjectiveTransformV3",
                "RandomGamma",
                "StatelessRandomGetKeyCounter",
                "StatelessRandomNormalV2",
                "StatelessRandomUniform",
                "StatelessRandomUniformIntV2",
                "StatelessRandomUniformV2",
                "StatelessTruncatedNormalV2",
                "TruncatedNormal",
            ),
        ),
        (
            "export the float model from before quantisation-aware training",
            ("FakeQuantWithMinMaxVarsPerChannel", "UniformQuantize"),
        ),
        (
            "export from JAX with jax2tf.convert(..., native_serialization=False), "
            "in a version that "
            "still takes it: the operator holds a compiled program, not a graph",
            ("XlaCallModule",),
        ),
        (
            "inline the function before export: save the tf.function that holds the network itself",
            ("PartitionedCall", "StatefulPartitionedCall"),
        ),
        ("export the network for the CPU, not for a TPU", ("TPUPartitionedCall",)),
        (
            "export a signature that only reads its variables, and save the model "
            "with tf.saved_model",
            (
                "AssignAddVariableOp",
                "AssignVariableOp",
                "ReadVariableOp",
                "ResourceGather",
                "VarHandleOp",
            ),
        ),
        (
            "write it with TensorFlow operators: Python does not run in the exported network",
            ("EagerPyFunc", "PyFunc"),
        ),
        (
            "export the detector with exporter_main_v2.py, not for TensorFlow Lite",
            ("TFLite_Detection_PostProcess",),
        ),
        (
            "end the network before the suppression, which the robot does itself",
            ("NonMaxSuppressionWithOverlaps",),
        ),
        ("resize without antialias=True", ("ScaleAndTranslate",)),
        (
            "use the tanh form of GELU (approximate=True), or write 1 - tf.math.erf(x) for erfc",
            ("Erfc",),
        ),
        ("write tf.math.log(1 + x) instead", ("Log1p",)),
        ("write tf.math.exp(x) - 1 instead", ("Expm1",)),
        ("write the product or quotient out, with tf.where for zero", ("Xdivy", "Xlogy")),
        (
            "use a sum of comparisons with the boundaries instead",
            ("Bucketize", "LowerBound", "UpperBound"),
        ),
        ("use tf.math.floormod instead", ("TruncateMod",)),
        ("use tf.math.top_k instead", ("ApproxTopK", "InTopKV2", "NthElement")),
        (
            "use an exact convolution or pooling layer instead",
            ("Dilation2D", "FractionalAvgPool", "FractionalMaxPool"),
        ),
        (
            "work with the real and imaginary part as two real tensors; of the transforms only "
            "tf.signal.rfft and rfft2d convert",
            ("Angle", "Complex", "Conj", "FFT2D", "IFFT", "IFFT2D", "IRFFT", "Imag", "Real"),
        ),
        ("convert colors before the network, or feed RGB", ("HSVToRGB", "RGBToHSV")),
        ("draw on the robot: return the boxes", ("DrawBoundingBoxes", "DrawBoundingBoxesV2")),
        (
            "use dense tensors: tf.sparse.to_dense and tf.matmul",
            ("SparseAdd", "SparseConcat", "SparseTensorDenseMatMul"),
        ),
        (
            "keep shapes fixed: tf.math.top_k or a mask instead of picking distinct values",
            ("ListDiff", "UniqueV2", "UniqueWithCountsV2"),
        ),
        (
            "use tf.stack and tf.concat, or a tf.while_loop of TensorFlow 2 that "
            "fills a tensor array",
            (
                "TensorArrayGatherV3",
                "TensorArrayReadV3",
                "TensorArrayScatterV3",
                "TensorArrayV3",
                "TensorArrayWriteV3",
                "TensorListConcatV2",
                "TensorListGather",
                "TensorListPushBack",
                "TensorListScatterIntoExistingList",
            ),
        ),
        (
            "solve outside the network: matrix decompositions do not convert",
            (
                "Cholesky",
                "LogMatrixDeterminant",
                "MatrixInverse",
                "MatrixSolve",
                "MatrixTriangularSolve",
                "Qr",
                "SelfAdjointEigV2",
                "Svd",
            ),
        ),
        ("use tf.cast: reinterpreting bits has no counterpart", ("Bitcast",)),
        ("use tf.cond, which has two branches", ("Case", "StatelessCase", "_SwitchN")),
        (
            "use other mathematics: the special functions do not convert",
            ("Betainc", "Digamma", "Erfinv", "Lgamma"),
        ),
        ("leave statistics to the robot", ("HistogramFixedWidth",)),
    )
)

UNRELIABLE: Mapping[str, str] = _by_operator(
    (
        (
            "keep strings out of the exported signature: class names come from the labels file",
            ("AsString", "StringLower", "StringToNumber", "StringUpper"),
        ),
        (
            "return class numbers instead of looking up names: those come from the labels file",
            ("HashTableV2", "LookupTableFindV2", "LookupTableSizeV2"),
        ),
        (
            "export with training=False: augmentation, dropout or noise is still on",
            (
                "Multinomial",
                "RandomShuffle",
                "RandomStandardNormal",
                "RandomUniform",
                "RandomUniformInt",
                "SampleDistortedBoundingBox",
                "SampleDistortedBoundingBoxV2",
            ),
        ),
        (
            "export the float model from before quantisation-aware training: with "
            "a narrow range, other "
            "than 8 bits or a zero point it does not convert, or not to what TensorRT takes",
            ("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars"),
        ),
        (
            "resize bilinearly: area becomes nearest neighbour, and TensorRT has no bicubic",
            ("ResizeArea", "ResizeBicubic"),
        ),
        (
            "crop with slices and tf.image.resize, or end the network before it: "
            "it becomes a loop over "
            "a resize mode that TensorRT lacks",
            ("CropAndResize",),
        ),
        ("adjust colors before the network", ("AdjustSaturation",)),
        ("use tf.signal.rfft", ("ComplexAbs", "FFT")),
        (
            "use tf.stack instead of a tensor array that is filled outside a loop",
            ("TensorListReserve", "TensorListSetItem", "TensorListStack"),
        ),
    )
)


def remedy_for(operator: str) -> str | None:
    """What the user can do about a TensorFlow operator, such as ``DecodeJpeg``; None: not known.

    The text continues a sentence, without a capital and a full stop.
    """
    return NOT_CONVERTED.get(operator) or UNRELIABLE.get(operator)
