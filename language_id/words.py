"""Words of UTF-8 text: the project's only tokeniser, and 64-bit hashes of what it finds.

Letters, marks and numbers run together, joined as UAX #29 joins them (rules WB4 to WB13b); every
other character that is not white space is a token of its own, a run of the same one ("...", "--")
a single token. Where this leaves UAX #29, and why:

- Scripts written without spaces give a token per character with its marks, Katakana included.
- A colon joins letters, as in Swedish and Finnish ("EU:n"), which version 15.1 left to tailoring.
- A hyphen between letters ends the word before it ("il-", "baħar"; "est-", "il"). Maltese writes
  its article so: with a token for every hyphen, too few of its tokens would hold a letter for the
  bounds set on treebank words, and its stop words "il-" and "l-" would be no words.
- Every number is Numeric (UAX #29: decimal digits only), so "m²" and "½" are words, not breaks.
- Narrow no-break space is space: French sets it before "!".
- Control characters and zero width space are space; other format characters stay with the
  character before them and are skipped where there is none.
- Private-use and unassigned characters are symbols: on the web they are icons.
- Emoji sequences are not joined.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.characters import CODE_POINTS, lower_table
from language_id.word_classes import (
    CLASSES,
    DOUBLE_QUOTE,
    FORMAT,
    HEBREW,
    HYPHEN,
    JOINER,
    LETTER,
    LETTER_LIKE,
    MARK,
    MID_NUMBER,
    NUMBER,
    SINGLE_QUOTE,
    SPACE,
    UNSPACED,
    Class,
)

WORD = 1
"""Holds a character that is neither punctuation nor symbol; marks on a symbol do not count."""
ALPHABETIC = 2
"""Holds a letter."""
NO_SPACE = 4
"""One character of a script written without spaces, with its marks."""

LAST_CODE_POINT = CODE_POINTS - 1
MULTIPLIER_1 = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIER_2 = np.uint64(0xC2B2AE3D27D4EB4F)


class Tokens(NamedTuple):
    """Byte spans ``starts[t]:ends[t]`` into the batch, and the kind of each.

    Document d owns tokens ``doc_offsets[d]:doc_offsets[d + 1]``. 17 bytes a token.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    doc_offsets: NDArray[np.int64]


LOWER = lower_table()
LOWER.flags.writeable = False


@njit(cache=True)
def decode(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.int64, int]:
    """Return the code point at byte ``at`` and where the next one starts.

    Never reads past ``end``. The unsigned index spares the kernels numpy's negative indices.
    """
    first = np.int64(data[np.uintp(at)])
    if first < 0x80:
        return first, at + 1
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if at + length > end:
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
def _skip_marks(data: NDArray[np.uint8], at: int, end: int, classes: NDArray[np.uint8]) -> int:
    """Where the marks and format characters that start at ``at`` end (WB4)."""
    while at < end:
        code, after = decode(data, at, end)
        kind = classes[np.uintp(code)]
        if kind not in (MARK, FORMAT):
            break
        at = after
    return at


@njit(cache=True)
def _joins(last: Class, middle: Class, following: Class) -> bool:
    """Whether a middle character stands inside a word (WB6, 7, 7b, 7c, 11, 12)."""
    if middle == DOUBLE_QUOTE:
        return bool(last == HEBREW and following == HEBREW)
    if last == NUMBER:
        return bool(middle >= MID_NUMBER and middle <= SINGLE_QUOTE and following == NUMBER)
    letters = last >= LETTER and following >= LETTER and following <= LETTER_LIKE
    return bool(letters and middle != MID_NUMBER)


@njit(cache=True)
def _word_end(
    data: NDArray[np.uint8], at: int, end: int, last: Class, classes: NDArray[np.uint8]
) -> tuple[int, int]:
    """Where the word ends whose first character has class ``last`` and ends at ``at``; its kind."""
    kind = _kind(last)
    if last == MARK:  # a mark without a base takes the place of a letter, but is none
        last = LETTER_LIKE
    while at < end:
        code, after = decode(data, at, end)
        current = classes[np.uintp(code)]
        if current in (last, MARK, FORMAT):
            at = after
            continue
        if current >= HYPHEN and current <= DOUBLE_QUOTE and last != JOINER:
            beyond = _skip_marks(data, after, end, classes)
            following: Class = SPACE
            if beyond < end:
                code, after_following = decode(data, beyond, end)
                following = classes[np.uintp(code)]
            if current == HYPHEN and _joins(last, current, following):
                return beyond, kind
            if _joins(last, current, following):
                at, current = after_following, following
            elif current == SINGLE_QUOTE and last == HEBREW:  # WB7a: a geresh typed as apostrophe
                return _skip_marks(data, after, end, classes), kind
            else:
                break
        elif current == JOINER or (current >= LETTER and current <= NUMBER):
            at = after
        else:
            break
        kind |= _kind(current)
        last = current
    return at, kind


@njit(cache=True)
def _kind(character_class: Class) -> int:
    if character_class in (LETTER, HEBREW):
        return WORD | ALPHABETIC
    if character_class == UNSPACED:
        return WORD | ALPHABETIC | NO_SPACE
    return WORD if character_class in (NUMBER, MARK) else 0


@njit(cache=True)
def _symbol_end(
    data: NDArray[np.uint8], at: int, end: int, code: Class, classes: NDArray[np.uint8]
) -> int:
    """Where the run of the character ``code``, with its marks, ends."""
    at = _skip_marks(data, at, end, classes)
    while at < end:
        current, after = decode(data, at, end)
        if current != code:
            break
        at = _skip_marks(data, after, end, classes)
    return at


@njit(cache=True)
def _tokenize(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
) -> int:
    count = 0
    for document in range(len(offsets) - 1):
        doc_offsets[document] = count
        at, end = offsets[document], offsets[document + 1]
        while at < end:
            code, after = decode(data, at, end)
            current = classes[np.uintp(code)]
            if current <= FORMAT:
                at = after
                continue
            starts[count] = at
            if current == UNSPACED:
                at, kinds[count] = _skip_marks(data, after, end, classes), _kind(UNSPACED)
            elif current >= LETTER or current in (MARK, JOINER):
                at, kinds[count] = _word_end(data, after, end, current, classes)
            else:
                at, kinds[count] = _symbol_end(data, after, end, code, classes), 0
            ends[count] = at
            count += 1
    doc_offsets[len(offsets) - 1] = count
    return count


def read_only(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return read-only views of a batch: numba compiles again for memory that can be written."""
    data, offsets = data.view(), offsets.view()
    data.flags.writeable = offsets.flags.writeable = False
    return data, offsets


def tokenize(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Tokens:
    """Return the tokens of each document of a batch.

    ``data``: the documents' UTF-8, one after another; ``offsets``: n + 1 byte positions in it. No
    token crosses a document's end. Time is linear in bytes for any input. Memory: 17 bytes a
    token, in arrays that reserve address space for a token a byte.
    """
    data, offsets = read_only(data, offsets)
    room = int(offsets[-1] - offsets[0])
    starts = np.empty(room, dtype=np.int64)
    ends = np.empty(room, dtype=np.int64)
    kinds = np.empty(room, dtype=np.uint8)
    doc_offsets = np.zeros(len(offsets), dtype=np.int64)
    count = _tokenize(data, offsets, CLASSES, starts, ends, kinds, doc_offsets)
    return Tokens(starts[:count], ends[:count], kinds[:count], doc_offsets)


@njit(cache=True)
def mix(value: np.uint64) -> np.uint64:
    """Mix 64 bits so that each depends on every other: MurmurHash3's finaliser, a bijection."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@njit(cache=True)
def _hash_tokens(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    lower: NDArray[np.int32],
    to_lower: bool,
    hashes: NDArray[np.uint64],
) -> None:
    for token in range(len(starts)):
        at, end = starts[token], ends[token]
        state = np.uint64(0)
        while at < end:
            code, at = decode(data, at, end)
            letter = np.uint64(lower[np.uintp(code)]) if to_lower else np.uint64(code)
            # the addition keeps NUL and an empty prefix apart; the rotation brings high bits down
            state = (state ^ ((letter + np.uint64(1)) * MULTIPLIER_1)) * MULTIPLIER_2
            state = (state << np.uint64(29)) | (state >> np.uint64(35))
        hashes[token] = mix(state)


def token_hashes(data: NDArray[np.uint8], tokens: Tokens, *, lower: bool) -> NDArray[np.uint64]:
    """Return a well-mixed 64-bit hash of each token's code points, shape (tokens,).

    With ``lower``, of their simple lower case, code point for code point, a final sigma as a
    plain one. The hash depends on the token alone, and is part of the stored format: changing it
    changes signatures and text hashes.
    """
    data, _ = read_only(data, tokens.doc_offsets)
    hashes = np.empty(len(tokens.starts), dtype=np.uint64)
    _hash_tokens(data, tokens.starts, tokens.ends, LOWER, lower, hashes)
    return hashes
