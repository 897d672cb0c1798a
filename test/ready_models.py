"""ONNX models that the converter made, for tests on robots, where it does not run.

``test/converter/make_ready_models.py`` writes them, and a test compares them with what the
converter makes today.
"""

from pathlib import Path

FOLDER = Path(__file__).parent / "ready_models_onnx"


def ready_model(name: str) -> Path:
    """The file of a model. Do not change it: copy it."""
    return FOLDER / f"{name}.onnx"
