"""Where a word or a run of symbols ends that is more than one run of characters of one class."""

import numpy as np
from numpy.typing import NDArray

from language_id.inner import inner
from language_id.word_classes import (
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
JOINED = 8
"""A word that an apostrophe or a colon is part of."""

# Of the width of a code point, or the compiler widens every comparison.
TYPED, CURLY, COLON = np.uint32(0x27), np.uint32(0x2019), np.uint32(0x3A)


@inner
def kind_of(character_class: Class) -> int:
    """Return what a token is because it holds a character of a class."""
    if character_class in (LETTER, HEBREW):
        return WORD | ALPHABETIC
    if character_class == UNSPACED:
        return WORD | ALPHABETIC | NO_SPACE
    return WORD if character_class in (NUMBER, MARK) else 0


@inner
def joins(last: Class, middle: Class, following: Class) -> bool:
    """Whether a middle character stands inside a word (WB6, 7, 7b, 7c, 11, 12)."""
    if middle == DOUBLE_QUOTE:
        return bool(last == HEBREW and following == HEBREW)
    if last == NUMBER:
        return bool(middle >= MID_NUMBER and middle <= SINGLE_QUOTE and following == NUMBER)
    letters = last >= LETTER and following >= LETTER and following <= LETTER_LIKE
    return bool(letters and middle != MID_NUMBER)


@inner
def _joint(code: np.uint32) -> int:
    """What a word is because it goes on behind the character."""
    return JOINED if code in (TYPED, CURLY, COLON) else 0


@inner
def _skip_marks(codes: NDArray[np.uint32], at: int, end: int, classes: NDArray[np.uint8]) -> int:
    """Where the marks and format characters that start at ``at`` end (WB4)."""
    while at < end and classes[codes[np.uintp(at)]] in (MARK, FORMAT):
        at += 1
    return at


@inner
def word_end(
    codes: NDArray[np.uint32], at: int, end: int, last: Class, classes: NDArray[np.uint8]
) -> tuple[int, int]:
    """Where the word ends whose first character has class ``last`` and ends at ``at``; its kind."""
    kind = kind_of(last)
    if last == MARK:  # a mark without a base takes the place of a letter, but is none
        last = LETTER_LIKE
    while at < end:
        current: Class = np.int64(classes[codes[np.uintp(at)]])
        if current in (MARK, FORMAT):
            at += 1
            continue
        if current >= HYPHEN and current <= DOUBLE_QUOTE and last != JOINER:
            beyond = _skip_marks(codes, at + 1, end, classes)
            following: Class = SPACE
            if beyond < end:
                following = np.int64(classes[codes[np.uintp(beyond)]])
            if current == HYPHEN and joins(last, current, following):
                return beyond, kind
            if joins(last, current, following):
                kind |= _joint(codes[np.uintp(at)])
                at, current = beyond + 1, following
            elif current == SINGLE_QUOTE and last == HEBREW:  # WB7a: a geresh typed as apostrophe
                return _skip_marks(codes, at + 1, end, classes), kind | JOINED
            else:
                break
        elif current == JOINER or (current >= LETTER and current <= NUMBER):
            at += 1
        else:
            break
        kind |= kind_of(current)
        last = current
    return at, kind


@inner
def symbol_end(
    codes: NDArray[np.uint32], at: int, end: int, code: np.uint32, classes: NDArray[np.uint8]
) -> int:
    """Where the run of the character ``code``, with its marks, ends."""
    at = _skip_marks(codes, at, end, classes)
    while at < end and codes[np.uintp(at)] == code:
        at = _skip_marks(codes, at + 1, end, classes)
    return at


@inner
def token_end(
    codes: NDArray[np.uint32], at: int, stop: int, end: int, classes: NDArray[np.uint8]
) -> tuple[int, int]:
    """Where the token ends that starts at ``at``, and its kind; ``stop``: where its class does."""
    code = codes[np.uintp(at)]
    current: Class = np.int64(classes[code])
    if current == UNSPACED:
        return _skip_marks(codes, at + 1, end, classes), kind_of(UNSPACED)
    if current in (MARK, JOINER) or current >= LETTER:
        return word_end(codes, stop, end, current, classes)
    return symbol_end(codes, at + 1, end, code, classes), 0
