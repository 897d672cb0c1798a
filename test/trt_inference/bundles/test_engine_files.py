"""The plan of an engine, between the check of its hash and its use."""

import hashlib
from pathlib import Path

import pytest

from test.trt_inference.bundles.test_sidecar import built
from trt_inference.bundles.engine_files import EngineFile
from trt_inference.errors import BundleError

PLAN = b"a plan"


@pytest.fixture
def engine(tmp_path: Path) -> EngineFile:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "fp16.engine").write_bytes(PLAN)
    digest = hashlib.sha256(PLAN).hexdigest()
    return EngineFile(tmp_path, built(file="fp16.engine", sha256=digest, bytes=len(PLAN)), "")


def test_what_is_renamed_over_a_plan_after_its_check_is_not_loaded(engine: EngineFile) -> None:
    with engine.open() as checked:
        other = engine.plan.with_name("other")
        other.write_bytes(b"another plan")
        other.replace(engine.plan)
        with checked.map() as plan:
            assert plan[:] == PLAN
        checked.check_unchanged()


def test_a_plan_that_was_changed_is_refused(engine: EngineFile) -> None:
    engine.plan.write_bytes(b"b plan")
    with pytest.raises(BundleError, match="was changed: its sha256"):
        engine.open()


def test_a_plan_that_is_a_link_out_of_the_bundle_is_refused(engine: EngineFile) -> None:
    elsewhere = engine.bundle.parent / "elsewhere.engine"
    engine.plan.replace(elsewhere)
    engine.plan.symlink_to(elsewhere)
    with pytest.raises(BundleError, match="leads out of the bundle"):
        engine.open()
