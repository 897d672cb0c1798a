"""What a file holds, by its first bytes: the ending of its name proves nothing."""

import re
from typing import Tuple

VIDEO = "a video"

# Of these OpenCV reads every sound one.
_READABLE = (
    (rb"\xff\xd8\xff", "a JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "a PNG"),
    (rb"RIFF....WEBP", "a WebP"),
    (rb"BM", "a BMP"),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", "a TIFF"),
)
_OTHERS = (
    (rb"GIF8[79]a", "a GIF"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
    (rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", "a HEIC picture"),
    (rb"....ftyp|RIFF....AVI |\x1a\x45\xdf\xa3", VIDEO),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (rb"8BPS", "a file of Photoshop"),
    (rb"%PDF", "a PDF"),
    (rb"PK\x03\x04|\x1f\x8b", "an archive"),
    (rb"\0\x05\x16\x07", "what macOS keeps beside a file"),
    (rb"version https://git-lfs", "a pointer of Git LFS: get the file itself with git lfs pull"),
    (rb"\s*<(!doctype|html|head|body)", "an HTML page, as a download leaves that failed"),
    (rb"\s*<(\?xml|svg)", "an XML file, as SVG is"),
    # What is no text has control characters soon.
    (rb"[^\0-\x08\x0e-\x1a\x1c-\x1f\x7f]+\Z", "a text"),
)
_LONGEST = 512  # as many bytes tell a text from other data


def kind_of_content(content: bytes) -> Tuple[str, bool]:
    """What the file is, with its article, empty where that is not known; and whether it is of a
    kind that OpenCV reads."""
    start = bytes(content[:_LONGEST])
    for kinds, is_readable in ((_READABLE, True), (_OTHERS, False)):
        for pattern, kind in kinds:
            if re.match(pattern, start, re.DOTALL | re.IGNORECASE):
                return kind, is_readable
    return "", False


def is_animated_webp(content: bytes) -> bool:
    """Whether a webp has several pictures; the header of the extended format has a bit for it."""
    return content[12:16] == b"VP8X" and bool(content[20:21]) and bool(content[20] & 2)


def states_its_frames(content: bytes) -> bool:
    """Whether a video has in its header how many frames there are: mp4, mov and avi do. Of others
    FFmpeg multiplies a duration and a rate, which may be far from the truth."""
    return re.match(rb"....ftyp|RIFF....AVI ", bytes(content[:12]), re.DOTALL) is not None
