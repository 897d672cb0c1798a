"""How a network's outputs are to be read, which depends on how pictures are prepared."""

from dataclasses import dataclass

from converter.commands.choose_labels import Labels
from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import recognise_head, run_on_images
from converter.conversion import Source
from converter.export.exported_network import Network
from converter.export.request_answer import ExportAnswer
from converter.heads.evidence import Recognised
from converter.inputs.dataset import Dataset
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
            HeadError: the outputs are those of none, or have other sizes for other pictures.
        """
        seen = run_on_images(self.network, pixels, self.dataset, fitting)
        return self.labels.recognise(
            lambda count: recognise_head(seen, self.source, self.answer, count, self.options),
            self.dataset,
            self.options.head,
        )
