"""Models on a real Triton server: bundles exported to a repository, and what makes them behave as
servers in trouble do."""

import json
from pathlib import Path
from typing import Any, Callable

from converter.commands.export_triton import TritonExport, export_triton
from converter.commands.export_triton_options import TritonOptions
from converter.model_repository.model_config import config_text, parse_config
from converter.model_repository.platforms import PYTHON

# Appended to the program of a version. Each run reads anew how it is to behave.
_MOODS = """
import json as _json
import time as _time
from pathlib import Path as _Path

_MOOD = _Path({mood!r})
_execute = TritonPythonModel.execute


def _moodily(self, requests):
    mood = _json.loads(_MOOD.read_text()) if _MOOD.exists() else {{}}
    _time.sleep(mood.get("delay", 0))
    if mood.get("error"):
        raise RuntimeError(mood["error"])
    answers = _execute(self, requests)
    if not mood.get("crops"):
        return answers
    return [
        triton.InferenceResponse(
            [
                triton.Tensor(one.name(), np.ascontiguousarray(one.as_numpy()[:, :-1]))
                for one in answer.output_tensors()
            ]
        )
        for answer in answers
    ]


TritonPythonModel.execute = _moodily
"""


def export(bundle: Path, repository: Path, **options: Any) -> TritonExport:
    """Export a bundle as users do, for the backend that the server of the tests has."""
    return export_triton(TritonOptions(bundle, repository, PYTHON, **options), lambda: None)


def change_config(exported: TritonExport, change: Callable[[Any], object]) -> None:
    """Change the configuration of a model, before a server has it."""
    file = exported.folder.parent / "config.pbtxt"
    config = parse_config(file.read_text("utf-8"))
    change(config)
    file.write_text(config_text(config), "utf-8")


class Mood:
    """How a version behaves that a server has, from its next run on."""

    def __init__(self, exported: TritonExport, file: Path) -> None:
        """To be made before a server has the version.

        Args:
            file: outside of the repository.
        """
        self._file = file
        with (exported.folder / "model.py").open("a", encoding="utf-8") as program:
            program.write(_MOODS.format(mood=str(file)))

    def set(self, **mood: Any) -> None:
        """What it does with each run: ``delay`` it for seconds, raise an ``error`` with this text,
        or give shapes that it ``crops``. Nothing: what it should."""
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(mood), "utf-8")
        partial.replace(self._file)
