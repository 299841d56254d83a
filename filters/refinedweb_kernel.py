r"""RefinedWeb's line rules (Penedo et al. 2023, arXiv:2306.01116, appendix G.2), counted.

A line is a non-blank piece between newlines; it counts for the first rule, in the order of the
constants, that drops it. The rules in short, and where this leaves the paper or the code of DCLM
(Li et al. 2024, arXiv:2406.11794) and OLMo 3, which run them:

- "Mainly composed of uppercase characters": more than half of the characters that are not white
  space. (DCLM divides by all of the line.) Not half of the letters: "ISO 9001:2015" is no shout. A
  script without case has no such line.
- "Only composed of numerical characters": decimal digits of any script, white space aside.
- "A counter": a line of at most six words, all of them numbers or counter words of the document's
  language or of English, at least one of each, in any order: "3 likes", "Kommentare: 5",
  "1,5 tys. wyświetleń · 3 komentarze". The field knows twelve English words after one number.
- "It only contains one word": words as in ``filters.c4_kernel``, a letter of a script written
  without spaces being one, so that Chinese, Japanese and Thai lines have words.

The paper's edits within lines ("sign-in", "Read more...", "items in cart") are not made here:
``boilerplate_line_fraction`` measures such lines.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.line_counts import BLANKS, DIGITS, UPPERS, WORDS
from filters.phrase_kernel import NOT_FOUND, phrase_end, word_end
from filters.signal import Signal
from filters.traits import DIGIT, WORD
from language_id.inner import inner

UPPER_CASE, NUMERIC, COUNTER, FEW_WORDS, KEPT = 0, 1, 2, 3, 4
MIN_LINE_WORDS = 2
MAX_COUNTER_WORDS = 6
MAX_COUNTER_CHARS = 120

REFINEDWEB_SIGNALS = (
    Signal(
        "refinedweb_upper_line_count",
        "lines",
        "int32",
        "lines of which more than half of the characters are upper case",
    ),
    Signal("refinedweb_numeric_line_count", "lines", "int32", "of the rest, lines of digits only"),
    Signal(
        "refinedweb_counter_line_count",
        "lines",
        "int32",
        "of the rest, lines that only count likes, comments and the like",
    ),
    Signal("refinedweb_few_words_line_count", "lines", "int32", "of the rest, lines of one word"),
    Signal(
        "refinedweb_removed_word_fraction", "fraction", "float32", "words that stand in such lines"
    ),
)


@inner
def _number_end(codes: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Return where the number at ``at`` ends, one letter after it included ("5K"); else NOT_FOUND.

    Its thousands and decimals, behind another mark, are numbers of their own.
    """
    stop = word_end(codes, at, end, traits)
    while at < stop and traits[np.uintp(codes[np.uintp(at)])] & DIGIT:
        at += 1
    return stop if stop - at <= 1 else NOT_FOUND


@inner
def is_counter(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> bool:
    """Tell whether the line holds numbers and counter words, and no other word.

    ``keys``, ``bits``, ``lengths``: the counter words of the document's language.
    """
    if end - at > MAX_COUNTER_CHARS:
        return False
    numbers, counters = 0, 0
    while at < end:
        trait = traits[np.uintp(codes[np.uintp(at)])]
        if not trait & WORD:
            at += 1
            continue
        if trait & DIGIT:
            at = _number_end(codes, at, end, traits)
            numbers += 1
        else:
            at = phrase_end(codes, at, end, keys, bits, lengths, traits, lower)
            counters += 1
        if at == NOT_FOUND:
            return False
    return numbers > 0 and counters > 0


@inner
def refinedweb_fate(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    counts: NDArray[np.int32],
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> int:
    """Return the first rule that drops the line ``codes[at:end]``, which is not blank; else KEPT.

    ``counts``: of ``filters.lines.Lines``.
    """
    filled = end - at - counts[BLANKS]
    digits, words = counts[DIGITS], counts[WORDS]
    if 2 * counts[UPPERS] > filled:
        return UPPER_CASE
    if digits == filled:
        return NUMERIC
    if digits > 0 and words <= MAX_COUNTER_WORDS:  # noqa: SIM102 - the call is the costly part
        if is_counter(codes, at, end, keys, bits, lengths, traits, lower):
            return COUNTER
    return FEW_WORDS if words < MIN_LINE_WORDS else KEPT


@njit(cache=True)
def measure_refinedweb(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    out: NDArray[np.float64],
) -> None:
    """Write 5 columns, in the order of ``REFINEDWEB_SIGNALS``.

    ``starts`` to ``line_offsets``: of ``filters.lines.Lines``; ``list_of_doc`` to ``lengths``: the
    counter words (``filters.refinedweb.counter_lists``).
    """
    for document in range(len(line_offsets) - 1):
        which = list_of_doc[document]
        out[document] = 0
        all_words, removed_words = 0, 0
        for line in range(line_offsets[document], line_offsets[document + 1]):
            at, end, own = starts[line], ends[line], counts[line]
            if end - at == own[BLANKS]:
                continue
            fate = refinedweb_fate(
                codes, at, end, own, keys[which], bits[which], lengths[which], traits, lower
            )
            all_words += own[WORDS]
            if fate != KEPT:
                out[document, fate] += 1
                removed_words += own[WORDS]
        out[document, 4] = removed_words / max(all_words, 1)
