"""The plan of an engine, between the check of its hash and its use."""

import hashlib
from pathlib import Path
from typing import IO

import pytest

from test.trt_inference.bundles.test_sidecar import built
from trt_inference.bundles import engine_files
from trt_inference.bundles.engine_files import EngineFile
from trt_inference.errors import BundleError

PLAN = b"a plan"


@pytest.fixture
def engine(tmp_path: Path) -> EngineFile:
    file = tmp_path / "fp16.engine"
    file.write_bytes(PLAN)
    return EngineFile(file, built(sha256=hashlib.sha256(PLAN).hexdigest()), "")


def test_what_is_renamed_over_a_plan_after_its_check_is_not_loaded(
    engine: EngineFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_of = engine_files.sha256_of_stream

    def exchanged_afterwards(stream: IO[bytes]) -> str:
        found = hash_of(stream)
        other = engine.plan.with_name("other")
        other.write_bytes(b"another plan")
        other.replace(engine.plan)
        return found

    monkeypatch.setattr(engine_files, "sha256_of_stream", exchanged_afterwards)
    with engine.open() as plan:
        assert plan[:] == PLAN


def test_a_plan_that_was_changed_is_refused(engine: EngineFile) -> None:
    engine.plan.write_bytes(b"another plan")
    with pytest.raises(BundleError, match="was changed"):
        engine.open()
