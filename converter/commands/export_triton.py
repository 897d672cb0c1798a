"""`export-triton`: the order of the steps from a bundle to a version in a model repository."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

from converter.commands.export_triton_options import DEFAULT_BATCH, TritonOptions
from converter.errors import ModelRepositoryError
from converter.model_repository.model_config import (
    config_text,
    new_config,
    newest_served,
    runs_on,
    serves_new_versions,
    set_batch,
)
from converter.model_repository.model_folder import (
    ModelFolder,
    Version,
    check_same_model,
    read_model_folder,
    set_versions,
)
from converter.model_repository.model_source import ModelSource, open_source
from converter.model_repository.platforms import CPU_KIND, TENSORRT_PLAN, Platform
from converter.model_repository.repository import add_model, add_version, locked_repository
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import CPU, Device, choose
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.engines.triton.model_parameters import ServedBundle
from trt_inference.printable import printable

_LARGEST_BATCH = 1024
# Triton looks for a folder of this name, and robots ask for it.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST_NAME = 200
# The Q/DQ nodes of a bundle's int8 are made for TensorRT: CUDA's kernels of ONNX Runtime are not.
_GPU_OF_ONNXRUNTIME = Device("a GPU with ONNX Runtime", ("fp16", "fp32", "int8"))


@dataclass(frozen=True)
class TritonExport:
    """A version that is in the repository now.

    Attributes:
        repository: without links.
        batch: images at once; 0 where the network takes one alone.
        batch_before: of the versions that were there, which now have ``batch`` too; None without.
        files: what the folder of the version has, with bytes.
        sidecar: of the engine, where it is one.
        others: versions that were there, the newest first.
        same: the newest of them, where it has the same bundle and precision.
        is_served: the model's configuration lets the server take new versions.
        newest_served: so many of the newest; None: all, or certain ones.
    """

    repository: Path
    model: str
    version: int
    platform: Platform
    precision: str
    batch: int
    batch_before: Optional[int]
    files: Tuple[Tuple[str, int], ...]
    sidecar: Optional[Sidecar]
    others: Tuple[int, ...]
    same: Optional[int]
    is_served: bool
    newest_served: Optional[int]

    @property
    def folder(self) -> Path:
        """Of the version."""
        return self.repository / self.model / str(self.version)


def export_triton(options: TritonOptions, on_wait: Callable[[], object]) -> TritonExport:
    """Write a new version, and return what it is.

    Args:
        on_wait: called before it is waited for another export into the same repository.

    Raises:
        TrtInferenceError: the bundle or the repository cannot be used so; nothing was changed.
        OSError: the repository cannot be written; nothing was changed.
    """
    bundle = load_bundle(options.bundle)
    _check_options(options)
    name = _model_name(options, bundle)
    with locked_repository(options.repository, on_wait) as repository:
        there = read_model_folder(repository / name)
        precision = _precision(options, bundle, there)
        with open_source(bundle, options.platform, precision, options.engine) as source:
            return _Export(options, bundle, source, name).run(repository, there)


def _check_options(options: TritonOptions) -> None:
    platform = options.platform
    if options.engine and platform != TENSORRT_PLAN:
        raise ModelRepositoryError(f"--engine is for --platform {TENSORRT_PLAN.name}: leave it out")
    if options.runs_on and options.runs_on not in platform.runs_on:
        raise ModelRepositoryError(
            f"--run-on {options.runs_on}: {platform.name} runs on {platform.runs_on[0]} only. "
            "Leave --run-on out, or take another --platform"
        )


def _model_name(options: TritonOptions, bundle: Bundle) -> str:
    name = options.model or bundle.name
    if _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME:
        return name
    whose = "--model" if options.model else "the bundle's name"
    remedy = "" if options.model else ": choose one by --model, and give it to robots"
    raise ModelRepositoryError(
        f"{whose} '{printable(name)}' is no name of a model, which has up to {_LONGEST_NAME} "
        f"letters, digits, _, - and ., and begins with a letter, a digit or _{remedy}"
    )


def _precision(options: TritonOptions, bundle: Bundle, there: Optional[ModelFolder]) -> str:
    """The precision to export; empty for the engine's."""
    if options.platform == TENSORRT_PLAN:
        return options.precision
    usual = options.platform.runs_on[0] if there is None else runs_on(there.config)
    device = CPU if (options.runs_on or usual) == CPU_KIND else _GPU_OF_ONNXRUNTIME
    return choose(bundle, options.precision or "auto", device).precision


@dataclass(frozen=True)
class _Export:
    """One export into a repository that is locked."""

    options: TritonOptions
    bundle: Bundle
    source: ModelSource
    name: str

    def run(self, repository: Path, there: Optional[ModelFolder]) -> TritonExport:
        source, others = self.source, there.versions if there else []
        served = ServedBundle(
            there.next_version if there else 1, self.bundle.manifest_sha256, source.precision
        )
        versions = [Version(served, source.largest_batch), *others]
        config = self._config(there, versions)
        files: List[Tuple[str, int]] = []

        def fill(folder: Path) -> None:
            files[:] = [(one.name, one.stat().st_size) for one in source.write(folder)]

        if there is None:
            add_model(repository, self.name, config_text(config), fill)
        else:
            add_version(there, config_text(config), fill)
        newest = others[0].bundle if others else None
        return TritonExport(
            repository,
            self.name,
            served.version,
            source.platform,
            source.precision,
            config.max_batch_size,
            there.config.max_batch_size if there else None,
            tuple(files),
            source.sidecar,
            tuple(one.bundle.version for one in others),
            newest.version if newest and newest[1:] == served[1:] else None,
            serves_new_versions(config),
            newest_served(config),
        )

    def _config(self, there: Optional[ModelFolder], versions: List[Version]) -> Any:
        """The configuration for these versions: that which is there, where one is."""
        platform, options = self.source.platform, self.options
        kind = options.runs_on or platform.runs_on[0]
        only_one = self.source.takes_one_image
        config = new_config(self.name, self.bundle, platform, only_one, kind)
        batch = DEFAULT_BATCH
        if there is not None:
            check_same_model(there, config)
            instances, config = config.instance_group, _copy(there.config)
            batch = config.max_batch_size
            if options.runs_on:
                for group in config.instance_group or [config.instance_group.add()]:
                    group.kind = instances[0].kind
        config.name = self.name
        set_batch(config, 0 if only_one else self._batch(batch, versions))
        if only_one:
            self._check_batch(1, "the network takes one image")
        set_versions(config, versions)
        return config

    def _batch(self, usual: int, versions: List[Version]) -> int:
        """Images at once, that all versions take: they share one configuration."""
        limits = [(one.largest_batch, one.bundle.version) for one in versions]
        known = [(limit, version) for limit, version in limits if limit is not None]
        least, version = min(known, default=(_LARGEST_BATCH, 0))
        which = f"version {version}"
        if version in (0, versions[0].bundle.version):
            which = "the engine" if version else "a model"
        self._check_batch(least, f"{which} takes {least} at most")
        return min(self.options.batch or usual, least)

    def _check_batch(self, most: int, reason: str) -> None:
        asked = self.options.batch
        if asked is None or asked <= most:
            return
        other = (
            ", or remove the folder of that version if no robot has its bundle, or choose another "
            "name by --model"
        )
        raise ModelRepositoryError(
            f"--batch {asked} is too many: {reason} at once. Leave --batch out"
            f"{other if 'version' in reason else ''}"
        )


def _copy(config: Any) -> Any:
    copied = type(config)()
    copied.CopyFrom(config)
    return copied
