"""Whatever a bundle holds, it is refused with one line that names what is wrong."""

import resource
from pathlib import Path
from typing import Any, Dict

import pytest

from test.color_bundle import LABELS
from test.hostile_bundles import BROKEN_MANIFESTS, BROKEN_MODELS, labels, make_hostile, manifest
from trt_inference import bundles
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.strict_json import parse_json
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import BundleError, EngineError

LONGEST_LINE = 2000


def message(error: Any, pattern: str) -> None:
    error.match(pattern)
    assert "\n" not in str(error.value) and len(str(error.value)) < LONGEST_LINE


@pytest.mark.parametrize("kind", BROKEN_MANIFESTS)
def test_a_broken_bundle_is_not_loaded(
    kind: str, shared_color_bundle: Path, tmp_path: Path
) -> None:
    make, pattern = BROKEN_MANIFESTS[kind]
    folder = make_hostile(shared_color_bundle, tmp_path / "hostile", make)
    with pytest.raises(BundleError) as error:
        load_bundle(folder)
    message(error, pattern)


@pytest.mark.parametrize("kind", BROKEN_MODELS)
def test_a_broken_model_is_not_opened(kind: str, shared_color_bundle: Path, tmp_path: Path) -> None:
    make, pattern = BROKEN_MODELS[kind]
    folder = make_hostile(shared_color_bundle, tmp_path / "hostile", make)
    with pytest.raises(BundleError) as error:
        open_engine(load_bundle(folder), "onnxruntime", "fp32")
    message(error, pattern)


@pytest.mark.parametrize(
    "path",
    ["~nosuchuser/colors", "nul\0byte", "x" * 5000, "/" + "y/" * 3000, "\ud800", "/dev/null", "/"],
)
def test_a_path_that_no_folder_has_is_refused(path: str) -> None:
    with pytest.raises(BundleError):
        load_bundle(path)


def test_labels_keep_their_numbers_however_an_editor_wrote_them(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    for number, content in enumerate(
        (b"blue\r\ngreen\r\nred\r\n", b"\xef\xbb\xbfblue\ngreen\nred")
    ):
        folder = make_hostile(shared_color_bundle, tmp_path / f"edited-{number}", labels(content))
        assert load_bundle(folder).labels == LABELS


def test_a_name_that_is_no_text_can_be_published(shared_color_bundle: Path, tmp_path: Path) -> None:
    """Of a folder whose name is no UTF-8, the converter writes a surrogate."""
    change = manifest(lambda found: found.update(name="caf\udce9"))
    folder = make_hostile(shared_color_bundle, tmp_path / "cafe", change)
    assert load_bundle(folder).name == r"caf\udce9"


def _numbers(schema: Any, place: str = "") -> Dict[str, bool]:
    """Of each place in a schema with a number, a text or a list, whether it has a maximum."""
    found: Dict[str, bool] = {}
    if isinstance(schema, dict):
        kind = schema.get("type")
        limits = {"integer": "maximum", "array": "maxItems", "string": "maxLength"}
        if kind in limits:
            found[place] = limits[kind] in schema or "pattern" in schema
        for key, inner in schema.items():
            found.update(_numbers(inner, f"{place}/{key}"))
    return found


@pytest.mark.parametrize("name", ["manifest", "sidecar"])
def test_everything_in_a_schema_has_a_maximum(name: str) -> None:
    file = Path(bundles.__file__).with_name(f"{name}.schema.json")
    found = _numbers(parse_json(file.read_bytes()))
    assert len(found) > 10
    assert [place for place, has in found.items() if not has] == []


def test_a_class_map_of_far_too_many_cells_is_refused(
    segmentation_bundle: Path, tmp_path: Path
) -> None:
    change = manifest(lambda found: found["outputs"][0].update(shape=[-1, 32768, 32768]))
    folder = make_hostile(segmentation_bundle, tmp_path / "hostile", change)
    with pytest.raises(BundleError) as error:
        load_bundle(folder)
    message(error, "at outputs/0/shape: 32768x32768 are more than [0-9]+ cells")


def test_an_input_for_which_there_is_no_memory_is_an_error_with_its_size(
    shared_color_bundle: Path,
) -> None:
    """Within what a manifest may claim."""
    bundle = load_bundle(shared_color_bundle)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), before[1]))
    try:
        with pytest.raises(EngineError, match=r"does not fit into memory.*64x64 takes [0-9.]+GiB"):
            open_engine(bundle, "onnxruntime", "fp32", EngineOptions(batch=1 << 21))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
