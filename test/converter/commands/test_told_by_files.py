"""What a model's files tell, where it does not fit to what else is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from converter.commands.convert_options import FittingOptions, SourceOptions
from converter.commands.told_by_files import (
    about_size,
    about_task,
    fit_of_files,
    pixels_of_files,
)
from converter.conversion import Source
from converter.errors import HeadError
from converter.export.exported_network import Network
from converter.heads.evidence import HeadOptions
from converter.inputs.finding import Finding
from converter.inputs.image_input import ImageInput
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.pixels import PRESETS, PixelOptions
from converter.inputs.saved_model import SavedModel, Signature
from test.converter.report.samples import Head
from trt_inference.bundles.bundle import Fitting

FILES = ModelFiles(
    task="classification",
    input_size=(24, 32),
    pixels=PixelOptions("rgb", 1 / 255),
    fit="center-crop",
    resize="area",
    crop_fraction=1.0,
    findings=tuple(
        Finding(subject, f"the {subject} of the file")
        for subject in ("task", "size", "pixels", "fit")
    ),
)


def network(dtype: int = TensorProto.FLOAT, channels: int = 3) -> Network:
    """The mean of each channel of an image of 32x24 pixels."""
    shape = [1, 24, 32, channels]
    image = helper.make_tensor_value_info("image", dtype, shape)
    means = helper.make_tensor_value_info("means", TensorProto.FLOAT, [1, channels])
    nodes = [
        helper.make_node("Cast", ["image"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["values"], ["means"], axes=[1, 2], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "means", [image], [means])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model)
    name = "uint8" if dtype == TensorProto.UINT8 else "float32"
    return Network(model, 13, ImageInput("image", name, "NHWC", channels, 24, 32, 1, 4))


def texts(findings: list[Finding]) -> list[tuple[bool, str]]:
    return [(one.caution, one.text) for one in findings]


def test_the_pixels_of_a_file_are_taken_and_told() -> None:
    chosen, findings = pixels_of_files(FILES, PixelOptions(), network())
    assert chosen == FILES.pixels
    assert texts(findings) == [(False, "the pixels of the file")]


@pytest.mark.parametrize(
    ("given", "warned"), [(PRESETS["zero-to-one"], False), (PRESETS["zero-to-255"], True)]
)
def test_a_range_that_the_user_states_is_taken_and_a_file_that_tells_another_is_named(
    given: PixelOptions, warned: bool
) -> None:
    chosen, findings = pixels_of_files(FILES, given, network())
    assert chosen == given
    expected = "0 to 255, RGB as you state, but a file of the model tells the pixels of the file"
    assert texts(findings) == [(True, expected)] * warned


def test_an_order_of_channels_that_the_user_states_goes_with_the_range_of_the_file() -> None:
    chosen, findings = pixels_of_files(FILES, PixelOptions("bgr"), network())
    pixels = chosen.resolve(network().image, False)
    assert (pixels.channels, pixels.scale) == ("bgr", 1 / 255)
    assert [one.caution for one in findings] == [True]
    assert "BGR channels as you state" in findings[0].text


def test_pixels_of_a_file_that_are_no_bytes_are_not_told_of_an_input_of_bytes() -> None:
    assert pixels_of_files(FILES, PixelOptions(), network(TensorProto.UINT8)) == (
        PixelOptions(),
        [],
    )


def test_pixels_of_a_file_for_another_number_of_channels_stop_nothing_and_are_not_taken() -> None:
    chosen, findings = pixels_of_files(FILES, PixelOptions(), network(channels=1))
    assert chosen == PixelOptions()
    assert [(one.subject, "not used" in one.text) for one in findings] == [("files", True)]


@pytest.mark.parametrize(
    ("given", "stated"),
    [
        (FittingOptions(), ""),
        (FittingOptions("center-crop", resize="area"), ""),
        (FittingOptions(pad_value=0), ""),  # a crop has no borders
        (FittingOptions("stretch"), "stretch, antialiased (area)"),
        (FittingOptions(resize="linear"), "center-crop, linear"),
        (FittingOptions("center-crop", crop_fraction=0.5), "center-crop of 0.5, antialiased"),
    ],
)
def test_a_fit_that_the_user_states_otherwise_than_a_file_is_named(
    given: FittingOptions, stated: str
) -> None:
    told, (finding,) = fit_of_files(FILES, Fitting(), given)
    assert told == Fitting("center-crop", 114, "area", 1.0)
    assert finding.caution == bool(stated)
    assert finding.text.startswith(stated or "the fit of the file")


def test_what_a_file_leaves_open_of_the_borders_is_as_the_graph_shows() -> None:
    files = replace(FILES, fit="letterbox-top-left", resize=None, crop_fraction=None)
    told, _ = fit_of_files(files, Fitting("letterbox-top-left", 128), FittingOptions())
    assert told == Fitting("letterbox-top-left", 128)


@pytest.mark.parametrize(
    ("size", "given", "caution"),
    [
        ((24, 32), None, ""),
        ((24, 32), (24, 32), ""),
        ((48, 64), (48, 64), "64x48 as you state"),
        ((48, 64), None, "the input is 64x48, but"),
    ],
)
def test_a_file_with_another_size_than_the_input_is_named(
    tmp_path: Path, size: tuple[int, int], given: tuple[int, int] | None, caution: str
) -> None:
    height, width = size
    image = ImageInput("image", "float32", "NHWC", 3, height, width, 1, 4)
    signature = Signature("serving_default", (), ())
    source = Source(SavedModel(tmp_path, "2", (), {}), signature, image, files=FILES)
    (finding,) = about_size(source, SourceOptions(tmp_path, input_size=given))
    assert finding.caution == bool(caution)
    assert finding.text.startswith(caution)
    assert finding.text.count("the size of the file") == 1


def test_a_file_of_another_task_than_the_head_is_refused_unless_the_head_is_stated(
    tmp_path: Path,
) -> None:
    head, options = Head("detection"), SourceOptions(tmp_path)
    with pytest.raises(HeadError, match=r"is detection, but .* the task of the file.*Remove"):
        about_task(FILES, head, options)
    (finding,) = about_task(FILES, head, replace(options, head=HeadOptions("yolo")))
    assert finding.caution
    assert "detection (--head) as you state" in finding.text
    assert texts(about_task(FILES, Head("classification"), options)) == [
        (False, "the task of the file")
    ]
