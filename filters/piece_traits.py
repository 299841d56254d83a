"""What ``filters.pieces`` asks about a character, one bit each, and about a language."""

import numpy as np
from numpy.typing import NDArray

from language_id.characters import Run, table
from language_id.word_classes import CLASSES, FORMAT, MARK, SPACE, UNSPACED

# what a character is
BLANK, ALPHA, DIGIT, LOWER, CAPITAL, EDGE, ICON, SPOKEN = 1, 2, 4, 8, 16, 32, 64, 128
LONE, SYMBOL, MONEY, BESIDE = 256, 512, 1024, 2048
# what a language does
SOLID, ORDINAL, PERCENT, ELISION, COLON, LOOSE, SLASH, ENGLISH = 1, 2, 4, 8, 16, 32, 64, 128

MARKS = (
    "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
    + "'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉⟦⟧"
    + "—–"
)
GROUPS = {
    SOLID: "deu swe dan nob nno fin nld hun spa cat ron glg por ell",
    ORDINAL: "deu dan nob nno hun slv",
    PERCENT: "hun nld cat ron spa ell",
    ELISION: "fra ita cat",
    COLON: "swe fin",
    LOOSE: "cmn yue lzh jpn tha lao khm mya bod",
    SLASH: "ind",
    ENGLISH: "eng",
}
LANGUAGES = {
    code: sum(bit for bit, codes in GROUPS.items() if code in codes.split())
    for group in GROUPS.values()
    for code in group.split()
}


def _traits(run: Run) -> int:
    major = run.category[0]
    traits = SPOKEN if major in "LMN" else 0
    traits |= ALPHA if major in "LM" else 0
    traits |= DIGIT if major == "N" else 0
    traits |= LOWER if run.category == "Ll" else CAPITAL if run.category == "Lu" else 0
    return traits | (ICON if run.category == "So" else 0)


def _table() -> NDArray[np.uint16]:
    traits = table(_traits).astype(np.uint16)
    traits[CLASSES == SPACE] = BLANK
    traits[[ord(mark) for mark in MARKS]] |= EDGE
    traits[[0x2022, 0xB0]] |= ICON  # bullet, degree
    traits[CLASSES == UNSPACED] |= LONE
    traits[(CLASSES == MARK) | (CLASSES == FORMAT)] |= BESIDE
    traits[traits & (BLANK | SPOKEN | BESIDE) == 0] |= SYMBOL
    traits[table(lambda run: run.category == "Sc") == 1] |= MONEY
    traits.flags.writeable = False
    return traits


TRAITS = _table()
