"""Words: the project's only tokeniser, and 64-bit hashes of what it finds.

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

from language_id.characters import lower_table
from language_id.decoded import Characters
from language_id.hashing import is_changed, mapped_hash, span_hash
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
    SYMBOL,
    UNSPACED,
    Class,
)

WORD = 1
"""Holds a character that is neither punctuation nor symbol; marks on a symbol do not count."""
ALPHABETIC = 2
"""Holds a letter."""
NO_SPACE = 4
"""One character of a script written without spaces, with its marks."""


NO_CLASS = 255


class Tokens(NamedTuple):
    """Spans of characters ``starts[t]:ends[t]`` in the batch, and the kind of each.

    Document d owns tokens ``doc_offsets[d]:doc_offsets[d + 1]``. 17 bytes a token.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    doc_offsets: NDArray[np.int64]


class Hashes(NamedTuple):
    """64 bits for each token: of its code points, and of their lower case; shape (tokens,)."""

    exact: NDArray[np.uint64]
    lower: NDArray[np.uint64]


LOWER = lower_table()
LOWER.flags.writeable = False


@njit(cache=True)
def _skip_marks(codes: NDArray[np.uint32], at: int, end: int, classes: NDArray[np.uint8]) -> int:
    """Where the marks and format characters that start at ``at`` end (WB4)."""
    while at < end and classes[codes[np.uintp(at)]] in (MARK, FORMAT):
        at += 1
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
def _word_end(  # noqa: PLR0912 - split, it is no longer inlined and a third slower
    codes: NDArray[np.uint32], at: int, end: int, last: Class, classes: NDArray[np.uint8]
) -> tuple[int, int]:
    """Where the word ends whose first character has class ``last`` and ends at ``at``; its kind."""
    kind = _kind(last)
    if last == MARK:  # a mark without a base takes the place of a letter, but is none
        last = LETTER_LIKE
    while at < end:
        while classes[codes[np.uintp(at)]] == last:  # as most letters
            at += 1
            if at == end:
                return at, kind
        current: Class = np.int64(classes[codes[np.uintp(at)]])
        if current in (MARK, FORMAT):
            at += 1
            continue
        if current >= HYPHEN and current <= DOUBLE_QUOTE and last != JOINER:
            beyond = _skip_marks(codes, at + 1, end, classes)
            following: Class = SPACE
            if beyond < end:
                following = np.int64(classes[codes[np.uintp(beyond)]])
            if current == HYPHEN and _joins(last, current, following):
                return beyond, kind
            if _joins(last, current, following):
                at, current = beyond + 1, following
            elif current == SINGLE_QUOTE and last == HEBREW:  # WB7a: a geresh typed as apostrophe
                return _skip_marks(codes, at + 1, end, classes), kind
            else:
                break
        elif current == JOINER or (current >= LETTER and current <= NUMBER):
            at += 1
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
    codes: NDArray[np.uint32], at: int, end: int, code: np.uint32, classes: NDArray[np.uint8]
) -> int:
    """Where the run of the character ``code``, with its marks, ends."""
    at = _skip_marks(codes, at, end, classes)
    while at < end and codes[np.uintp(at)] == code:
        at = _skip_marks(codes, at + 1, end, classes)
    return at


@njit(cache=True)
def _find_runs(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    classes: NDArray[np.uint8],
    runs: NDArray[np.int64],
) -> None:
    """Write where each run of characters of one class starts, and where the last one ends.

    Without a branch: where a word ends cannot be foreseen, and a wrong guess costs more than the
    word.
    """
    count, last = 0, np.uint8(NO_CLASS)
    for at in range(start, end):
        current = classes[codes[np.uintp(at)]]
        runs[np.uintp(count)] = at
        count += current != last
        last = current
    runs[count] = end


@njit(cache=True)
def _tokenize(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
) -> int:
    longest = np.max(offsets[1:] - offsets[:-1]) if len(offsets) > 1 else 0
    runs = np.empty(longest + 1, dtype=np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        doc_offsets[document] = count
        at, end = offsets[document], offsets[document + 1]
        _find_runs(codes, at, end, classes, runs)
        run = 0
        while at < end:
            while runs[run + 1] <= at:
                run += 1
            stop = runs[run + 1]
            code = codes[np.uintp(at)]
            current: Class = np.int64(classes[code])
            if current <= FORMAT:
                at = stop
                continue
            starts[count] = at
            if current >= LETTER and current < UNSPACED:
                beyond = np.int64(SPACE) if stop == end else np.int64(classes[codes[stop]])
                if beyond in (SPACE, SYMBOL):  # as after most words
                    at, kinds[count] = stop, _kind(current)
                else:
                    at, kinds[count] = _word_end(codes, stop, end, current, classes)
            elif current == UNSPACED:
                at, kinds[count] = _skip_marks(codes, at + 1, end, classes), _kind(UNSPACED)
            elif current in (MARK, JOINER):
                at, kinds[count] = _word_end(codes, at + 1, end, current, classes)
            else:
                at, kinds[count] = _symbol_end(codes, at + 1, end, code, classes), 0
            ends[count] = at
            count += 1
    doc_offsets[len(offsets) - 1] = count
    return count


def tokenize(characters: Characters) -> Tokens:
    """Return the tokens of each document of a batch.

    No token crosses a document's end. Time is linear in characters for any input. Memory: 17 bytes
    a token, in arrays that reserve address space for a token a character.
    """
    codes, offsets = characters
    room = int(offsets[-1] - offsets[0])
    starts = np.empty(room, dtype=np.int64)
    ends = np.empty(room, dtype=np.int64)
    kinds = np.empty(room, dtype=np.uint8)
    doc_offsets = np.zeros(len(offsets), dtype=np.int64)
    count = _tokenize(codes, offsets, CLASSES, starts, ends, kinds, doc_offsets)
    return Tokens(starts[:count], ends[:count], kinds[:count], doc_offsets)


@njit(cache=True)
def _hash_tokens(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    lower: NDArray[np.uint32],
    exact_hashes: NDArray[np.uint64],
    lower_hashes: NDArray[np.uint64],
) -> None:
    for token in range(len(starts)):
        start, end = starts[token], ends[token]
        exact_hashes[token] = lower_hashes[token] = span_hash(codes, start, end)
        if is_changed(codes, start, end, lower):  # as one token in eight
            lower_hashes[token] = mapped_hash(codes, start, end, lower)


def token_hashes(characters: Characters, tokens: Tokens) -> Hashes:
    """Return ``span_hash`` of each token's code points, and of their lower case.

    Lower case is the simple one, code point for code point, a final sigma as a plain one. 16 bytes
    a token.
    """
    exact = np.empty(len(tokens.starts), dtype=np.uint64)
    lower = np.empty(len(tokens.starts), dtype=np.uint64)
    _hash_tokens(characters.codes, tokens.starts, tokens.ends, LOWER, exact, lower)
    return Hashes(exact, lower)
