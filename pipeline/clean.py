"""Text as it is stored: NFC, lines that end in LF, no control characters. Linear in the text.

What stays on purpose: paragraphs (blank lines) as the engine gave them, no-break spaces, ZWNJ and
ZWJ (they spell words in Persian, the Indic scripts and emoji), soft hyphens, private use, and the
bidirectional marks LRM, RLM and ALM that right-to-left prose needs. What goes: bidirectional
embeddings, overrides and isolates (U+202A-202E, U+2066-2069: they reorder what a reader sees and
carry no text), tag characters outside flags, interlinear anchors, zero-width spaces in runs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

MAX_MARKS: Final = 30
"""Combining marks in a row: the Stream-Safe Text Format's limit (UAX #15, section 13)."""

_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff"
    "\u202a-\u202e\u2060\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e001f]"
)
# Tag characters spell the flags of England, Scotland and Wales after U+1F3F4; elsewhere they hide
_HIDDEN_TAGS: Final = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]+")
_ZERO_WIDTH_RUN: Final = re.compile("([\u200b-\u200f\u00ad\u061c])[\u200b-\u200f\u00ad\u061c]{3,}")
# Cheap to look for, and true of few texts in alphabets with spaces.
_MAYBE_MARKS: Final = re.compile(f"[^\\w\x00-\u02ff]{{{MAX_MARKS + 1}}}")
_BLANK_LINES: Final = re.compile("\n{3,}")
# Every character that a step of ``clean`` looks for, in one class: one fast look at most texts.
_SUSPECT: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


@lru_cache(maxsize=1)
def _mark_run() -> re.Pattern[str]:
    """MAX_MARKS combining marks, and the ones that follow them."""
    ranges: list[list[int]] = []
    for code in (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code)) in ("Mn", "Me", "Mc"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    marks = "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges)
    return re.compile(f"([{marks}]{{{MAX_MARKS}}})[{marks}]+")


def cap_marks(text: str) -> str:
    """Return the text with runs of combining marks cut to MAX_MARKS.

    Normal forms sort each run by insertion: 100,000 marks on one letter take ten seconds.
    """
    if text.isascii() or not _MAYBE_MARKS.search(text):
        return text
    return _mark_run().sub(r"\1", text)


def clean(text: str) -> str:
    """Return the normalised text: valid UTF-8 whatever came in, and unchanged by a second pass."""
    return text.strip("\n ") if _is_clean(text) else _cleaned(text)


def _is_clean(text: str) -> bool:
    """Whether nothing but the ends of a text may need a change."""
    if " \n" in text or "\n\n\n" in text or _SUSPECT.search(text):
        return False
    return text.isascii() or (
        not _MAYBE_MARKS.search(text) and unicodedata.is_normalized("NFC", text)
    )


def _cleaned(text: str) -> str:
    text = _LINE_ENDS.sub("\n", text)
    text = _UNWANTED.sub("", text).replace("\t", " ")
    if not text.isascii():
        text = _ZERO_WIDTH_RUN.sub(r"\1", _HIDDEN_TAGS.sub("", text))
        text = unicodedata.normalize("NFC", cap_marks(text))
    text = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip("\n ")
