"""Measurements over a document's characters: shares of kinds of characters, URLs, longest word.

What NeMo Curator's heuristic filters ask (nemo_curator/stages/text/filters/heuristic) and
RedPajama-V2 annotates (Weber et al. 2024, arXiv:2411.12372, appendix C). Where this leaves them:

- NeMo's classes are ASCII; here letters, digits, sentence marks and commas are those of every
  script. White space other than newlines is not alphanumeric, there as here.
- NeMo's bracket filter counts brackets and its name says parentheses; East Asian ones count too.
- A URL starts with "http://", "https://" or "www.", in any letter case, where no letter or number
  stands before it, and goes to the next white space. (NeMo: with "http" alone, to the first
  character that its pattern does not know.)
- The longest word is a piece between white space; a letter of a script written without spaces is a
  word of its own. "..." counts as ``str.count`` has it, so "......" is two ellipses.
- A text without characters has 0 in each, not 1.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.line_counts import BLANKS, BRACKETS, DIGITS, PLAINS, UPPERS
from filters.lines import BLOCK
from filters.signal import Signal
from filters.traits import BLANK, SINGLE, WORD
from language_id.inner import inner

TOTALS = BRACKETS + 1
DOT, COLON, SLASH = np.uint32(0x2E), np.uint32(0x3A), np.uint32(0x2F)
TO_LOWER = 0x20
NONE = -1
SMALL_W, BIG_W = np.uint32(ord("w")), np.uint32(ord("W"))
HTTP, HTTPS, WWW = (
    np.array([*map(ord, text)], dtype=np.uint32) for text in ("http", "https", "www")
)

CHARACTER_SIGNALS = (
    Signal(
        "non_alphanumeric_fraction",
        "fraction",
        "float32",
        "characters that are no letter, mark, number, newline, sentence mark or comma",
    ),
    Signal("white_space_fraction", "fraction", "float32", "characters that are white space"),
    Signal("digit_fraction", "fraction", "float32", "characters that are decimal digits"),
    Signal("upper_case_fraction", "fraction", "float32", "characters that are capital letters"),
    Signal("parenthesis_fraction", "fraction", "float32", "characters that are brackets"),
    Signal("url_char_fraction", "fraction", "float32", "characters that belong to URLs"),
    Signal(
        "longest_word_chars",
        "characters",
        "int32",
        "longest piece between white space or letters of a script written without spaces",
    ),
    Signal("symbol_word_ratio", "per word", "float32", "'#', '...' and '…' per word"),
    Signal(
        "mean_line_digit_fraction",
        "fraction",
        "float32",
        "mean over the non-blank lines of the digits among a line's characters",
    ),
    Signal(
        "mean_line_upper_fraction",
        "fraction",
        "float32",
        "mean over the non-blank lines of the capital letters among a line's characters",
    ),
)


@inner
def _spells(codes: NDArray[np.uint32], at: int, letters: NDArray[np.uint32]) -> bool:
    """Tell whether the letters stand before ``at``, ASCII case ignored."""
    for place in range(len(letters)):
        if (codes[at - len(letters) + place] | TO_LOWER) != letters[place]:
            return False
    return True


@inner
def _url_start(codes: NDArray[np.uint32], first: int, at: int, end: int) -> int:
    """Return where the scheme or "www" before the mark at ``at`` starts, not before ``first``.

    NONE where the mark, a full stop or a colon, is not one of a URL.
    """
    if codes[at] == DOT:
        return at - 3 if at - first >= 3 and _spells(codes, at, WWW) else NONE
    if end - at < 3 or codes[at + 1] != SLASH or codes[at + 2] != SLASH:
        return NONE
    if at - first >= 4 and _spells(codes, at, HTTP):
        return at - 4
    return at - 5 if at - first >= 5 and _spells(codes, at, HTTPS) else NONE


@inner
def _may_hold_mark(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether ":/" or "w." stands in a block, in one expression, for vector instructions."""
    likely = False
    for place in range(BLOCK):
        first, second = codes[np.uintp(at + place)], codes[np.uintp(at + place + 1)]
        likely |= ((first == COLON) & (second == SLASH)) | (
            ((first == SMALL_W) | (first == BIG_W)) & (second == DOT)
        )
    return likely


@inner
def _url_chars(codes: NDArray[np.uint32], first: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Count the characters of the document's URLs, each found by the mark in it."""
    count, at = 0, first
    while at < end:
        stop = end
        if at + BLOCK < end:  # the mark's second character may be the next block's first
            stop = at + BLOCK - 1
            if not _may_hold_mark(codes, max(at - 1, first)):
                at = stop
                continue
        while at < stop:
            code = codes[np.uintp(at)]
            start = _url_start(codes, first, at, end) if code in (DOT, COLON) else NONE
            at += 1
            if start == NONE or (start > first and traits[codes[start - 1]] & WORD):
                continue
            while at < end and not traits[codes[np.uintp(at)]] & BLANK:
                at += 1
            count += at - start
            first = at
    return count


@inner
def _longest_word(codes: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Return the characters of the longest word.

    Only a word longer than the longest so far matters: the reader looks for a break backwards from
    where such a word would end, and goes on from there. It reads no character twice.
    """
    longest, clear = 0, at  # from at to clear there is no break
    while at + longest < end:
        place = at + longest
        while place >= clear and not traits[np.uintp(codes[np.uintp(place)])] & (BLANK | SINGLE):
            place -= 1
        clear = at + longest + 1
        if place >= at and traits[np.uintp(codes[np.uintp(place)])] & (BLANK | SINGLE):
            longest = max(longest, (traits[np.uintp(codes[np.uintp(place)])] & SINGLE) != 0)
            at = place + 1
            clear = max(clear, at)
        else:
            longest += 1
    return longest


@inner
def _lines(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.int32],
    totals: NDArray[np.int64],
) -> tuple[int, float, float]:
    """Add up the first counts in ``totals``; non-blank lines and the sums of their two shares."""
    totals[:] = 0
    lines, digit_shares, upper_shares = 0, 0.0, 0.0
    for line in range(len(starts)):
        chars = ends[line] - starts[line]
        for place in range(len(totals)):
            totals[place] += counts[line, place]
        if chars > counts[line, BLANKS]:
            lines += 1
            digit_shares += counts[line, DIGITS] / chars
            upper_shares += counts[line, UPPERS] / chars
    return lines, digit_shares, upper_shares


@njit(cache=True)
def measure_characters(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    symbols: NDArray[np.float64],
    words: NDArray[np.float64],
    traits: NDArray[np.uint8],
    out: NDArray[np.float64],
) -> None:
    """Write 10 columns, in the order of ``CHARACTER_SIGNALS``.

    ``starts`` to ``line_offsets``: of ``filters.lines.Lines``; ``symbols``, ``words``: of each
    document the hash marks and ellipses, and the words (signal word_count); ``traits``:
    ``filters.traits.TRAITS``. Every character is read a bounded number of times.
    """
    totals = np.zeros(TOTALS, dtype=np.int64)
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        own = slice(line_offsets[document], line_offsets[document + 1])
        lines, digit_shares, upper_shares = _lines(starts[own], ends[own], counts[own], totals)
        newlines = end - start - np.sum(ends[own] - starts[own])
        totals[PLAINS] += newlines  # both hold the newline
        totals[BLANKS] += newlines
        chars = max(end - start, 1)
        out[document, 0] = (end - start - totals[PLAINS]) / chars
        for place in range(1, TOTALS):
            out[document, place] = totals[place] / chars
        out[document, 5] = _url_chars(codes, start, end, traits) / chars
        out[document, 6] = _longest_word(codes, start, end, traits)
        out[document, 7] = symbols[document] / max(words[document], 1)
        out[document, 8] = digit_shares / max(lines, 1)
        out[document, 9] = upper_shares / max(lines, 1)
