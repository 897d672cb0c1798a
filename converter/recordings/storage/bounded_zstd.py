"""zstd and lz4 of bounded size: a small file can claim to hold more than any memory."""

from contextlib import suppress

import lz4.frame
import zstandard

ZSTD_START = b"\x28\xb5\x2f\xfd"  # RFC 8878; no CDR begins like this

_TOO_LARGE = "there is not enough memory for what it holds"


class DecompressionError(Exception):
    """The data are damaged, or larger than they may be; ``whole`` is what came before that."""

    def __init__(self, reason: str, whole: bytes = b"") -> None:
        super().__init__(reason)
        self.whole = whole


def unzstd(data: bytes | memoryview, most: int) -> bytes:
    """All of one frame.

    Args:
        most: bytes of the result.

    Raises:
        DecompressionError: damaged, cut, or larger.
    """
    try:
        size = zstandard.frame_content_size(data)
        if size > most:
            raise DecompressionError(f"it claims to hold {size} bytes, and may hold {most}")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=most)
    except zstandard.ZstdError as error:
        raise DecompressionError(f"zstd: {error}") from error
    except MemoryError as error:
        raise DecompressionError(_TOO_LARGE) from error


def unlz4(data: bytes | memoryview, most: int) -> bytes:
    """As ``unzstd``."""
    decompressor = lz4.frame.LZ4FrameDecompressor()
    try:
        found = decompressor.decompress(data, max_length=most + 1)
    except (RuntimeError, EOFError) as error:
        raise DecompressionError(f"lz4: {error}") from error
    except MemoryError as error:
        raise DecompressionError(_TOO_LARGE) from error
    if len(found) > most:
        raise DecompressionError(f"it holds more than {most} bytes")
    if not decompressor.eof:
        raise DecompressionError("lz4: it is cut", found)
    return found


def unzstd_beginning(data: bytes | memoryview, most: int) -> bytes:
    """What can be had of a frame that is cut, at most ``most`` bytes."""
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    found = bytearray()
    with suppress(zstandard.ZstdError, MemoryError):
        for start in range(0, len(data), 2**12):  # each gives at most 128 MiB
            found += decompressor.decompress(data[start : start + 2**12])
            if len(found) > most or decompressor.eof:
                break
    return bytes(found[:most])
