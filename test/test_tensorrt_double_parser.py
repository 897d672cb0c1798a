"""The parser of the double of TensorRT refuses what the real ones refuse."""

import contextlib
from typing import Any, Iterator, List, Optional

import onnx
import pytest

from test.tensorrt_double.install import Double, install
from test.tensorrt_double.plan import Plan
from test.tensorrt_double.surface import VERSIONS
from test.tensorrt_facts import FACTS, Fact

NEWEST_OPSET = onnx.defs.onnx_opset_version()


class Attempt:
    """A model that is parsed by a double, and built if somebody asks."""

    def __init__(self, double: Double, model: onnx.ModelProto, native: Optional[bool] = None):
        trt = double.tensorrt
        self._trt, self._logger = trt, trt.Logger(trt.Logger.INTERNAL_ERROR)
        self._builder = trt.Builder(self._logger)
        bits = 1 if hasattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH") else 0
        self._network = self._builder.create_network(bits)
        self.parser = trt.OnnxParser(self._network, self._logger)
        if native is not None:
            change = self.parser.set_flag if native else self.parser.clear_flag
            change(trt.OnnxParserFlag.NATIVE_INSTANCENORM)
        content = model.SerializeToString()
        self._is_quantized = b"QuantizeLinear" in content
        self.is_parsed = self.parser.parse(content)

    @property
    def error(self) -> Any:
        """The only one."""
        assert not self.is_parsed and self.parser.num_errors == 1
        return self.parser.get_error(0)

    def is_built(self) -> bool:
        """Whether there is a plan."""
        return self.build() is not None

    def build(self) -> Any:
        """With all precisions allowed that the model can have, and with the sizes of the model."""
        config = self._builder.create_builder_config()
        for flag in ("FP16", "INT8") if self._is_quantized else ("FP16",):
            if hasattr(self._trt.BuilderFlag, flag):
                config.set_flag(getattr(self._trt.BuilderFlag, flag))
        return self._builder.build_serialized_network(self._network, config)

    def has_sizes(self) -> bool:
        """Whether it can be built without a profile."""
        inputs = [self._network.get_input(index) for index in range(self._network.num_inputs)]
        return all(-1 not in tuple(tensor.shape) for tensor in inputs)


def disagreement(double: Double, fact: Fact, version: str) -> str:
    """What the double makes of a fact that the sources tell differently; else nothing."""
    attempt = Attempt(double, fact.make())
    wanted = fact.is_parsed(version)
    told = "; ".join(
        attempt.parser.get_error(index).desc() for index in range(attempt.parser.num_errors)
    )
    if wanted is not None and attempt.is_parsed != wanted:
        return f"{fact.name}: is{' not' * (not attempt.is_parsed)} parsed {told}"
    if attempt.is_parsed == bool(attempt.parser.num_errors):
        return f"{fact.name}: is parsed with errors, or refused without"
    if attempt.is_parsed and attempt.has_sizes() and attempt.is_built() != fact.is_taken(version):
        return f"{fact.name}: is built, or not, against the sources"
    return ""


def opset_of(fact: Fact) -> int:
    return max(opset.version for opset in fact.make().opset_import)


@pytest.mark.parametrize("version", ["8.0.1", *VERSIONS])
def test_it_agrees_with_all_facts(version: str) -> None:
    with install(version) as double:
        trt = double.tensorrt
        trt.init_libnvinfer_plugins(trt.Logger(trt.Logger.INTERNAL_ERROR), "")
        found = [
            disagreement(double, fact, version)
            for fact in FACTS
            if fact.is_taken(version) is not None and opset_of(fact) <= NEWEST_OPSET
        ]
    assert list(filter(None, found)) == []


def fact_named(name: str) -> Fact:
    return next(fact for fact in FACTS if fact.name == name)


@pytest.fixture
def at() -> Iterator[Any]:
    """Parses the model of a fact in a version of its own."""
    with contextlib.ExitStack() as stack:
        yield lambda version, name: Attempt(
            stack.enter_context(install(version)), fact_named(name).make()
        )


# What needs plugins.


@pytest.mark.parametrize("name", ["RoiAlign", "scatter elements and add"])
@pytest.mark.parametrize("version", ["10.3.0", "11.4.0"])
def test_plugins_are_found_once_they_are_registered(version: str, name: str) -> None:
    with install(version) as double:
        trt, model = double.tensorrt, fact_named(name).make()
        assert "was not found in the plugin registry" in Attempt(double, model).error.desc()
        assert trt.init_libnvinfer_plugins(trt.Logger(), "")
        assert Attempt(double, model).is_parsed


def test_the_parsers_of_8_register_plugins_themselves(at: Any) -> None:
    assert at("8.6.1", "RoiAlign").is_parsed
    assert at("8.2.1", "instance normalization of rank 4").is_parsed


@pytest.mark.parametrize(
    ("version", "native", "taken"),
    [
        ("8.6.1", None, False),
        ("8.6.1", True, True),
        ("10.3.0", None, True),
        ("10.3.0", False, False),
    ],
)
def test_a_flag_makes_a_layer_of_instance_normalization(
    version: str, native: Optional[bool], taken: bool
) -> None:
    """A layer takes any scale, the plugin takes constants."""
    computed = fact_named("instance normalization with a computed scale").make()
    with install(version) as double:
        assert Attempt(double, computed, native).is_parsed == taken


def test_10_has_no_plugin_for_instance_normalization_unless_somebody_registers_it() -> None:
    model = fact_named("instance normalization of rank 4").make()
    with install("10.3.0") as double:
        trt = double.tensorrt
        assert "InstanceNormalization plugin" in Attempt(double, model, native=False).error.desc()
        trt.init_libnvinfer_plugins(trt.Logger(), "")
        assert Attempt(double, model, native=False).is_parsed


@pytest.mark.parametrize(
    ("version", "name", "plugins"),
    [
        ("8.4.1", "suppression", ["EfficientNMS_ONNX_TRT"]),
        ("8.6.1", "suppression", []),
        ("8.6.1", "RoiAlign", ["ROIAlign_TRT"]),
        ("8.6.1", "scatter elements and add", []),
        ("10.3.0", "scatter elements and add", ["ScatterElements"]),
        ("10.3.0", "scatter elements", []),
    ],
)
def test_a_plan_needs_the_plugins_that_the_parser_made(
    version: str, name: str, plugins: List[str]
) -> None:
    with install(version) as double:
        trt = double.tensorrt
        trt.init_libnvinfer_plugins(trt.Logger(), "")
        plan = bytes(Attempt(double, fact_named(name).make()).build())
    assert Plan.from_bytes(plan).options["plugins"] == plugins


# How it is said.


def test_8_tells_an_assertion_with_its_source(at: Any) -> None:
    error = at("8.4.1", "max pooling with indices").error
    assert error.desc() == (
        "Assertion failed: node.output().size() == 1 && "
        '"TensorRT does not support the indices output in MaxPool!"'
    )
    assert error.code().name == "UNSUPPORTED_NODE" and error.node() == 0
    assert (error.file(), error.func()) == ("builtin_op_importers.cpp", "importMaxPool")
    assert str(error).startswith("In node 0 (importMaxPool): UNSUPPORTED_NODE: Assertion failed")


def test_10_checks_before_it_asserts_and_tells_the_node(at: Any) -> None:
    error = at("10.3.0", "max pooling with indices").error
    assert error.desc().startswith("node.output().size() == 1 && ")
    assert (error.node_name(), error.node_operator()) == ("the_MaxPool_of_y", "MaxPool")
    assert error.func() == "checkMaxPool"
    error = at("10.3.0", "sum over axes of an input").error
    assert error.desc() == (
        "Assertion failed: inputAxes.is_weights(): Axis input must be an initializer!"
    )


def test_10_tells_all_that_its_checks_find() -> None:
    both = onnx.parser.parse_model(
        """<ir_version: 7, opset_import: ["": 13]>
        g (float[1, 1, 8, 8] x) => (float[1, 1, 4, 4] y)
        { a, i = MaxPool <kernel_shape = [2, 2]> (x) b = Unique <sorted = 1> (a)
          y = MaxPool <kernel_shape = [2, 2], dilations = [2, 2]> (x) }"""
    )
    with install("10.3.0") as double:
        parser = Attempt(double, both).parser
        assert [parser.get_error(index).node() for index in range(parser.num_errors)] == [0, 1, 2]
    with install("8.6.1") as double:
        assert Attempt(double, both).error.node() == 0


@pytest.mark.parametrize(
    ("version", "start"),
    [
        ("8.2.1", 'Assertion failed: inputs.at(1).is_weights() && "Axis input for CumSum'),
        ("8.6.1", "Invalid Node - the_CumSum_of_y\nAxis input for CumSum must be an initializer!"),
        ("10.3.0", "Exception occurred in - the_CumSum_of_y\nAxis input for CumSum"),
    ],
)
def test_an_initializer_that_is_none_is_told_in_the_words_of_the_version(
    version: str, start: str, at: Any
) -> None:
    error = at(version, "cumulative sum over an axis of an input").error
    assert error.desc().startswith(start)
    assert ("Polygraphy" in error.desc()) == (version != "8.2.1")


def test_tensorrt_itself_refuses_a_convolution_with_two_inputs(at: Any) -> None:
    error = at("8.4.1", "convolution with computed weights").error
    assert error.desc() == (
        "Invalid Node - the_Conv_of_y\nthe_Conv_of_y: two inputs (data and weights) are allowed "
        "only in explicit-quantization mode."
    )
    assert (error.code().name, error.func()) == ("INVALID_NODE", "parseGraph")


def test_an_input_is_told_by_its_name(at: Any) -> None:
    error = at("8.4.1", "uint8 input that is cast").error
    assert (error.node(), error.file(), error.func()) == (-1, "x", "importInput")


@pytest.mark.parametrize(("version", "number"), [("8.6.1", 2), ("10.3.0", 0), ("11.4.0", 2)])
def test_an_error_in_a_body_has_the_number_that_the_version_tells(
    version: str, number: int, at: Any
) -> None:
    """The If is node 2, the pooling in its branch is node 0."""
    error = at(version, "if with pooling that gives indices").error
    assert error.node() == number and "indices output in MaxPool" in error.desc()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_name_that_a_body_does_not_know_is_told(version: str, at: Any) -> None:
    error = at(version, "loop without a number of turns that counts").error
    assert "Node input was not registered." in error.desc()
    assert error.code().name == "INVALID_GRAPH"


def test_only_the_branch_that_a_constant_chooses_is_read() -> None:
    model = fact_named("if with pooling that gives indices").make()
    model.graph.node[2].input[0] = "chosen"
    model.graph.initializer.append(
        onnx.helper.make_tensor("chosen", onnx.TensorProto.BOOL, [], [0])
    )
    with install("8.6.1") as double:
        assert Attempt(double, model).is_parsed
        model.graph.initializer[-1].int32_data[0] = 1
        assert not Attempt(double, model).is_parsed


# Which operators there are.


@pytest.mark.parametrize("version", VERSIONS)
def test_supports_operator_tells_what_is_parsed(version: str) -> None:
    """But for what ONNX Runtime could not take: the parsers of 8 deny that they have it."""
    names = ("Mod", "Trilu", "ReverseSequence", "OneHot", "Hardmax", "IsInf", "Unique", "Gelu")
    with install(version) as double:
        parser = Attempt(double, fact_named("resize nearest").make()).parser
        for name in names:
            facts = [fact for fact in FACTS if name in fact.name.split()]
            facts += [fact_named("one hot")] if name == "OneHot" else []
            taken = any(fact.is_taken(version) for fact in facts)
            assert parser.supports_operator(name) == taken, name
        of_later = not version.startswith("8")
        assert parser.supports_operator("NonMaxSuppression") == of_later
