"""The options of `export-triton`, which need no library."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from converter.model_repository.platforms import Platform

DEFAULT_BATCH = 8


@dataclass(frozen=True)
class TritonOptions:
    """What to export, and to where.

    Attributes:
        precision: of the bundle; empty: what the platform runs fastest, or that of the engine.
        model: its name in the repository; empty: that of the bundle.
        batch: images at once at most; None: that of the model that is there, or else as many as the
            network takes, up to ``DEFAULT_BATCH``.
        engine: name of the engine, where the bundle has several.
        runs_on: what the server runs it on; empty: as usual for the platform, or as the model that
            is there.
    """

    bundle: Path
    repository: Path
    platform: Platform
    precision: str = ""
    model: str = ""
    batch: Optional[int] = None
    engine: str = ""
    runs_on: str = ""
