"""What the cutting of pieces asks about a character, and about a language, one bit each.

``data/piece_languages.tsv`` names the languages of each habit: where spaCy's tokenisers of these
languages differ from its defaults (spacy/lang/*/punctuation.py, explosion/spaCy, MIT licence).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from language_id.characters import CODE_POINTS, DATA, runs
from language_id.word_classes import CLASSES, FORMAT, HEBREW, MARK, NO_SPACE_SCRIPTS, UNSPACED
from language_id.word_classes import LETTER as LETTER_CLASS
from language_id.word_classes import NUMBER as NUMBER_CLASS

LETTER = 1
DIGIT = 2
"""A decimal digit."""
NUMBER = 4
"""A digit, or any other number ("½", "²")."""
UPPER = 8
OPENS = 16
"""A symbol that is cut off before a word."""
CLOSES = 32
"""A symbol that is cut off behind a word."""
ENDS = 64
"""A full stop behind it ends a sentence, not an abbreviation."""
AMOUNT = 128
"""A symbol that is cut off behind a digit."""
ICON = 256
"""A symbol that is cut out wherever it stands, the ellipsis among them."""
RUN = 512
"""A run of this symbol is one piece; of others, each character is."""
RUN_UNSPACED = 1024
"""The same in languages written without spaces."""
RELATION = 2048
"""Cut out where it stands alone between a letter or number and a letter."""
PAUSE = 4096
"""Cut out between letters."""
OPERATOR = 8192
"""Cut out between digits."""
APOSTROPHE = 16384
HYPHEN = 32768
EXTENDS = 65536
"""A mark or format character: it stays with the character before it."""

PUNCTUATION = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
QUOTATION = "'\"“”`´‘’‚„«»「」『』（）〔〕【】《》〈〉⟦⟧"
BITS_OF = (
    (PUNCTUATION + QUOTATION, OPENS | CLOSES | ENDS),
    ("—–", OPENS | CLOSES),
    ("§%=", OPENS),
    ("%-+ªº", ENDS),
    ("%+", AMOUNT),
    ("•", OPENS | CLOSES | ICON),
    ("…", ICON),
    (".-/|~@\\^+", RUN),
    ("-+#&.%", RUN_UNSPACED),
    (":<>=/", RELATION),
    (",–—~", PAUSE),
    ("+-*^", OPERATOR),
    ("'’", APOSTROPHE),
    ("-\u2010\u2011", HYPHEN),
)
BITS_OF_CATEGORY = {
    "Nd": DIGIT,
    "No": ENDS,
    "Ll": ENDS,
    "Lu": UPPER,
    "Sc": OPENS | AMOUNT,
    "So": OPENS | CLOSES | ICON,
}


def _bits() -> NDArray[np.uint32]:
    bits = np.zeros(CODE_POINTS, dtype=np.uint32)
    for run in runs():
        bits[run.first : run.last + 1] = BITS_OF_CATEGORY.get(run.category, 0)
    for characters, meaning in BITS_OF:
        bits[list(map(ord, characters))] |= meaning
    bits[np.isin(CLASSES, (LETTER_CLASS, HEBREW, UNSPACED))] |= LETTER
    bits[CLASSES == NUMBER_CLASS] |= NUMBER
    bits[np.isin(CLASSES, (MARK, FORMAT))] |= EXTENDS
    bits.flags.writeable = False
    return bits


BITS = _bits()
"""The bits of every code point, shape (0x110000,)."""

HABITS = (
    "solid_hyphen",
    "ending_hyphen",
    "ordinal_dot",
    "percent",
    "elision",
    "inner_colon",
    "inner_slash",
    "inner_sign",
    "solid_range",
    "unit",
    "inner_dash",
    "outer_dash",
    "leading_slash",
    "number_dot",
    "number_dots",
    "number_relation",
    "each_symbol",
    "symbol_runs",
    "unspaced",
)
"""The habits of languages, in the order of their bits."""
(
    SOLID_HYPHEN, ENDING_HYPHEN, ORDINAL_DOT, PERCENT, ELISION, INNER_COLON, INNER_SLASH,
    INNER_SIGN, SOLID_RANGE, UNIT, INNER_DASH, OUTER_DASH, LEADING_SLASH, NUMBER_DOT,
    NUMBER_DOTS, NUMBER_RELATION, EACH_SYMBOL, SYMBOL_RUNS, NO_SPACES,
) = (1 << bit for bit in range(len(HABITS)))  # fmt: skip
UNSPACED_LABELS = NO_SPACE_SCRIPTS | {"Jpan", "Hans", "Hant"}


@cache
def _habits() -> dict[str, int]:
    """The bits of each language the table names, by its three letters."""
    found: dict[str, int] = {}
    lines = (DATA / "piece_languages.tsv").read_text(encoding="ascii").splitlines()
    for line in lines[1:]:
        habit, languages, _ = line.split("\t")
        for language in languages.split():
            found[language] = found.get(language, 0) | 1 << HABITS.index(habit)
    return found


def habits_of(langs: Sequence[str]) -> NDArray[np.int64]:
    """Return the bits of each label such as "fra_Latn", shape (labels,)."""
    table = _habits()
    values = {
        lang: table.get(lang.partition("_")[0], 0)
        | NO_SPACES * (lang.rpartition("_")[2] in UNSPACED_LABELS)
        for lang in set(langs)
    }
    return np.array([values[lang] for lang in langs], dtype=np.int64)
