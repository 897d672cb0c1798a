"""Facts about what the ONNX parser of each TensorRT takes: small models, with the verdict of each
version, read from the sources of the parsers and the headers.

``FACTS`` has them all. ``python -m test.tensorrt_facts.run`` compares them with the TensorRT that
is installed; the double of TensorRT must agree with them, too.

**Sources.** ``importers:3419@8.4.1`` is line 3419 of onnx-tensorrt as release 8.4.1 of TensorRT has
it in ``parsers/onnx``. In 8 *importers* is ``builtin_op_importers.cpp``, *utils*
``onnx2trt_utils.cpp`` and *model* ``ModelImporter.cpp``; from 10 on they are
``onnxOpImporters.cpp``, ``importerUtils.cpp`` and ``ModelImporter.cpp``, and *checkers* is
``onnxOpCheckers.cpp``. A name in the place of a line is the importer or function.

| version | commit of onnx-tensorrt |
| --- | --- |
| 8.0.1 | 8fea430fc1ad452085add61b04045a9efbf2b981 |
| 8.2.1 | e9456d57605c883cdf985e634ab483e2c1500bb1 |
| 8.4.1 | 1da7332349d5b1196ccfa6dc719b839876f1e83e |
| 8.5.3 | fd119fec8565264add819f8edc801066116a32dd |
| 8.6.1 | 6ba67d3428e05f690145373ca87fb8d32f98df45 |
| 10.0.0 | 973d68d06f671998ddcc0c504b9a2fdfcfc85a62 |
| 10.1 | 96e781103cfc4adf4a6bb557e94bac8e693f6f4c |
| 11.1 | 7c51a63a719180eb5160c874c111746f3fb46a6b, of which ``docs/operators.md`` was read |

They were run on 8.5.3 and 8.6.0 with a GPU; *seen* is what these told and the sources
did not.

The sources of 10.3 and 10.13 were not at hand: what 10.1, 0137504 (10.6) and dd0a3a9 (10.15 or
later) have alike, these two have; where they differ, ``docs/Changelog.md`` of 10.15 tells since
when, or the fact leaves the version open. ``NvInfer.h`` is that of NVIDIA/TensorRT at the release.
"""

from typing import Tuple

from test.tensorrt_facts import (
    control_flow_facts,
    input_facts,
    layer_facts,
    operator_facts,
    quantization_facts,
    resize_facts,
    type_facts,
)
from test.tensorrt_facts.fact import ROWS, Fact

FACTS: Tuple[Fact, ...] = (
    *resize_facts.FACTS,
    *layer_facts.FACTS,
    *input_facts.FACTS,
    *quantization_facts.FACTS,
    *type_facts.FACTS,
    *control_flow_facts.FACTS,
    *operator_facts.FACTS,
)

__all__ = ["FACTS", "ROWS", "Fact"]
