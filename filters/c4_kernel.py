"""What C4 (Raffel et al. 2020, arXiv:1910.10683, section 2.2) asks of lines, counted, not edited.

A line is a non-blank piece between newlines. The line rules apply in the order of the constants; a
line counts for the first that drops it. The mark at the end is asked last, because FineWeb does not
ask it. Where this differs from the code of the field:

- Words are pieces between white space, but a letter of a script written without spaces is a word of
  its own, else every Chinese line is one long word.
- Marks, phrases and sentences: see ``filters.sentences`` and ``filters.phrases``.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters import phrases
from filters.flags import BLANK, SINGLE
from filters.line_counts import WORDS
from filters.phrases import phrases_in
from filters.sentences import ends_sentence
from language_id.inner import inner

LONG_WORD, FEW_WORDS, JAVASCRIPT, POLICY, NO_TERMINAL, KEPT = 0, 1, 2, 3, 4, 5
MAX_WORD_CHARS = 1000
MIN_LINE_WORDS = 3


@inner
def has_few_words(
    codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8], enough: int
) -> bool:
    """Tell whether the line has fewer than ``enough`` words; stops at the last it needs."""
    words, inside = 0, False
    while at < end and words < enough:
        flag = flags[codes[np.uintp(at)]]
        at += 1
        if flag & (BLANK | SINGLE):
            words += (flag & SINGLE) != 0
            inside = False
            continue
        words += not inside
        inside = True
    return words < enough


@inner
def _has_long_word(codes: NDArray[np.uint32], at: int, end: int, flags: NDArray[np.uint8]) -> bool:
    chars = 0
    if end - at <= MAX_WORD_CHARS:  # as most lines
        return False
    while at < end and chars <= MAX_WORD_CHARS:
        chars = 0 if flags[codes[np.uintp(at)]] & (BLANK | SINGLE) else chars + 1
        at += 1
    return chars > MAX_WORD_CHARS


@inner
def line_fate(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    few_words: bool,
    found: int,
    flags: NDArray[np.uint8],
) -> int:
    """Return the first rule that drops the line, the one on its end aside; else KEPT.

    ``few_words``: fewer than ``MIN_LINE_WORDS``; ``found``: the bits of its ``phrases_in``.
    """
    if _has_long_word(codes, at, end, flags):
        return LONG_WORD
    if few_words:
        return FEW_WORDS
    if found & (1 << phrases.JAVASCRIPT):
        return JAVASCRIPT
    return POLICY if found & (1 << phrases.POLICY) else KEPT


@njit(cache=True)
def measure_c4(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    firsts: NDArray[np.int32],
    lasts: NDArray[np.int32],
    line_counts: NDArray[np.int32],
    line_offsets: NDArray[np.int64],
    line_sentences: NDArray[np.int32],
    flags: NDArray[np.uint8],
    out: NDArray[np.float64],
) -> None:
    """Write 9 columns, in the order of ``filters.signals.C4_SIGNALS``.

    ``firsts`` to ``line_offsets``: of ``filters.lines.Lines``; ``line_sentences``: the
    ``line_counts`` of ``filters.sentences.Sentences``.

    They are: lines dropped for a long word, too few words, javascript, a policy phrase, no terminal
    mark; sentences in the lines left without and with the last of these; and whether the document
    holds lorem ipsum or a curly bracket.
    """
    for document in range(len(offsets) - 1):
        out[document] = 0
        # most documents hold no phrase, and their lines neither
        anywhere = phrases_in(codes, offsets[document], offsets[document + 1])
        out[document, 7] = (anywhere >> phrases.LOREM_IPSUM) & 1
        out[document, 8] = (anywhere >> phrases.CURLY_BRACKET) & 1
        for line in range(line_offsets[document], line_offsets[document + 1]):
            first, last = firsts[line], lasts[line]
            if first == last:
                continue
            found = phrases_in(codes, first, last) if anywhere else 0
            few_words = line_counts[line, WORDS] < MIN_LINE_WORDS
            fate = line_fate(codes, first, last, few_words, found, flags)
            if fate != KEPT:
                out[document, fate] += 1
                continue
            sentences = line_sentences[line]
            terminal = ends_sentence(codes, first, last, flags)
            out[document, NO_TERMINAL] += not terminal
            out[document, 5] += sentences
            out[document, 6] += sentences * terminal
