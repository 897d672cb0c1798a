"""TensorFlow's own call of a SavedModel at the rate of a camera, in an environment that has it:
python3 -m benchmarks.tensorflow_call --bundle BUNDLE --saved-model SAVED_MODEL

It prints one line of JSON for each round. The image lies ready, as it does for the other networks.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Callable

from benchmarks.pacing import paced
from trt_inference.bundles.bundle import Bundle, load_bundle


def call_of(saved_model: Path, bundle: Bundle) -> Callable[[], object]:
    """The signature that the bundle was made from, on one image of zeros, with outputs as arrays.

    Raises:
        ValueError: it takes more than an image.
    """
    import tensorflow

    model = tensorflow.saved_model.load(str(saved_model))
    infer = model.signatures[bundle.source["signature"]]
    inputs = infer.structured_input_signature[1]
    if len(inputs) != 1:
        raise ValueError(f"the signature takes {', '.join(inputs)}: only an image is given here")
    ((name, spec),) = inputs.items()
    # Where the model takes any size, it gets that of the bundle, as [N, H, W, C].
    sizes = {1: bundle.input.height, 2: bundle.input.width}
    shape = [size or sizes.get(axis, 1) for axis, size in enumerate(spec.shape.as_list())]
    image = tensorflow.zeros(shape, spec.dtype)

    def call() -> object:
        # The function has the model's variables only as long as the model is there.
        assert model is not None
        return [value.numpy() for value in infer(**{name: image}).values()]

    return call


def main() -> int:
    """Measure, and print a line for each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saved-model", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True, help="that was made from it")
    parser.add_argument("--rate", type=float, default=30.0, help="calls a second")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    call = call_of(options.saved_model, load_bundle(options.bundle))
    call()
    for _ in range(options.rounds):
        run = paced(call, options.rate, options.seconds)
        print(json.dumps({"rate": run.rate, "times": run.times.tolist(), "cores": run.cores}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
