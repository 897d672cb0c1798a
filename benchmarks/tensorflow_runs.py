"""Runs ``tensorflow_call`` in the converter's environment: the robot's has no TensorFlow."""

import json
import subprocess
from pathlib import Path
from typing import List

import numpy as np

from benchmarks.pacing import Run
from converter.inputs.saved_model import graph_file, hash_saved_model
from examples.shapes.processes import ROOT
from trt_inference.bundles.bundle import load_bundle

PYTHON = ROOT / ".venv" / "converter" / "bin" / "python"
_TIMEOUT = 120.0  # seconds


class NoTensorFlow(Exception):
    """TensorFlow cannot be measured here, and why."""


def tensorflow_runs(
    bundle: Path, saved_model: Path, rate: float, seconds: float, rounds: int
) -> List[Run]:
    """TensorFlow's own call of what the bundle was made from, on this machine's processor.

    Args:
        rate: calls a second.
        seconds: of each round.

    Raises:
        NoTensorFlow: there is no environment with it, or this is not the bundle's SavedModel, or it
            does not run.
    """
    _check(bundle, saved_model)
    words = [str(PYTHON), "-m", "benchmarks.tensorflow_call", "--bundle", str(bundle.resolve())]
    words += ["--saved-model", str(saved_model.resolve()), "--rate", str(rate)]
    words += ["--seconds", str(seconds), "--rounds", str(rounds)]
    try:
        ended = subprocess.run(
            words,
            cwd=str(ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=_TIMEOUT,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip()
        raise NoTensorFlow(said.splitlines()[-1] if said else str(error)) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise NoTensorFlow(str(error)) from error
    lines = ended.stdout.decode("utf-8").splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [Run(one["rate"], np.array(one["times"]), one["cores"]) for one in found]


def _check(bundle: Path, saved_model: Path) -> None:
    if not PYTHON.exists():
        raise NoTensorFlow(f"there is no {PYTHON}: make test makes that environment")
    if not graph_file(saved_model).is_file():
        raise NoTensorFlow(f"{saved_model} is no SavedModel: name it with --saved-model")
    if hash_saved_model(saved_model) != load_bundle(bundle).source.get("saved_model_sha256"):
        raise NoTensorFlow(f"{bundle} was made from another SavedModel than {saved_model}")
