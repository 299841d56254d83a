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
from filters.phrase_kernel import phrase_end, phrase_places
from filters.signal import Signal
from filters.traits import DIGIT, NEWLINE, TRAITS
from filters.traits import UPPER as TRAIT_UPPER

MIN_CHARS, MAX_CHARS, MIN_HAN_CHARS = 20, 500, 6
LIST_CASE_TOKENS = 12
DOT = 0x2E
FIRST_HAN = 0x2E80  # of the scripts without spaces those of East Asia lie here and beyond
NO_END, ABBREVIATING, ENDING, ENDING_WIDE = 0, 1, 2, 3

# Beside the bits of filters.flags, in a table of 16.
UPPER_BIT, TECHNICAL_BIT = 8, 9
UPPER, TECHNICAL, HAN, LINE_END = 1 << UPPER_BIT, 1 << TECHNICAL_BIT, 1 << 10, 1 << 11

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
    Signal(
        "madlad_styled_sentence_fraction",
        "fraction",
        "float32",
        "sentences in list case or with a cursed phrase",
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
) -> tuple[int, int, int, int]:
    """Return where the sentence that starts at ``at`` ends, and what stands in it.

    That is: its technical characters, its capitals, and the bits of all characters. It ends before
    a newline, or the first character of the next one.
    """
    technical, upper, seen = 0, 0, 0
    while at < end:
        flag = int(table[codes[np.uintp(at)]])
        while not flag & (SENTENCE | LINE_END):  # as nearly every character
            technical += (flag >> TECHNICAL_BIT) & 1
            upper += (flag >> UPPER_BIT) & 1
            seen |= flag
            at += 1
            if at == end:
                return at, technical, upper, seen
            flag = int(table[codes[np.uintp(at)]])
        pending, spaced = NO_END, False
        while at < end:  # until it is clear whether the sentence ends here
            flag = int(table[codes[np.uintp(at)]])
            if flag & LINE_END:
                return at, technical, upper, seen
            if flag & BLANK:
                spaced = True
            else:
                if pending != NO_END and (spaced or pending == ENDING_WIDE):
                    goes_on = flag & (SENTENCE | CLOSER) and not spaced
                    if not goes_on and not (pending == ABBREVIATING and flag & LOWER):
                        return at, technical, upper, seen
                    pending = pending if goes_on else NO_END
                if flag & SENTENCE:
                    is_dot = codes[np.uintp(at)] == DOT
                    ending = ENDING_WIDE if flag & WIDE else ABBREVIATING if is_dot else ENDING
                    pending = max(pending, ending)
                elif not flag & CLOSER:
                    pending = NO_END
                spaced = False
            technical += (flag >> TECHNICAL_BIT) & 1
            upper += (flag >> UPPER_BIT) & 1
            seen |= flag
            at += 1
            if pending == NO_END:
                break
    return at, technical, upper, seen


@njit(cache=True)
def _is_list_case(codes: NDArray[np.uint32], at: int, end: int, table: NDArray[np.uint16]) -> bool:
    """Whether more than half of 12 tokens or more start with a capital."""
    tokens, capital = 0, 0
    inside, begun = False, False  # in a token; past its first letter or number
    for place in range(at, end):
        flag = table[codes[np.uintp(place)]]
        if flag & BLANK:
            inside = False
            continue
        if flag & SINGLE or not inside:
            tokens += 1
            begun = False
        if flag & SPOKEN:
            capital += not begun and (flag & UPPER) != 0
            begun = True
        inside = not flag & SINGLE
    return tokens >= LIST_CASE_TOKENS and 2 * capital > tokens


@njit(cache=True)
def _is_cursed(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    places: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: int,
    lengths: int,
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
) -> bool:
    """Whether a phrase that starts at one of the places ends with the sentence or before."""
    for place in places:
        if place >= at and phrase_end(codes, place, end, keys, bits, lengths, traits, lower) >= 0:
            return True
    return False


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
) -> tuple[int, int, int]:
    """Count the document's sentences, the questionable ones, and those in list case or cursed.

    ``cursed``: where cursed phrases start; they may go on in the next sentence, and do not count.
    """
    sentences, questionable, styled, passed = 0, 0, 0, 0
    while at < end:
        if table[codes[np.uintp(at)]] & BLANK:
            at += 1
            continue
        start = at
        at, technical, upper, seen = _sentence(codes, at, end, table)
        first = passed
        while passed < len(cursed) and cursed[passed] < at:
            passed += 1
        if not seen & SPOKEN:
            continue
        last = at
        while table[codes[np.uintp(last - 1)]] & BLANK:
            last -= 1
        style = 2 * upper > LIST_CASE_TOKENS and _is_list_case(codes, start, last, table)
        style = style or _is_cursed(
            codes, start, at, cursed[first:passed], keys, bits, lengths, traits, lower
        )
        fewest = MIN_HAN_CHARS if seen & HAN else MIN_CHARS
        odd = last - start < fewest or last - start > MAX_CHARS or 5 * technical > last - start
        sentences += 1
        styled += style
        questionable += style or odd
    return sentences, questionable, styled


@njit(cache=True)
def measure_madlad(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    token_starts: NDArray[np.int64],
    token_hashes: NDArray[np.uint64],
    token_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    starts: NDArray[np.uint8],
    table: NDArray[np.uint16],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    out: NDArray[np.float64],
) -> None:
    """Write 3 columns, in the order of ``MADLAD_SIGNALS``.

    ``token_starts``, ``token_hashes`` (of lower case) and ``token_offsets``: the tokens;
    ``list_of_doc`` to ``starts``: what ``filters.madlad.cursed_lists`` returns; ``table``:
    ``SENTENCE_TRAITS``. Memory: 8 bytes a token of the batch.
    """
    places = np.empty(len(token_starts), dtype=np.int64)
    for document in range(len(offsets) - 1):
        which, start, end = list_of_doc[document], offsets[document], offsets[document + 1]
        own = slice(token_offsets[document], token_offsets[document + 1])
        own_keys, own_bits, own_lengths = keys[which], bits[which], lengths[which]
        cursed = phrase_places(
            codes, end, token_starts[own], token_hashes[own],
            own_keys, own_bits, own_lengths, starts[which], traits, lower, places,
        )  # fmt: skip
        sentences, questionable, styled = _sentences(
            codes, start, end, places[:cursed], own_keys, own_bits, own_lengths, table, traits,
            lower,
        )  # fmt: skip
        out[document, 0] = sentences
        out[document, 1] = questionable / max(sentences, 1)
        out[document, 2] = styled / max(sentences, 1)
