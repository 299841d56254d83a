"""The Web Docs Scorer's ten sub-scores and score, from a document's counts.

All limits are HPLT's for Spanish, brought to other languages by the factors of
``filters.web_docs_table``. Between the points HPLT names the scores are linear.
``docs/web-docs-score.md`` tells what is HPLT's and what is ours.
"""

import math

import numpy as np
from numpy.typing import NDArray

from language_id.inner import inner

# A document's counts, float64.
LINES, SHORT_LINES, WORD_CHARS, PUNCTUATIONS, SYMBOLS, NUMERALS, URLS = 0, 1, 2, 3, 4, 5, 6
LONG_LINES, BARE_LINES, GREAT_LINES, GREAT_SUM = 7, 8, 9, 10
REPEATABLE_LINES, REPEATED_LINES, CHARS, COMPRESSED_BITS = 11, 12, 13, 14
COUNTS = 15

# A language's factors: its limits by the Spanish ones. From COMPRESSION on: what its texts of
# 2 ** FIRST_BITS, twice as many, ... characters compress to, in % of a byte a character.
PUNCTUATION, NUMBERS, SYMBOL, LENGTH, COMPRESSION = 0, 1, 2, 3, 4
FIRST_BITS, CURVE = 8, 7
FACTORS = COMPRESSION + CURVE

# Spanish limits: word characters, and % of word characters.
MENU_CHARS = 30.0
LONG_CHARS, GREAT_CHARS = 250.0, 1000.0
LONG_LINES_WANTED = 10.0
GREAT_FROM, GREAT_BONUS = 0.5, 0.1
PUNCTUATION_POINTS = ((0.3, 0.0), (0.5, 0.5), (0.9, 1.0), (2.5, 1.0), (25.0, 0.0))
SYMBOL_POINTS = ((1.0, 1.0), (2.0, 0.7), (6.0, 0.5), (10.0, 0.0))
NUMBER_POINTS = ((1.0, 1.0), (30.0, 0.0))

# The same in every language.
BARE_LINE_POINTS = ((0.05, 1.0), (0.4, 0.0))
"""Share of long lines with less punctuation than ``PUNCTUATION_POINTS`` begin with."""
URL_POINTS = ((3.0, 1.0), (10.0, 0.0))
"""Addresses in as many word characters as ``URL_MENUS`` menu lines hold."""
URL_MENUS = 80.0
COMPRESSION_POINTS = ((10.0, 1.0), (20.0, 0.0))
"""Points by which the compressed size, in % of a byte a character, is off the expected one."""
SHORT_LINE_POINTS = ((0.5, 1.0), (1.0, 0.5))
"""Share of lines no longer than a menu's. HPLT, too, ends this penalty at .5."""
SHORT_LINES_FROM = 5
"""Documents of fewer lines have no such penalty."""

LANGUAGE_WEIGHT, LONG_WEIGHT, GREAT_WEIGHT = 0.8, 0.1, 0.1
POWER, STEEPNESS = 3.0, 2.9
LEAST = 0.1
"""A penalty below makes the score 0."""

# The columns.
COLUMNS = 11
SCORE = 10
"""Column of the score; before it, in order: language, url, punctuation, singular, numbers,
repeated, long, great, informativeness, short."""
PENALTIES = (1, 2, 3, 4, 5, 8, 9)


@inner
def piecewise(value: float, points: tuple[tuple[float, float], ...], scale: float) -> float:
    """Return the height at ``value`` of the line through the points, constant beyond them.

    ``scale``: by which the points' places are multiplied.
    """
    place, height = points[0]
    last_place, last_height = place * scale, height
    if value <= last_place:
        return last_height
    for place, height in points:
        at = place * scale
        if value < at:
            return last_height + (height - last_height) * (value - last_place) / (at - last_place)
        last_place, last_height = at, height
    return last_height


@inner
def percent(part: float, whole: float) -> float:
    """Return 100 part / whole; of nothing, 0 for no part and infinity for any."""
    if whole > 0:
        return 100 * part / whole
    return math.inf if part > 0 else 0.0


@inner
def share(part: float, whole: float) -> float:
    """Return part / whole, 0 of nothing."""
    return part / whole if whole > 0 else 0.0


@inner
def expected_compression(curve: NDArray[np.float64], chars: float) -> float:
    """Return what a text of so many characters compresses to, in % of a byte a character.

    Linear in the logarithm of the length, constant before the first point and after the last.
    """
    place = min(max(np.log2(max(chars, 1.0)) - FIRST_BITS, 0.0), CURVE - 1.0)
    below = min(int(place), CURVE - 2)
    return float(curve[below] + (place - below) * (curve[below + 1] - curve[below]))


@inner
def _informativeness(counts: NDArray[np.float64], factors: NDArray[np.float64]) -> float:
    chars = counts[CHARS]
    if chars == 0:
        return 0.0
    found = 100 * counts[COMPRESSED_BITS] / (8 * chars)
    off = abs(found - expected_compression(factors[COMPRESSION:], chars))
    return piecewise(off, COMPRESSION_POINTS, 1.0)


@inner
def _short(counts: NDArray[np.float64]) -> float:
    if counts[LINES] < SHORT_LINES_FROM:
        return 1.0
    return piecewise(share(counts[SHORT_LINES], counts[LINES]), SHORT_LINE_POINTS, 1.0)


@inner
def _great(counts: NDArray[np.float64]) -> float:
    if counts[GREAT_LINES] == 0:
        return 0.0
    return float(min(counts[GREAT_SUM] / counts[GREAT_LINES] + GREAT_BONUS, 1.0))


@inner
def _punctuation(counts: NDArray[np.float64], factors: NDArray[np.float64]) -> float:
    """The worse of two looks at one fault: a product would count it twice."""
    found = percent(counts[PUNCTUATIONS], counts[WORD_CHARS])
    overall = piecewise(found, PUNCTUATION_POINTS, factors[PUNCTUATION])
    bare = share(counts[BARE_LINES], counts[LONG_LINES])
    return min(overall, piecewise(bare, BARE_LINE_POINTS, 1.0))


@inner
def _urls(counts: NDArray[np.float64], factors: NDArray[np.float64]) -> float:
    pages = counts[WORD_CHARS] / (URL_MENUS * MENU_CHARS * factors[LENGTH])
    return piecewise(percent(counts[URLS], pages) / 100, URL_POINTS, 1.0)


@inner
def _score(row: NDArray[np.float64]) -> float:
    """Return the weighted parts times the penalties, the lower ones to a higher power."""
    weights = 0.0
    for column in PENALTIES:
        if row[column] < LEAST:
            return 0.0
        weights += row[column] ** -STEEPNESS
    score = LANGUAGE_WEIGHT * row[0] + LONG_WEIGHT * row[6] + GREAT_WEIGHT * row[7]
    for column in PENALTIES:
        score *= row[column] ** (POWER * row[column] ** -STEEPNESS / weights)
    return float(score)


@inner
def write_scores(
    counts: NDArray[np.float64],
    factors: NDArray[np.float64],
    language_share: float,
    row: NDArray[np.float64],
) -> None:
    """Write a document's ``COLUMNS`` values, each 0 to 1."""
    words = counts[WORD_CHARS]
    repeated = share(counts[REPEATED_LINES], counts[REPEATABLE_LINES])
    row[0] = language_share
    row[1] = _urls(counts, factors)
    row[2] = _punctuation(counts, factors)
    row[3] = piecewise(percent(counts[SYMBOLS], words), SYMBOL_POINTS, factors[SYMBOL])
    row[4] = piecewise(percent(counts[NUMERALS], words), NUMBER_POINTS, factors[NUMBERS])
    row[5] = 1 - repeated
    row[6] = min(counts[LONG_LINES], LONG_LINES_WANTED) / LONG_LINES_WANTED
    row[7] = _great(counts)
    row[8] = _informativeness(counts, factors)
    row[9] = _short(counts)
    row[SCORE] = _score(row)
