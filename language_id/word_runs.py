"""Runs of characters of one class, and which of them are tokens whatever their characters are.

Nearly every token is a run: a word between spaces, or before a comma and a space. Whether it is
says a table of three classes: the run's own and those of the two runs behind it.
"""

import numpy as np
from numpy.typing import NDArray

from language_id.inner import inner
from language_id.word_classes import (
    DOUBLE_QUOTE,
    FORMAT,
    HYPHEN,
    LETTER,
    LETTER_LIKE,
    MARK,
    NUMBER,
    SPACE,
    SYMBOL,
    UNSPACED,
)
from language_id.word_ends import joins, kind_of

CLASS_BITS = 4
CLASS_COUNT = 1 << CLASS_BITS
MASK = np.uintp((1 << 3 * CLASS_BITS) - 1)
NO_CLASS = 255
ANY_LENGTH = np.iinfo(np.int64).max


def _is_plain(own: int, following: int, beyond: int) -> bool:
    """Whether a run of more than punctuation and symbols is a token, or where it is space, none."""
    if own in (SPACE, FORMAT):
        return True
    if following in (MARK, FORMAT):
        return False
    if own in (LETTER, LETTER_LIKE, NUMBER):
        if HYPHEN <= following <= DOUBLE_QUOTE:
            return beyond not in (MARK, FORMAT) and not joins(own, following, beyond)
        return following in (SPACE, SYMBOL, UNSPACED)
    return False


def _is_plain_alone(own: int, following: int) -> bool:
    """Whether a run of one character is a token."""
    return own in (SYMBOL, UNSPACED, *range(HYPHEN, DOUBLE_QUOTE + 1)) and following not in (
        MARK,
        FORMAT,
    )


def _longest_plain() -> NDArray[np.int64]:
    classes = range(CLASS_COUNT)
    return np.array(
        [
            ANY_LENGTH if _is_plain(own, following, beyond) else _is_plain_alone(own, following)
            for own in classes
            for following in classes
            for beyond in classes
        ],
        dtype=np.int64,
    )


LONGEST_PLAIN = _longest_plain()
"""By the classes of a run and the two behind it, how long it may be and is a token for sure."""
KINDS = np.array([kind_of(one) for one in range(CLASS_COUNT)], dtype=np.uint8)


@inner
def find_runs(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    classes: NDArray[np.uint8],
    runs: NDArray[np.int32],
) -> int:
    """Write where each run starts, and behind the last one ``end`` twice; how many there are.

    Without a branch: where a word ends cannot be foreseen, and a wrong guess costs more than the
    word.
    """
    count, last = 0, np.uint8(NO_CLASS)
    for at in range(start, end):
        current = classes[codes[np.uintp(at)]]
        runs[np.uintp(count)] = at
        count += current != last
        last = current
    runs[count] = runs[count + 1] = end
    return count


@inner
def class_at(codes: NDArray[np.uint32], at: int, end: int, classes: NDArray[np.uint8]) -> np.uintp:
    """Return the class of the character at ``at``, that of space at the end."""
    return np.uintp(classes[codes[np.uintp(at)]]) if at < end else np.uintp(SPACE)
