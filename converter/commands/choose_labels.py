"""The names of a model's classes: the user's, those of a file beside it, or those of pictures."""

from typing import Callable, NamedTuple, Optional, Tuple

from converter.commands.convert_options import ConvertOptions
from converter.commands.folders_of_head import recognise_with_folders
from converter.errors import DatasetError, HeadError
from converter.heads.evidence import HeadOptions, Recognised
from converter.inputs.dataset import Dataset, load_dataset, name_classes
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles
from converter.tables.wording import some_names


class Labels(NamedTuple):
    """Names of classes, before it is known how many the model has.

    Attributes:
        given: by the user.
        files: what files beside the model tell, which may be about another model.
    """

    given: Tuple[str, ...]
    files: ModelFiles

    @property
    def names(self) -> Tuple[str, ...]:
        """The user's names, or else those of a file; none where neither has any."""
        return self.given or self.files.labels

    def load(self, options: ConvertOptions) -> Dataset:
        """The images of a conversion, with what is annotated in them by these names.

        Raises:
            DatasetError: nothing there, or annotations or class folders do not fit.
        """
        images, annotations = options.images, options.annotations
        try:
            return load_dataset(images, annotations, self.names, options.most_images)
        except DatasetError as error:
            if self.given or not self.files.labels:
                raise
            load_dataset(images, annotations, (), options.most_images)  # else it is not the names
            raise DatasetError(
                f"{error}. The labels are those of {self.files.labels_from}: give others with "
                "--labels if it is not of this model"
            ) from error

    def fit_dataset(
        self, dataset: Dataset, names: Tuple[str, ...], options: ConvertOptions
    ) -> Dataset:
        """The images of a conversion, annotated by ``names``, where they were loaded by those of a
        file: without its background, all classes have another number."""
        if dataset.category_names in ((), names):
            return dataset
        return load_dataset(options.images, options.annotations, names, options.most_images)

    def recognise(
        self,
        recognise: Callable[[Optional[int]], Recognised],
        dataset: Dataset,
        options: HeadOptions,
    ) -> Recognised:
        """Recognise a head. It must have as many classes as the user has given names; names of a
        file only help to recognise it.

        Args:
            recognise: recognises the head for a number of names, or for any.

        Raises:
            DatasetError: there are more or fewer class folders than classes.
            HeadError: no head is recognised.
        """
        names = self.names or dataset.category_names
        if self.given or not self.files.labels:
            return recognise_with_folders(recognise, len(names) or None, dataset, options)
        try:
            return recognise(len(names))
        except HeadError:  # the file may be about another model
            return recognise(None)

    def of(self, classes: int, dataset: Dataset) -> Tuple[Tuple[str, ...], Optional[Finding]]:
        """The names of so many classes, and what to tell about where they are from.

        Raises:
            DatasetError: pictures are annotated with names that are those of other classes.
        """
        found, finding = self.files.labels_for(classes)
        if self.given:
            return self.given, self._other_order(found)
        if found:
            return found, finding
        if finding is None and dataset.category_names:
            return dataset.category_names, _from_pictures(dataset)
        if finding is None:
            return name_classes(classes), _nameless(classes)
        if dataset.category_names:
            raise DatasetError(f"labels: {finding.text}")
        return name_classes(classes), finding

    def _other_order(self, names: Tuple[str, ...]) -> Optional[Finding]:
        """A caution where a file has the names that the user gives in another order."""
        if names == self.given or sorted(names) != sorted(self.given):
            return None
        text = (
            f"{some_names(self.given)} as you state, but {self.files.labels_from} has the same "
            "names in another order: see which one is that of the model's classes"
        )
        return Finding("labels", text, caution=True)


def _from_pictures(dataset: Dataset) -> Optional[Finding]:
    """Where the names of the classes come from, which only the order of their kind shows."""
    if dataset.folders is not None:
        return dataset.folders.finding
    return Finding(
        "labels",
        f"{some_names(dataset.category_names)}: the categories of --labels-coco in the order of "
        "their numbers; --labels changes it",
        assumed=True,
    )


def _nameless(classes: int) -> Finding:
    numbers = "class 0 is" if classes == 1 else f"class 0 to class {classes - 1} are"
    return Finding("labels", f"none are known, and {numbers} without a name: give --labels")
