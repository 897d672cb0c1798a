"""Classifiers of keras.applications and KerasHub with new weights, for benchmarks.pixel_ranges."""

from typing import Any, Callable, Dict, NamedTuple

from converter.inputs.quiet_tensorflow import tensorflow

CLASSES = 3


class Architecture(NamedTuple):
    """What can be trained: ``build(side)`` makes the model of a square input of ``side`` pixels.

    ``inside`` tells that the graph itself prepares the pixels, and so wants 0 to 255, ``adam``
    that it learns nothing by plain gradient descent.
    """

    side: int
    build: Callable[[int], Any]
    inside: bool = False
    adam: bool = False


def application(name: str, **options: Any) -> Callable[[int], Any]:
    """One of keras.applications."""

    def build(side: int) -> Any:
        tensorflow()
        import keras

        model = getattr(keras.applications, name)
        return model(weights=None, input_shape=(side, side, 3), classes=CLASSES, **options)

    return build


def with_preprocessing(name: str, module: str) -> Callable[[int], Any]:
    """One of keras.applications behind its own ``preprocess_input``, as in guides."""

    def build(side: int) -> Any:
        tensorflow()
        import keras

        images = keras.Input((side, side, 3))
        prepare = getattr(keras.applications, module).preprocess_input
        return keras.Model(images, application(name)(side)(prepare(images)))

    return build


def behind(layers: Callable[[Any], Any]) -> Callable[[int], Any]:
    """MobileNetV2 behind layers of preprocessing."""

    def build(side: int) -> Any:
        tensorflow()
        import keras

        images = keras.Input((side, side, 3))
        return keras.Model(images, application("MobileNetV2")(side)(layers(images)))

    return build


def rescaled(images: Any) -> Any:
    """0 to 255 → 0 to 1 in a layer."""
    import keras

    return keras.layers.Rescaling(1 / 255)(images)


def normalised(images: Any) -> Any:
    """0 to 255 → ImageNet's mean and variance, in two layers."""
    import keras

    mean, variance = (0.485, 0.456, 0.406), (0.229**2, 0.224**2, 0.225**2)
    return keras.layers.Normalization(mean=mean, variance=variance)(rescaled(images))


APPLICATIONS: Dict[str, Architecture] = {
    "MobileNetV2": Architecture(40, application("MobileNetV2")),
    "VGG16": Architecture(32, application("VGG16"), adam=True),
    "ResNet50V2": Architecture(40, application("ResNet50V2")),
    "DenseNet121": Architecture(40, application("DenseNet121")),
    "Xception": Architecture(71, application("Xception")),
    "EfficientNetB0": Architecture(40, application("EfficientNetB0"), inside=True),
    "ConvNeXtTiny": Architecture(
        40, application("ConvNeXtTiny", include_preprocessing=False), adam=True
    ),
    "MobileNet": Architecture(40, application("MobileNet")),
    "MobileNetV3Small": Architecture(
        40, application("MobileNetV3Small", include_preprocessing=False)
    ),
    "MobileNetV3Small inside": Architecture(40, application("MobileNetV3Small"), inside=True),
    "ResNet50": Architecture(40, application("ResNet50")),
    "NASNetMobile": Architecture(40, application("NASNetMobile")),
    "InceptionV3": Architecture(75, application("InceptionV3")),
    "EfficientNetV2B0": Architecture(
        40, application("EfficientNetV2B0", include_preprocessing=False)
    ),
    "EfficientNetV2B0 inside": Architecture(40, application("EfficientNetV2B0"), inside=True),
    "ConvNeXtTiny inside": Architecture(32, application("ConvNeXtTiny"), inside=True, adam=True),
    "ResNet50 preprocess_input": Architecture(
        32, with_preprocessing("ResNet50", "resnet50"), inside=True
    ),
    "MobileNetV2 preprocess_input": Architecture(
        40, with_preprocessing("MobileNetV2", "mobilenet_v2"), inside=True
    ),
    "DenseNet121 preprocess_input": Architecture(
        32, with_preprocessing("DenseNet121", "densenet"), inside=True
    ),
    "MobileNetV2 Rescaling": Architecture(40, behind(rescaled), inside=True),
    "MobileNetV2 Normalization": Architecture(40, behind(normalised), inside=True),
}
