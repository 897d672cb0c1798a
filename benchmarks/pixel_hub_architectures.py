"""Backbones of KerasHub as classifiers with new weights, for benchmarks.pixel_ranges.

The sizes are those of the smallest preset, or less where a minute would not do."""

from typing import Any, Callable, Dict, Mapping

from benchmarks.pixel_architectures import CLASSES, Architecture
from converter.inputs.quiet_tensorflow import tensorflow

RESNET18 = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 128, 256, 512],
    "stackwise_num_blocks": [2, 2, 2, 2],
    "stackwise_num_strides": [1, 2, 2, 2],
    "block_type": "basic_block",
}
RESNET_VD = {
    **RESNET18,
    "input_conv_filters": [32, 32, 64],
    "input_conv_kernel_sizes": [3, 3, 3],
    "block_type": "basic_block_vd",
}
EFFICIENTNET_LITE0 = {
    "stackwise_kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
    "stackwise_num_repeats": [1, 2, 2, 3, 3, 4, 1],
    "stackwise_input_filters": [32, 16, 24, 40, 80, 112, 192],
    "stackwise_output_filters": [16, 24, 40, 80, 112, 192, 320],
    "stackwise_expansion_ratios": [1, 6, 6, 6, 6, 6, 6],
    "stackwise_squeeze_and_excite_ratios": [0.0] * 7,
    "stackwise_strides": [1, 2, 2, 2, 1, 2, 1],
    "stackwise_block_types": ["v1"] * 7,
    "width_coefficient": 1.0,
    "depth_coefficient": 1.0,
    "activation": "relu6",
}
MOBILENET_V3 = {
    "stackwise_expansion": [[40, 56], [64, 144, 144], [72, 72], [144, 288, 288]],
    "stackwise_num_blocks": [2, 3, 2, 3],
    "stackwise_num_filters": [[16, 16], [24, 24, 24], [24, 24], [48, 48, 48]],
    "stackwise_kernel_size": [[3, 3], [5, 5, 5], [5, 5], [5, 5, 5]],
    "stackwise_num_strides": [[2, 1], [2, 1, 1], [1, 1], [2, 1, 1]],
    "stackwise_se_ratio": [[None, None], [0.25] * 3, [0.3, 0.3], [0.3, 0.25, 0.25]],
    "stackwise_activation": [["relu"] * 2, *(["hard_swish"] * count for count in (3, 2, 3))],
    "stackwise_padding": [[1, 1], [2, 2, 2], [2, 2], [2, 2, 2]],
    "output_num_filters": 288,
    "depthwise_filters": 8,
    "depthwise_stride": 2,
    "depthwise_residual": False,
    "last_layer_filter": 288,
    "squeeze_and_excite": 0.5,
}
CSP_DARKNET = {
    "stem_filters": 32,
    "stem_kernel_size": 3,
    "stem_strides": 1,
    "stackwise_depth": [1, 2, 2, 1],
    "stackwise_strides": [2, 2, 2, 2],
    "stackwise_num_filters": [64, 128, 256, 256],
    "block_type": "dark_block",
    "stage_type": "dark",
}
HGNET_V2 = {
    "depths": [1, 2, 2],
    "embedding_size": 32,
    "hidden_sizes": [64, 128, 256],
    "stem_channels": [3, 16, 32],
    "hidden_act": "relu",
    "use_learnable_affine_block": False,
    "stackwise_stage_filters": [
        (32, 16, 64, 1, 1, 3),
        (64, 32, 128, 2, 1, 3),
        (128, 64, 256, 2, 1, 3),
    ],
    "apply_downsample": [False, True, True],
    "use_lightweight_conv_block": [False, False, False],
}
SWIN = {"embed_dim": 48, "depths": (2, 2), "num_heads": (3, 6), "window_size": 4}
VIT_TINY = {"patch_size": 8, "num_layers": 6, "num_heads": 3, "hidden_dim": 96, "mlp_dim": 192}
VGG = {"stackwise_num_repeats": [1, 1, 2, 2], "stackwise_num_filters": [32, 64, 128, 256]}
XCEPTION = {
    "stackwise_conv_filters": [[32, 64], [64, 128], [192, 192], [256, 256]],
    "stackwise_pooling": [False, True, True, False],
}
DENSENET = {"stackwise_num_repeats": [3, 6, 6, 3]}


def backbone(
    name: str, options: Mapping[str, Any], size: str = "image_shape"
) -> Callable[[int], Any]:
    """A backbone with a pooling and a classifier; ``size`` is its argument for the input."""

    def build(side: int) -> Any:
        tensorflow()
        import keras
        import keras_hub

        images = keras.Input((side, side, 3))
        model = getattr(keras_hub.models, name)(**{size: (side, side, 3)}, **options)
        features = model(images)
        if isinstance(features, dict):  # a pyramid
            features = list(features.values())[-1]
        values = keras.ops.mean(features, axis=tuple(range(1, len(features.shape) - 1)))
        return keras.Model(images, keras.layers.Dense(CLASSES, activation="softmax")(values))

    return build


HUB: Dict[str, Architecture] = {
    "hub ResNet18": Architecture(40, backbone("ResNetBackbone", RESNET18)),
    "hub ResNet18 V2": Architecture(
        40, backbone("ResNetBackbone", {**RESNET18, "use_pre_activation": True})
    ),
    "hub CSPDarkNet": Architecture(40, backbone("CSPNetBackbone", CSP_DARKNET)),
    "hub MobileNetV3": Architecture(40, backbone("MobileNetBackbone", MOBILENET_V3)),
    "hub EfficientNet lite": Architecture(
        40, backbone("EfficientNetBackbone", EFFICIENTNET_LITE0, "input_shape")
    ),
    "hub Swin": Architecture(32, backbone("SwinTransformerBackbone", SWIN), adam=True),
    "hub ViT": Architecture(40, backbone("ViTBackbone", VIT_TINY), adam=True),
    "hub DenseNet": Architecture(40, backbone("DenseNetBackbone", DENSENET)),
    "hub VGG": Architecture(40, backbone("VGGBackbone", VGG), adam=True),
    "hub Xception": Architecture(40, backbone("XceptionBackbone", XCEPTION)),
    "hub HGNetV2": Architecture(40, backbone("HGNetV2Backbone", HGNET_V2)),
    "hub ResNet vd": Architecture(40, backbone("ResNetBackbone", RESNET_VD)),
}
