"""A model repository for a real Triton server: the tensors of the color bundle, all of them zero.

It is written by hand, so that it does not depend on what exports bundles.
"""

from pathlib import Path
from typing import Sequence

from test.color_bundle import CANDIDATES, SIZE
from trt_inference.engines.triton.model_parameters import ServedBundle, parameters_of

NAME = "colors"
MAX_BATCH = 4

MODEL = f"""
import numpy
import triton_python_backend_utils as triton

class TritonPythonModel:
    def execute(self, requests):
        return [answer(request) for request in requests]

def answer(request):
    count = len(triton.get_input_tensor_by_name(request, "image").as_numpy())
    wanted = set(request.requested_output_names())
    outputs = dict(
        boxes=numpy.zeros((count, {CANDIDATES}, 4), numpy.float32),
        scores=numpy.zeros((count, {CANDIDATES}), numpy.float32),
        classes=numpy.zeros((count, {CANDIDATES}), numpy.int32),
    )
    tensors = [triton.Tensor(name, one) for name, one in outputs.items() if name in wanted]
    return triton.InferenceResponse(tensors)
"""
CONFIGURATION = f"""
backend: "python"
max_batch_size: {MAX_BATCH}
input {{ name: "image" data_type: TYPE_UINT8 dims: [ {SIZE}, {SIZE}, 3 ] }}
output {{ name: "boxes" data_type: TYPE_FP32 dims: [ {CANDIDATES}, 4 ] }}
output {{ name: "scores" data_type: TYPE_FP32 dims: [ {CANDIDATES} ] }}
output {{ name: "classes" data_type: TYPE_INT32 dims: [ {CANDIDATES} ] }}
version_policy {{ all {{ }} }}
instance_group {{ kind: KIND_CPU }}
"""


def write_repository(folder: Path, sha256: str, versions: Sequence[int] = (1,)) -> Path:
    """
    Args:
        sha256: of the manifest of the color bundle, which the versions tell as theirs.
    """
    served = [ServedBundle(number, sha256, "fp32") for number in versions]
    for one in served:
        version = folder / NAME / str(one.version)
        version.mkdir(parents=True)
        (version / "model.py").write_text(MODEL, "utf-8")
    parameters = "".join(
        f'parameters {{ key: "{name}" value {{ string_value: "{value}" }} }}\n'
        for name, value in parameters_of(served).items()
    )
    (folder / NAME / "config.pbtxt").write_text(CONFIGURATION + parameters, "utf-8")
    return folder
