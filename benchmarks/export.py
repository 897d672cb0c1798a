"""What the export of large models takes: python3 -m benchmarks.export, in the converter's
environment. The weights are random; they take as much as trained ones."""

import tempfile
from pathlib import Path
from typing import Any, Callable, Dict

from rich.console import Console
from rich.table import Table

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import export_network, read_source
from converter.inputs.quiet_tensorflow import tensorflow


def dense(units: int) -> Any:
    """Two fully connected layers of ``units`` after a few convolutions: 1.1 GiB for 16384."""
    tensorflow()
    import keras
    from keras import layers

    images = keras.Input((64, 64, 3))
    values = layers.Conv2D(64, 3, 4, activation="relu")(images)
    values = layers.Flatten()(layers.AveragePooling2D(2)(values))
    for _ in range(2):
        values = layers.Dense(units, activation="relu")(values)
    return keras.Model(images, layers.Dense(10, activation="softmax")(values))


def application(name: str) -> Callable[[], Any]:
    """One of ``keras.applications`` at its usual size."""

    def build() -> Any:
        tensorflow()
        import keras

        return getattr(keras.applications, name)(weights=None)

    return build


MODELS: Dict[str, Callable[[], Any]] = {
    **{name: application(name) for name in ("MobileNetV2", "ResNet50", "ResNet101", "VGG16")},
    "fully connected": lambda: dense(16384),
}


def main() -> None:
    """Export each model and print a table."""
    console = Console()
    table = Table("model", "weights", "seconds", "peak memory of the export")
    for name, build in MODELS.items():
        with console.status(f"{name} …"), tempfile.TemporaryDirectory() as folder:
            path, scratch = Path(folder, "model"), Path(folder, "scratch")
            scratch.mkdir()
            build().export(str(path), verbose=False)
            options = SourceOptions(path)
            exported, _ = export_network(read_source(options), options, scratch)
        answer = exported.answer
        table.add_row(
            name,
            f"{answer.weight_bytes / 1e6:.0f} MB",
            f"{exported.seconds:.1f}",
            f"{answer.peak_bytes / 2**30:.2f} GiB",
        )
    console.print(table)


if __name__ == "__main__":
    main()
