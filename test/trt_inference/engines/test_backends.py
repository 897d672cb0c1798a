"""Backends are found by their folders, and their libraries are imported when they are used."""

import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

import trt_inference.engines
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import (
    backend_names,
    choose_backend,
    find_backends,
    open_engine,
)
from trt_inference.errors import EngineError
from trt_inference.inference.detector import Detector
from trt_inference.tools import detect

ROOT = Path(__file__).parents[3]
NEW_BACKEND = """
from trt_inference.bundles.choose_precision import CPU
from trt_inference.engines.base import Backend
from trt_inference.engines.onnxruntime.backend import BACKEND as WORKER


class Remote(Backend):
    name = "remote"
    rank = 5

    def is_available(self, device):
        return True

    def device(self, index):
        return CPU

    def built_precisions(self, bundle, index):
        return {"fp32": None}

    def open(self, bundle, precision, options):
        engine = WORKER.open(bundle, precision, options)
        engine.is_remote = True
        return engine


BACKEND = Remote()
"""


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A contributor adds one folder, and changes no list."""
    folder = tmp_path / "engines" / "remote"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "backend.py").write_text(NEW_BACKEND, "utf-8")
    path = [*trt_inference.engines.__path__, str(folder.parent)]
    monkeypatch.setattr(trt_inference.engines, "__path__", path)
    find_backends.cache_clear()
    yield folder.parent
    find_backends.cache_clear()
    for name in ("remote.backend", "remote"):
        sys.modules.pop(f"trt_inference.engines.{name}", None)


def test_a_new_folder_is_a_new_backend(remote: Path, shared_color_bundle: Path) -> None:
    assert backend_names() == ("auto", "remote", "tensorrt", "onnxruntime", "triton")
    assert choose_backend("auto").name == "remote"
    bundle = load_bundle(shared_color_bundle)
    for backend in ("auto", "remote"):
        with Detector.open(bundle, backend) as detector:
            assert vars(detector.engine)["is_remote"]
    engine = open_engine(bundle, "remote", "fp32")
    engine.close()
    with pytest.raises(
        EngineError, match="'cuda': choose auto, remote, tensorrt, onnxruntime, triton"
    ):
        choose_backend("cuda")


def test_users_may_choose_a_new_backend(
    remote: Path, shared_color_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(shared_color_bundle), "none.jpg", "--output", str(tmp_path / "pictures")]
    with pytest.raises(SystemExit) as ended:
        detect.main([*arguments, "--backend", "cuda"])
    assert ended.value.code == 2
    assert "remote" in capsys.readouterr().err
    assert detect.main([*arguments, "--backend", "remote"]) == 1
    assert "none.jpg" in capsys.readouterr().err


def test_the_parameter_offers_a_new_backend(remote: Path) -> None:
    pytest.importorskip("rclpy")
    program = f"""
        import trt_inference.engines
        trt_inference.engines.__path__.append({str(remote)!r})
        from trt_inference.ros.parameters.table import SPECS_BY_NAME
        print(*SPECS_BY_NAME["backend"].choices)
    """
    assert run(program) == "auto remote tensorrt onnxruntime triton\n"


@pytest.mark.parametrize("content", ["import nowhere_to_be_found", "backend =", "pass"])
def test_a_broken_backend_is_reported_and_the_others_go_on(
    remote: Path, shared_color_bundle: Path, content: str
) -> None:
    (remote / "remote" / "backend.py").write_text(content, "utf-8")
    with pytest.warns(RuntimeWarning, match="remote cannot be loaded"):
        assert backend_names() == ("auto", "tensorrt", "onnxruntime", "triton", "remote")
    bundle = load_bundle(shared_color_bundle)
    with Detector.open(bundle) as detector:
        assert "ONNX Runtime" in detector.engine.description
    for choose in (Detector.open, open_engine):
        with pytest.raises(EngineError, match=r"remote cannot be loaded: .*Mend or remove"):
            choose(bundle, "remote", "fp32")


def test_no_two_backends_have_one_name_or_one_rank() -> None:
    assert backend_names() == ("auto", "tensorrt", "onnxruntime", "triton")
    ranks = [backend.rank for backend in find_backends()]
    assert len(set(ranks)) == len(ranks), "their order would be chance"


def test_no_backend_imports_its_library_before_it_is_used() -> None:
    program = """
        import sys
        from trt_inference.engines.backends import backend_names
        from trt_inference.inference.detector import Detector
        backend_names()
        libraries = {"grpc", "onnxruntime", "tensorrt", "tritonclient", "pycuda", "rclpy"}
        print(sorted(libraries & set(sys.modules)))
    """
    assert run(program) == "[]\n"


def run(program: str) -> str:
    """What a program prints, in a process of its own."""
    code = "\n".join(line.strip() for line in program.splitlines())
    return subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, universal_newlines=True)
