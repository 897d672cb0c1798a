"""How many candidates a bundle has, why, and what they lose, in sentences."""

from typing import Tuple

from converter.stages.output_stage import MOST_CANDIDATES
from converter.tables.wording import counted
from converter.verification.choose_candidates import LONGEST_SUPPRESSION
from converter.verification.count_candidates import CandidateCount
from converter.verification.verification_results import Verification


def candidate_facts(verification: Verification) -> Tuple[str, ...]:
    """What K was chosen by; nothing where all boxes of the network are candidates."""
    found, choice = verification.count, verification.choice
    if found is None or choice is None:
        return ()
    facts = (
        f"{found.candidates:,} of {found.boxes:,} boxes; at most "
        f"{found.above:,} are at or above the score threshold of {found.threshold:g} "
        f"({found.image}), which take {choice.seconds * 1e3:.1f} ms to suppress on this machine"
    )
    if choice.before is None:
        return (facts,)
    lost, images = choice.before.lost, choice.before.lost_images
    return (
        f"{facts}. {choice.before.candidates:,} lose {counted(lost, 'detection')} in "
        f"{counted(images, 'image')}",
    )


def candidate_cautions(verification: Verification) -> Tuple[str, ...]:
    """What K candidates lose, or may lose in more crowded images, and what to do."""
    found = verification.count
    if found is None or not (found.lost or found.full_images):
        return ()
    if found.lost:
        text = (
            f"{found.candidates:,} candidates lose {counted(found.lost, 'detection')} in "
            f"{found.lost_images:,} of {counted(verification.images, 'image')}"
        )
    else:
        text = (
            f"All {found.candidates:,} candidates are at or above the score threshold of "
            f"{found.threshold:g} in {found.full_images:,} of "
            f"{counted(verification.images, 'image')} (up to {found.above:,} boxes, in "
            f"{found.image}), so that more crowded images may lose detections"
        )
    return (f"{text}: {_remedy(found, verification)}.",)


def _remedy(found: CandidateCount, verification: Verification) -> str:
    choice = verification.choice
    if verification.synthetic:
        return "the images are made up, so convert again with --images to let K be chosen"
    if not found.lost:
        return "raise --score-threshold, or convert with more --candidates"
    if found.needed > MOST_CANDIDATES:
        return f"raise --score-threshold, because TensorRT chooses {MOST_CANDIDATES:,} at most"
    if choice is not None and not choice.is_given:
        return (
            f"more take longer than {LONGEST_SUPPRESSION * 1e3:.0f} ms to suppress on this "
            f"machine. Raise --score-threshold, or take them with --candidates {found.needed}"
        )
    return f"convert without --candidates, or with --candidates {found.needed}"
