"""UTF-8 decoded once per batch: code points in an array that every kernel can index.

A kernel over UTF-8 bytes decodes each character again, and counts characters by reading them. Over
code points a span's length is a subtraction, its last character an index, and the property of a
character one look-up. 4 bytes a character, freed with the batch.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.characters import CODE_POINTS
from language_id.inner import inner

LAST_CODE_POINT = CODE_POINTS - 1


class Characters(NamedTuple):
    """Code points of a batch: document d owns ``codes[offsets[d]:offsets[d + 1]]``.

    ``codes`` is unsigned, so that a kernel indexes its tables without a look at the sign. There are
    less than 2^31, so that places within a batch fit in 32 bits.
    """

    codes: NDArray[np.uint32]
    offsets: NDArray[np.int64]


@inner
def _code_point(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.int64, int]:
    """Return the code point at byte ``at`` and where the next one starts; never reads past ``end``.

    The unsigned index spares the kernel numpy's negative indices.
    """
    first = np.int64(data[np.uintp(at)])
    if first < 0x80:
        return first, at + 1
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if at + length > end:  # cut short: never in valid UTF-8
        return np.int64(LAST_CODE_POINT), end
    code = np.int64(data[np.uintp(at + 1)]) & 0x3F
    if length == 2:
        return (first & 0x1F) << 6 | code, at + 2
    code = code << 6 | (np.int64(data[np.uintp(at + 2)]) & 0x3F)
    if length == 3:
        return (first & 0x0F) << 12 | code, at + 3
    code = (first & 0x07) << 18 | code << 6 | (np.int64(data[np.uintp(at + 3)]) & 0x3F)
    return min(code, np.int64(LAST_CODE_POINT)), at + 4


@njit(cache=True)
def _decode(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    codes: NDArray[np.uint32],
    char_offsets: NDArray[np.int64],
) -> int:
    count = 0
    for document in range(len(offsets) - 1):
        char_offsets[document] = count
        at, end = offsets[document], offsets[document + 1]
        while at < end:
            code, at = _code_point(data, at, end)
            codes[np.uintp(count)] = code
            count += 1
    char_offsets[len(offsets) - 1] = count
    return count


def decoded(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Characters:
    """Return the code points of each document of a batch.

    ``data``: the documents' UTF-8, one after another; ``offsets``: n + 1 byte positions in it.
    UTF-8 is expected valid, as Arrow's strings are; nothing is read or written out of bounds
    where it is not. Time is linear in bytes. Memory: 4 bytes a character, in an array that
    reserves address space for a character a byte. Raises ValueError for 2^31 bytes or more, which
    no string array of 32-bit offsets holds.
    """
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"a batch of {offsets[-1]} bytes")
    data, offsets = read_only(data, offsets)
    codes = np.empty(int(offsets[-1] - offsets[0]), dtype=np.uint32)
    char_offsets = np.zeros(len(offsets), dtype=np.int64)
    count = _decode(data, offsets, codes, char_offsets)
    codes = codes[:count]
    codes.flags.writeable = False
    return Characters(codes, char_offsets)


def read_only(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return read-only views of a batch: numba compiles again for memory that can be written."""
    data, offsets = data.view(), offsets.view()
    data.flags.writeable = offsets.flags.writeable = False
    return data, offsets


def characters_of(texts: Iterable[str]) -> Characters:
    """Return the code points of texts, which must hold no lone surrogates."""
    encoded = [text.encode("utf-8") for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return decoded(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)
