"""Text that was UTF-8 once and was stored as the characters of another encoding, made whole again.

A page may be served in the encoding it says and hold text that was damaged before ("schÃ¶n" for
"schön"). ftfy (https://ftfy.readthedocs.io) undoes that where the damage proves itself: the
characters must be bytes that are UTF-8, and unlikely as they stand. It is asked of single lines,
and only of those with a pair of characters that such damage always leaves: one that stands for the
first byte of a sequence, and one for a later byte, as windows-1252 and ISO 8859-1 show them.
Cyrillic shown so by windows-1251 is left to the detection of charsets: its pairs are Russian too.
"""

import re
from typing import Final

from ftfy import TextFixerConfig, fix_encoding

MAX_LINE_CHARS: Final = 20_000
"""Longer lines are left alone: what ftfy tries is some passes over a line."""
_LATER: Final = bytes(range(0x80, 0xC0)).decode("cp1252", "ignore") + "".join(
    map(chr, range(0x80, 0xC0))
)
_PAIR: Final = re.compile(f"[\\u00c2-\\u00f4][{re.escape(_LATER)}]")
_TRIPLE: Final = re.compile(f"[\u00e2-\u00ef][{re.escape(_LATER)}]{{2}}")
# Only the encoding: no quotes, widths or ligatures are touched, and no lossy guess is made.
_CONFIG: Final = TextFixerConfig(
    restore_byte_a0=True, replace_lossy_sequences=False, decode_inconsistent_utf8=True
)


def repaired(text: str) -> str:
    """Return the text with its damaged lines made whole; the same object if there are none."""
    if text.isascii() or not _is_proven(text):
        return text
    lines = text.split("\n")
    found = [_repaired_line(line) for line in lines]
    return text if found == lines else "\n".join(found)


def _is_proven(text: str) -> bool:
    """Whether a text has more than a chance pair: "PÂTÉ DE LÂ»" and areas in "Å²" are meant."""
    pairs = set(_PAIR.findall(text))
    if len(pairs) > 1 and any(pair[0] != "Å" for pair in pairs):
        return True
    return bool(pairs) and _TRIPLE.search(text) is not None


def _repaired_line(line: str) -> str:
    if len(line) > MAX_LINE_CHARS or not _PAIR.search(line):
        return line
    return fix_encoding(line, _CONFIG)
