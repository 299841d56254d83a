"""MADLAD-400's questionable sentences (Kudugunta et al. 2023, arXiv:2309.04662, section 2.3).

A sentence is a piece of a line that ends at a mark of Sentence_Terminal as in ``filters.c4_kernel``
(closing quotes and brackets, then space; no space after Chinese and Japanese marks; not at a full
stop before a lower-case letter) and holds a letter or number; white space at its ends is not its
own. It is questionable where

- list case: of at least 12 tokens more than half start with a capital. Tokens are pieces between
  white space; a letter of a script written without spaces is one. A token starts at its first
  letter or number.
- its length is abnormal: fewer than 20 or more than 500 characters. With a Chinese or Japanese
  letter, fewer than 6: the Universal Declaration of Human Rights has about 10,000 characters in
  English, 9,000 in Thai, 3,300 in Japanese and 2,250 in Chinese.
- technical characters: more than a fifth are digits or one of ``{}+/()>``.
- cursed phrases: it holds a phrase of ``data/cursed_phrases.tsv``, a list of this project in the
  paper's spirit.

The paper's fifth test, a sentence in another language than its document's, is not made here.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.flags import BLANK, CLOSER, FLAGS, LOWER, SENTENCE, SINGLE, SPOKEN, WIDE
from filters.phrase_kernel import phrase_end, start_key, word_bounds
from filters.signal import Signal
from filters.traits import DIGIT, NEWLINE, TRAITS
from filters.traits import UPPER as TRAIT_UPPER

MIN_CHARS, MAX_CHARS, MIN_HAN_CHARS = 20, 500, 6
LIST_CASE_TOKENS = 12
DOT = 0x2E
FIRST_HAN = 0x2E80  # of the scripts without spaces those of East Asia lie here and beyond
NO_END, ABBREVIATING, ENDING, ENDING_WIDE = 0, 1, 2, 3

# Beside the bits of filters.flags, in a table of 16.
UPPER, TECHNICAL, HAN, LINE_END = 1 << 8, 1 << 9, 1 << 10, 1 << 11

MADLAD_SIGNALS = (
    Signal(
        "madlad_sentence_count",
        "sentences",
        "int32",
        "pieces of lines between marks that end sentences, with a letter or number",
    ),
    Signal(
        "madlad_questionable_sentence_fraction",
        "fraction",
        "float32",
        "sentences in list case, too short or long, technical or with a cursed phrase",
    ),
)


def _table() -> NDArray[np.uint16]:
    table = FLAGS.astype(np.uint16)
    table[(TRAITS & TRAIT_UPPER) != 0] |= UPPER
    table[(TRAITS & DIGIT) != 0] |= TECHNICAL
    table[[ord(character) for character in "{}+/()>"]] |= TECHNICAL
    table[FIRST_HAN:][(FLAGS[FIRST_HAN:] & SINGLE) != 0] |= HAN
    table[NEWLINE] |= LINE_END
    table.flags.writeable = False
    return table


SENTENCE_TRAITS = _table()
"""The bits of every code point, shape (0x110000,)."""


@njit(cache=True)
def _sentence(
    codes: NDArray[np.uint32], at: int, end: int, table: NDArray[np.uint16]
) -> tuple[int, int, int, int, int, int]:
    """Return where the sentence that starts at ``at`` ends, and what stands in it.

    That is: its characters, tokens, tokens with a capital at their start, technical characters, and
    the bits of all characters. It ends before a newline, or the first character of the next one.
    """
    start, last, pending, spaced = at, at, NO_END, False
    tokens, capital, technical, seen = 0, 0, 0, 0
    inside, begun = 0, 0  # in a token; past its first letter or number
    while at < end:
        flag = int(table[np.uintp(codes[np.uintp(at)])])
        if pending != NO_END or flag & (SENTENCE | LINE_END):  # as few characters
            if flag & LINE_END:
                break
            if flag & BLANK:
                spaced = True
            else:
                if pending != NO_END and (spaced or pending == ENDING_WIDE):
                    goes_on = flag & (SENTENCE | CLOSER) and not spaced
                    if not goes_on and not (pending == ABBREVIATING and flag & LOWER):
                        break
                    pending = pending if goes_on else NO_END
                if flag & SENTENCE:
                    is_dot = codes[np.uintp(at)] == DOT
                    ending = ENDING_WIDE if flag & WIDE else ABBREVIATING if is_dot else ENDING
                    pending = max(pending, ending)
                elif not flag & CLOSER:
                    pending = NO_END
                spaced = False
        filled = int((flag & BLANK) == 0)
        single = int((flag & SINGLE) != 0)
        spoken = int((flag & SPOKEN) != 0)
        first = filled & ((inside ^ 1) | single)
        begun &= first ^ 1
        tokens += first
        capital += spoken & (begun ^ 1) & int((flag & UPPER) != 0)
        begun |= spoken
        inside = filled & (single ^ 1)
        technical += (flag & TECHNICAL) != 0
        seen |= flag
        last = at + 1 if filled else last
        at += 1
    return at, last - start, tokens, capital, technical, seen


@njit(cache=True)
def _cursed_places(
    codes: NDArray[np.uint32],
    end: int,
    words: int,
    bounds: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    starts: NDArray[np.bool_],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> int:
    """Write over the bounds of the words where cursed phrases start; return their number."""
    count = 0
    for word in range(words):
        at, stop = bounds[np.uintp(2 * word)], bounds[np.uintp(2 * word + 1)]
        if starts[np.uintp(start_key(codes, at, stop, lower))]:  # noqa: SIM102 - a costly call
            if phrase_end(codes, at, end, keys, bits, lengths, traits, lower) >= 0:
                bounds[count] = at
                count += 1
    return count


@njit(cache=True)
def _is_odd(chars: int, tokens: int, capital: int, technical: int, seen: int) -> bool:
    """Tell whether list case, length or technical characters make a sentence questionable."""
    if chars < (MIN_HAN_CHARS if seen & HAN else MIN_CHARS) or chars > MAX_CHARS:
        return True
    return (tokens >= LIST_CASE_TOKENS and 2 * capital > tokens) or 5 * technical > chars


@njit(cache=True)
def _sentences(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    cursed: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    table: NDArray[np.uint16],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> tuple[int, int]:
    """Count the document's sentences and the questionable ones.

    ``cursed``: where cursed phrases start; they may go on in the next sentence, and do not count.
    """
    sentences, questionable, passed = 0, 0, 0
    while at < end:
        if table[np.uintp(codes[np.uintp(at)])] & BLANK:
            at += 1
            continue
        at, chars, tokens, capital, technical, seen = _sentence(codes, at, end, table)
        is_cursed = False
        while passed < len(cursed) and cursed[passed] < at:
            first = cursed[passed]
            is_cursed |= phrase_end(codes, first, at, keys, bits, lengths, traits, lower) >= 0
            passed += 1
        if seen & SPOKEN:
            sentences += 1
            questionable += is_cursed or _is_odd(chars, tokens, capital, technical, seen)
    return sentences, questionable


@njit(cache=True)
def measure_madlad(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    starts: NDArray[np.bool_],
    table: NDArray[np.uint16],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    out: NDArray[np.float64],
) -> None:
    """Write 2 columns, in the order of ``MADLAD_SIGNALS``.

    ``list_of_doc`` to ``starts``: what ``filters.madlad.cursed_lists`` returns; ``table``:
    ``SENTENCE_TRAITS``. Memory: 16 bytes a character of the longest document.
    """
    longest = 0
    for document in range(len(offsets) - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    bounds = np.empty(2 * longest + 2, dtype=np.int64)
    for document in range(len(offsets) - 1):
        which, start, end = list_of_doc[document], offsets[document], offsets[document + 1]
        words = word_bounds(codes, start, end, traits, bounds)
        cursed = _cursed_places(
            codes, end, words, bounds,
            keys[which], bits[which], lengths[which], starts[which], traits, lower,
        )  # fmt: skip
        sentences, questionable = _sentences(
            codes, start, end, bounds[:cursed],
            keys[which], bits[which], lengths[which], table, traits, lower,
        )  # fmt: skip
        out[document, 0] = sentences
        out[document, 1] = questionable / max(sentences, 1)
