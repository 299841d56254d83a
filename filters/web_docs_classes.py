"""The four kinds of characters the Web Docs Scorer counts.

HPLT gives lists of Unicode ranges; here the General_Category decides (UAX #44), so that a script
nobody listed is counted like any other. Three choices go beyond it, each so that "punctuation"
means what stands between the parts of a sentence:

- ``SIGNS`` stand for things, and are symbols, although Unicode files them under punctuation.
- A hyphen or apostrophe between two word characters is part of a word ("il-bniedem", "l'homme").
  Else Maltese and Tahitian would punctuate thrice and eight times as much as Spanish.
- The marks Tibetan and Ethiopic write between words are what a space is elsewhere.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.characters import Run, table
from language_id.inner import inner
from language_id.lines import is_word_character

OTHER, WORD, PUNCTUATION, SYMBOL, NUMERAL = 0, 1, 2, 3, 4
KINDS = 5
# Classes from here on are one of the kinds above, by what stands around the character.
JOINER = 5
"""OTHER between two word characters, else PUNCTUATION."""
URL_LETTER = 6
"""WORD, and maybe the end of "www" or "http"."""

SIGNS = frozenset("#%&*@/\\_•‣⁃†‡§¶※‰‱⁂⁎⁑٪＃％＆＊＠／＼＿﹟﹠﹡﹨﹪﹫")
JOINERS = frozenset("'’‘-‐‑·־׳״＇－")
WORD_SEPARATORS = frozenset("\u0f0b\u0f0c\u1361")
URL_LETTERS = frozenset("wWpP")


def _class_of(run: Run) -> int:
    if is_word_character(run):
        return WORD
    major = run.category[0]
    if major == "P":
        return PUNCTUATION
    if major == "N":
        return NUMERAL
    # private use: icons of a font; an enclosing mark draws a sign around what it follows
    return SYMBOL if major == "S" or run.category in {"Co", "Me"} else OTHER


def _table() -> NDArray[np.uint8]:
    # an unassigned character is a newer emoji or a decoding error, in either case no word
    classes = table(_class_of, unassigned=SYMBOL)
    for characters, kind in (
        (SIGNS, SYMBOL),
        (JOINERS, JOINER),
        (WORD_SEPARATORS, OTHER),
        (URL_LETTERS, URL_LETTER),
    ):
        classes[[ord(character) for character in characters]] = kind
    classes.flags.writeable = False
    return classes


CHARACTER_CLASSES = _table()
"""The class of every code point, shape (0x110000,). White space and controls are OTHER."""


@inner
def _is_word(code: np.uint32, classes: NDArray[np.uint8]) -> bool:
    kind = classes[np.uintp(code)]
    return bool(kind in (WORD, URL_LETTER))


@inner
def joins(
    codes: NDArray[np.uint32], start: int, at: int, end: int, classes: NDArray[np.uint8]
) -> bool:
    """Tell whether the JOINER at ``at`` stands between two word characters of the text."""
    if at == start or at + 1 >= end:
        return False
    before, after = codes[np.uintp(at - 1)], codes[np.uintp(at + 1)]
    return _is_word(before, classes) and _is_word(after, classes)


@njit(cache=True)
def _count_kinds(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    counts: NDArray[np.int64],
) -> None:
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        for at in range(start, end):
            kind = classes[np.uintp(codes[np.uintp(at)])]
            if kind < JOINER:
                counts[document, kind] += 1
            elif kind == URL_LETTER:
                counts[document, WORD] += 1
            else:
                joined = joins(codes, start, at, end, classes)
                counts[document, OTHER if joined else PUNCTUATION] += 1


def kind_counts(codes: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the characters of each kind, shape (documents, ``KINDS``)."""
    counts = np.zeros((len(offsets) - 1, KINDS), dtype=np.int64)
    _count_kinds(codes, offsets, CHARACTER_CLASSES, counts)
    return counts
