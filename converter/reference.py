"""The source model in TensorFlow: what every converted model is compared with."""

from __future__ import annotations

import numpy as np

from converter.errors import SavedModelError
from converter.quiet_tensorflow import tensorflow
from converter.saved_model import SavedModel, Signature


class Reference:
    """Runs one signature of a SavedModel."""

    def __init__(self, saved_model: SavedModel, signature: Signature) -> None:
        """
        Raises:
            SavedModelError: TensorFlow cannot load it; the message has its reason.
        """
        self._input = signature.inputs[0].name
        try:
            # The model is kept, because its variables go when it does.
            self._model = tensorflow().saved_model.load(str(saved_model.path))
            self._function = self._model.signatures[signature.name]
        except Exception as error:  # TensorFlow raises many kinds for a damaged SavedModel
            raise SavedModelError(
                f"TensorFlow cannot load '{saved_model.path}': {error}"
            ) from error

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name for float32 ``[N, height, width, 3]``."""
        outputs = self._function(**{self._input: tensorflow().constant(images)})
        return {name: value.numpy() for name, value in outputs.items()}
