"""What the tokeniser takes each character for: Word_Break values, cut down to what it needs.

Where they differ from UAX #29, ``language_id.words`` says why.
"""

import numpy as np

from language_id.characters import Run, table

NO_SPACE_SCRIPTS = frozenset(("Hani", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"))

# Character classes: Word_Break values, cut down to what the rules need.
SPACE, FORMAT, MARK, SYMBOL, JOINER = 0, 1, 2, 3, 4
HYPHEN, MID_LETTER, MID_NUMBER, MID_BOTH, SINGLE_QUOTE, DOUBLE_QUOTE = 5, 6, 7, 8, 9, 10
# From here on characters make words; LETTER_LIKE joins as a letter, but is a symbol (circled A).
LETTER, HEBREW, LETTER_LIKE, NUMBER, UNSPACED = 11, 12, 13, 14, 15

BREAKS = {
    "MidLetter": MID_LETTER,
    "MidNum": MID_NUMBER,
    "MidNumLet": MID_BOTH,
    "Single_Quote": SINGLE_QUOTE,
    "Double_Quote": DOUBLE_QUOTE,
    "ExtendNumLet": JOINER,
}
COLON = 0x3A
HYPHENS = (0x2D, 0x2010, 0x2011)
ZERO_WIDTH_SPACE = 0x200B
Class = int | np.integer
"""A class, in Python or in a kernel."""


def _class_of(run: Run) -> int:
    """Return the tokeniser's class of a run of characters."""
    major = run.category[0]
    if major in "ZC":
        return _class_of_control(run)
    if major == "M" or (run.word_break == "Extend" and run.category == "Lm"):
        return MARK
    if major in "LN":
        return _class_of_letter(run)
    if run.word_break in {"ALetter", "Hebrew_Letter"}:
        return LETTER_LIKE
    return MID_LETTER if run.first == COLON else BREAKS.get(run.word_break, SYMBOL)


def _class_of_letter(run: Run) -> int:
    ideographic = run.category[0] == "L" or run.category == "Nl"  # 〇 is a letter number
    if ideographic and (run.script in NO_SPACE_SCRIPTS or run.word_break == "Katakana"):
        return UNSPACED
    if run.category[0] == "N":
        return NUMBER
    return HEBREW if run.word_break == "Hebrew_Letter" else LETTER


def _class_of_control(run: Run) -> int:
    if run.category == "Cf" and run.first != ZERO_WIDTH_SPACE:
        return NUMBER if run.word_break == "Numeric" else FORMAT
    return SYMBOL if run.category == "Co" else SPACE


CLASSES = table(_class_of, unassigned=SYMBOL)
CLASSES[list(HYPHENS)] = HYPHEN
CLASSES.flags.writeable = False
"""The class of every code point, shape (0x110000,)."""
