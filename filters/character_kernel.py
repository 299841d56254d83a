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

from filters.signal import Signal
from filters.traits import (
    BLANK,
    BRACKET,
    DIGIT,
    NEWLINE,
    PLAIN,
    SINGLE,
    UPPER,
    WORD,
)

HASH, DOT, ELLIPSIS, COLON, SLASH = 0x23, 0x2E, 0x2026, 0x3A, 0x2F
TO_LOWER = 0x20
NONE = -1
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

LANE_BITS = 12
FLUSH_CHARS = 4095  # a lane holds no more
LANES = (PLAIN, BLANK, DIGIT, UPPER, BRACKET)


def _lanes() -> NDArray[np.uint64]:
    """Return for each set of traits a 1 in the lane of each of LANES that is in it."""
    sums = np.zeros(256, dtype=np.uint64)
    for traits in range(256):
        for place, trait in enumerate(LANES):
            if traits & trait:
                sums[traits] += np.uint64(1 << (LANE_BITS * place))
    return sums


SUMS = _lanes()


@njit(cache=True)
def _lane(lanes: np.uint64, place: int) -> int:
    return int((lanes >> np.uint64(LANE_BITS * place)) & np.uint64(FLUSH_CHARS))


@njit(cache=True)
def _spells(codes: NDArray[np.uint32], at: int, letters: NDArray[np.uint32]) -> bool:
    """Tell whether the letters stand before ``at``, ASCII case ignored."""
    for place in range(len(letters)):
        if (codes[at - len(letters) + place] | TO_LOWER) != letters[place]:
            return False
    return True


@njit(cache=True)
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


@njit(cache=True)
def _url_chars(codes: NDArray[np.uint32], first: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Count the characters of the document's URLs, each found by the mark in it."""
    count, at = 0, first
    while at < end:
        code = codes[np.uintp(at)]
        if code not in (DOT, COLON):
            at += 1
            continue
        start = _url_start(codes, first, at, end)
        at += 1
        if start == NONE or (start > first and traits[codes[start - 1]] & WORD):
            continue
        while at < end and not traits[np.uintp(codes[np.uintp(at)])] & BLANK:
            at += 1
        count += at - start
        first = at
    return count


@njit(cache=True)
def _symbols(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Count "#", "…" and "..."."""
    count, runs = 0, 0
    for place in range(at, end):
        code = codes[np.uintp(place)]
        count += (code == HASH) | (code == ELLIPSIS)
    for place in range(at, end - 2):
        code, second = codes[np.uintp(place)], codes[np.uintp(place + 1)]
        runs += (code == DOT) & (second == DOT) & (codes[np.uintp(place + 2)] == DOT)
    if runs == 0:
        return count
    dots = 0
    for place in range(at, end):
        dots = dots + 1 if codes[np.uintp(place)] == DOT else 0
        count += dots > 0 and dots % 3 == 0
    return count


@njit(cache=True)
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


@njit(cache=True)
def _lines(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    traits: NDArray[np.uint8],
    sums: NDArray[np.uint64],
    totals: NDArray[np.int64],
) -> tuple[int, float, float]:
    """Add up LANES in ``totals``; return non-blank lines and the sums of their two shares."""
    totals[:] = 0
    lines, digit_shares, upper_shares = 0, 0.0, 0.0
    while at < end:
        start, blanks, digits, upper = at, 0, 0, 0
        is_open = True
        while is_open:
            lanes = np.uint64(0)
            stop = min(end, at + FLUSH_CHARS)
            while at < stop and codes[np.uintp(at)] != NEWLINE:
                lanes += sums[traits[np.uintp(codes[np.uintp(at)])]]
                at += 1
            is_open = at == stop and at < end and codes[np.uintp(at)] != NEWLINE
            blanks += _lane(lanes, 1)
            digits += _lane(lanes, 2)
            upper += _lane(lanes, 3)
            totals[0] += _lane(lanes, 0)
            totals[4] += _lane(lanes, 4)
        totals[1] += blanks + (at < end)
        totals[2] += digits
        totals[3] += upper
        if at - start > blanks:
            lines += 1
            digit_shares += digits / (at - start)
            upper_shares += upper / (at - start)
        totals[0] += at < end  # the newline, which PLAIN holds
        at += 1
    return lines, digit_shares, upper_shares


@njit(cache=True)
def measure_characters(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    words: NDArray[np.float64],
    traits: NDArray[np.uint8],
    out: NDArray[np.float64],
) -> None:
    """Write 10 columns, in the order of ``CHARACTER_SIGNALS``.

    ``words``: the words of each document (signal word_count); ``traits``:
    ``filters.traits.TRAITS``. Every character is read a bounded number of times.
    """
    totals = np.zeros(len(LANES), dtype=np.int64)
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        chars = max(end - start, 1)
        lines, digit_shares, upper_shares = _lines(codes, start, end, traits, SUMS, totals)
        out[document, 0] = (end - start - totals[0]) / chars
        for place in range(1, len(LANES)):
            out[document, place] = totals[place] / chars
        out[document, 5] = _url_chars(codes, start, end, traits) / chars
        out[document, 6] = _longest_word(codes, start, end, traits)
        out[document, 7] = _symbols(codes, start, end) / max(words[document], 1)
        out[document, 8] = digit_shares / max(lines, 1)
        out[document, 9] = upper_shares / max(lines, 1)
