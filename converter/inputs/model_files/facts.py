"""What the files of a model tell about it."""

from dataclasses import dataclass, fields, replace
from typing import Optional, Tuple

from converter.inputs.finding import Finding
from converter.inputs.pixels import PixelOptions

# What the first name may be where a network has a class for what is none of the others.
_BACKGROUNDS = ("background", "__background__", "bg", "???")


@dataclass(frozen=True)
class ModelFiles:
    """What the files beside or in a SavedModel tell; None and empty where they do not.

    Attributes:
        labels: names in the order of the classes; ``labels_for`` tells whether they fit a network.
        labels_from: the file that has them, for people.
        task: ``detection``, ``classification`` or ``segmentation``.
        unsupported_task: a task without a bundle, for people: ``key points of objects (task pose
            in metadata.yaml)``.
        input_size: height, width in pixels.
        pixels: what the network expects of them, as a whole.
        fit: ``letterbox``, ``letterbox-top-left``, ``stretch`` or ``center-crop``.
        resize: ``linear`` or ``area``.
        crop_fraction: the part of the resized picture that a centre crop keeps.
        pad_value: of the border of a letterbox, 0 to 255.
        findings: what was found and what shows it, and what cannot be used and why. None about
            labels that were found: that depends on the network.
    """

    labels: Tuple[str, ...] = ()
    labels_from: str = ""
    task: Optional[str] = None
    unsupported_task: str = ""
    input_size: Optional[Tuple[int, int]] = None
    pixels: Optional[PixelOptions] = None
    fit: Optional[str] = None
    resize: Optional[str] = None
    crop_fraction: Optional[float] = None
    pad_value: Optional[int] = None
    findings: Tuple[Finding, ...] = ()

    def labels_for(self, classes: int) -> Tuple[Tuple[str, ...], Optional[Finding]]:
        """The labels where they are those of a network with so many classes, else none; and what
        to tell about it, None where no file has labels."""
        if not self.labels:
            return (), None
        count = len(self.labels)
        text = f"{_names(count)} from {self.labels_from}"
        if count == classes:
            return self.labels, Finding("labels", text)
        if count == classes + 1 and self.labels[0].lower() in _BACKGROUNDS:
            without = f"{text}, without its first, {self.labels[0]}"
            return self.labels[1:], Finding("labels", without)
        fault = (
            f"none, because {self.labels_from} has {_names(count)} and the model "
            f"{classes} {'class' if classes == 1 else 'classes'}: give --labels"
        )
        return (), Finding("labels", fault, caution=True)

    def completed_by(self, other: "ModelFiles") -> "ModelFiles":
        """This, and of ``other`` the fields about which this tells nothing. The fit of a picture
        is one fact of several fields."""
        own = {
            field.name for field in fields(self) if getattr(self, field.name) not in (None, (), "")
        }
        if self.task or self.unsupported_task:
            own |= {"task", "unsupported_task"}
        if self.fit:
            own |= {"resize", "crop_fraction", "pad_value"}
        told = {finding.subject for finding in self.findings if not _is_fault(finding)}
        findings = [one for one in other.findings if _is_fault(one) or one.subject not in told]
        missing = {
            field.name: getattr(other, field.name)
            for field in fields(self)
            if field.name not in own and field.name != "findings"
        }
        return replace(self, **{**missing, "findings": (*self.findings, *findings)})


def fault(text: str) -> Finding:
    """What cannot be used of a file."""
    return Finding("files", text)


def _is_fault(finding: Finding) -> bool:
    return finding.subject == "files"


def _names(count: int) -> str:
    return f"{count} {'name' if count == 1 else 'names'}"
