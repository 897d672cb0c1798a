"""The commands that the pages show are those that the programs take: nothing is run, but every line
is parsed as the programs parse it."""

import argparse
import contextlib
import io
import re
import shlex
from typing import Callable, Dict, Iterator, List, Set, Tuple

import pytest

from benchmarks.gpu import gpu_parser
from benchmarks.owners_table import COLUMNS
from converter.command_line.command import command_names, load_command
from test.needs import is_missing
from test.test_architecture import ROOT
from trt_inference.bundles.tensorrt_versions import TARGETS
from trt_inference.tools.argument_types import ArgumentParser

OF_JETSONS = "docs/jetson.md"
OF_RECORDINGS = "docs/replay.md"
PAGES = sorted(
    str(page.relative_to(ROOT))
    for folder in ("", "docs", "containers")
    for page in (ROOT / folder).glob("*.md")
)
SHELL = re.compile(r"^ *```(?:sh|bash)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# What services for continuous integration run: a step of GitHub's, a line of a script of GitLab's.
YAML = re.compile(r"^ *```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^ *- (?:run: )?(python3 .*|trt-inference .*)$", re.MULTILINE)
INLINE = re.compile(r"`(?:[\w./$-]*/)?(?:trt-inference|python3 -m converter) ([a-z][^`\n]*)`")
PROGRAM = re.compile(r"(?:^|/)trt-inference$")
PYTHON = re.compile(r"(?:^|/)python3?$")
VARIABLE = re.compile(r"[A-Z_]+=")
LAUNCH_ARGUMENT = re.compile(r"([a-z_]+):=")
LAUNCHING = [*(ROOT / "launch").glob("*.py"), *(ROOT / "trt_inference/ros/launching").glob("*.py")]

Words = List[str]


def parsers_of_benchmarks() -> Dict[str, Callable[[], argparse.ArgumentParser]]:
    """Those whose modules can be imported here."""
    found = {"benchmarks.gpu": gpu_parser}
    if not is_missing("rclpy"):
        from benchmarks.__main__ import benchmark_parser

        found["benchmarks"] = benchmark_parser
    return found


BENCHMARKS = parsers_of_benchmarks()


def commands_of(page: str) -> Iterator[Words]:
    """The commands in the blocks of shell of a page, and in the steps of workflows, as words, each
    up to a pipe or the next."""
    text = (ROOT / page).read_text("utf-8")
    steps = ["\n".join(STEP.findall(block)) for block in YAML.findall(text)]
    for block in [*SHELL.findall(text), *steps]:
        for line in block.replace("\\\n", " ").splitlines():
            # What the shell puts in is one word, whatever it is.
            yield from split(words_of(re.sub(r"\$\([^)]*\)", "WORD", line)))


def words_of(line: str) -> Words:
    """As a shell splits them, without comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&<>")
    lexer.whitespace_split = True
    return list(lexer)


def split(words: Words) -> Iterator[Words]:
    """One command after the other, without what stands before its program."""
    current: Words = []
    for word in [*words, ";"]:
        if set(word) <= set(";|&"):
            while current and (VARIABLE.match(current[0]) or current[0] in ("sudo", "export")):
                current.pop(0)
            if current:
                yield in_container(current)
            current = []
        else:
            current.append(word)


def in_container(words: Words) -> Words:
    """What Docker runs in a container, where that is a program of the project or of ROS."""
    programs = [one for one in words if one in ("trt-inference", "ros2", "python3")]
    return words[words.index(programs[0]) :] if words[0] == "docker" and programs else words


def calls_of(page: str) -> Iterator[Tuple[str, Words]]:
    """The calls of ``trt-inference``: the command and its arguments."""
    for words in commands_of(page):
        for index, word in enumerate(words):
            of_module = words[index + 1 : index + 3] == ["-m", "converter"]
            if (PYTHON.search(word) and of_module) or (PROGRAM.search(word) and index == 0):
                command, *arguments = words[index + (3 if of_module else 1) :]
                yield command, up_to_redirection(arguments)
                break


def up_to_redirection(words: Words) -> Words:
    return words[: next((i for i, one in enumerate(words) if set(one) <= set("<>")), None)]


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = ArgumentParser(prog=command)
    load_command(command).declare(parser)
    return parser


def refusal(parser: argparse.ArgumentParser, arguments: Words) -> str:
    """What the parser complains about; nothing where it takes them."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            parser.parse_args(arguments)
        except SystemExit as ended:
            return said.getvalue().splitlines()[-1] if ended.code else ""
    return ""


def options_of(parser: argparse.ArgumentParser) -> Set[str]:
    return {name for action in parser._actions for name in action.option_strings}


@pytest.mark.parametrize("page", PAGES)
def test_the_programs_take_the_commands_of_the_pages(page: str) -> None:
    refused = [
        f"trt-inference {command} {' '.join(arguments)}: {problem}"
        for command, arguments in calls_of(page)
        for problem in [
            refusal(parser_of(command), arguments)
            if command in command_names()
            else "no such command"
        ]
        if problem
    ]
    assert refused == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_sentences_have_only_options_that_exist(page: str) -> None:
    """They may lack arguments."""
    wrong = []
    for text in INLINE.findall((ROOT / page).read_text("utf-8")):
        command, *words = text.split()
        known = command in command_names() and options_of(parser_of(command))
        if not known or {word for word in words if word.startswith("--")} - known:
            wrong.append(text)
    assert wrong == []


def test_there_are_commands_to_check() -> None:
    """The patterns find what is there."""
    on_jetsons = [command for command, _ in calls_of(OF_JETSONS)]
    assert {"convert", "check", "doctor", "deploy", "build", "engines", "detect"} == {*on_jetsons}
    in_readme = {command for command, _ in calls_of("README.md")}
    assert {"convert", "quantize", "inspect", "replay"} <= in_readme
    with_limits = [words for _, words in calls_of(OF_RECORDINGS) if "--fail-if-lost" in words]
    assert len(with_limits) == 3  # in a shell, and in two workflows


@pytest.mark.parametrize("page", PAGES)
def test_other_programs_of_the_project_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    missing = []
    for words in commands_of(page):
        first, rest = words[0], words[1:]
        if first == "make":
            missing += [word for word in rest if word.isalpha() and word not in targets]
        elif first.startswith(("scripts/", "containers/")) and not (ROOT / first).exists():
            missing.append(first)
        elif PYTHON.search(first) and rest[:1] == ["-m"]:
            missing += [] if module_exists(rest[1]) else [rest[1]]
            if rest[1] in BENCHMARKS:
                missing += filter(None, [refusal(BENCHMARKS[rest[1]](), rest[2:])])
    assert missing == []


def module_exists(name: str) -> bool:
    """Whether it is a module of the project, or not one of the project at all."""
    folder = ROOT / name.partition(".")[0]
    file = ROOT / name.replace(".", "/")
    return not folder.is_dir() or file.with_suffix(".py").is_file() or file.is_dir()


@pytest.mark.parametrize("page", PAGES)
def test_launch_files_and_nodes_exist_with_the_arguments_that_are_given(page: str) -> None:
    texts = "".join(file.read_text("utf-8") for file in LAUNCHING)
    wrong = []
    for words in commands_of(page):
        if words[:3] == ["ros2", "launch", "trt_inference"]:
            file, *given = words[3:]
            wrong += [] if (ROOT / "launch" / file).is_file() else [file]
            names = {name for word in given for name in LAUNCH_ARGUMENT.findall(word)}
            wrong += [name for name in sorted(names) if f'"{name}"' not in texts]
        elif words[:3] == ["ros2", "run", "trt_inference"]:
            places = (ROOT / "scripts" / words[3], ROOT / "scripts" / "ros2" / words[3])
            wrong += [] if any(place.exists() for place in places) else [words[3]]
    assert wrong == []


def table_row(page: str, title: str) -> List[str]:
    (line,) = [
        one for one in (ROOT / page).read_text("utf-8").splitlines() if one.startswith(title)
    ]
    return [cell.strip(" `") for cell in line.strip("|").split("|")][1:]


def test_the_targets_on_the_page_of_jetsons_have_these_opsets() -> None:
    targets = table_row(OF_JETSONS, "| `--target`")
    opsets = table_row(OF_JETSONS, "| highest opset")
    assert {target: int(opset) for target, opset in zip(targets, opsets)} == {
        name: target.opset for name, target in TARGETS.items() if name != "desktop"
    }


def test_owners_find_a_table_with_the_columns_of_their_row() -> None:
    lines = (ROOT / OF_JETSONS).read_text("utf-8").splitlines()
    start = lines.index(f"| {' | '.join(COLUMNS)} |")
    rows = [line for line in lines[start + 2 :][:30] if line.startswith("|")]
    assert rows and {line.count(" | ") for line in rows} == {len(COLUMNS) - 1}
