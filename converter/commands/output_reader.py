"""How a network's outputs are to be read, which depends on how pictures are prepared."""

from dataclasses import dataclass
from typing import Tuple

from converter.commands.choose_labels import Labels
from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import recognise_head, run_on_images
from converter.commands.told_by_files import about_task
from converter.conversion import Source
from converter.export.exported_network import Network
from converter.export.request_answer import ExportAnswer
from converter.heads.base import Head
from converter.heads.evidence import Recognised
from converter.inputs.dataset import Dataset
from converter.inputs.finding import Finding
from converter.inputs.pixels import Pixels
from trt_inference.bundles.bundle import Fitting


@dataclass(frozen=True)
class OutputReader:
    """Recognises the head of a network by its outputs for pictures that are prepared in one way or
    another."""

    source: Source
    network: Network
    answer: ExportAnswer
    dataset: Dataset
    labels: Labels
    options: SourceOptions

    def __call__(self, pixels: Pixels, fitting: Fitting) -> Recognised:
        """The head.

        Raises:
            HeadError: the outputs are those of none, have other sizes for other pictures, or are
                those of another task than a file of the model tells.
        """
        seen = run_on_images(self.network, pixels, self.dataset, fitting)
        recognised = self.labels.recognise(
            lambda count: recognise_head(seen, self.source, self.answer, count, self.options),
            self.dataset,
            self.options.head,
        )
        about_task(self.source.files, recognised.head, self.options)
        return recognised

    def about(self, head: Head) -> Tuple[Tuple[str, ...], Tuple[Finding, ...]]:
        """The names of the classes of a head, and what to tell about them and the task.

        Raises:
            DatasetError: pictures are annotated with names that are those of other classes.
        """
        names, about_labels = self.labels.of(head.classes, self.dataset)
        about = about_task(self.source.files, head, self.options)
        return names, (*about, *([] if about_labels is None else [about_labels]))
