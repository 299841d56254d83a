"""MADLAD-400's questionable sentences (Kudugunta et al. 2023, arXiv:2309.04662, section 2.3).

A sentence is one of ``filters.sentences``. It is questionable where

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

from filters.flags import BLANK, SINGLE, SPOKEN
from filters.phrase_kernel import phrase_end, phrase_places
from filters.sentences import LANE, LANE_BITS
from filters.signal import Signal
from filters.traits import UPPER
from language_id.inner import inner

MIN_CHARS, MAX_CHARS, MIN_HAN_CHARS = 20, 500, 6
LIST_CASE_TOKENS = 12
FIRST_HAN = 0x2E80  # of the scripts without spaces those of East Asia lie here and beyond

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


@inner
def _is_list_case(
    codes: NDArray[np.uint32],
    at: int,
    end: int,
    flags: NDArray[np.uint8],
    traits: NDArray[np.uint8],
) -> bool:
    """Whether more than half of 12 tokens or more start with a capital."""
    tokens, capital = 0, 0
    inside, begun = False, False  # in a token; past its first letter or number
    for place in range(at, end):
        code = codes[np.uintp(place)]
        flag = flags[code]
        if flag & BLANK:
            inside = False
            continue
        if flag & SINGLE or not inside:
            tokens += 1
            begun = False
        if flag & SPOKEN:
            capital += not begun and (traits[code] & UPPER) != 0
            begun = True
        inside = not flag & SINGLE
    return tokens >= LIST_CASE_TOKENS and 2 * capital > tokens


@inner
def _is_odd(
    codes: NDArray[np.uint32], at: int, end: int, technical: int, flags: NDArray[np.uint8]
) -> bool:
    """Whether a sentence's length is abnormal, or its characters technical."""
    chars = end - at
    if chars > MAX_CHARS or chars < MIN_HAN_CHARS or 5 * technical > chars:
        return True
    if chars >= MIN_CHARS:
        return False
    for place in range(at, end):
        code = codes[np.uintp(place)]
        if code >= FIRST_HAN and flags[code] & SINGLE:
            return False
    return True


@inner
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
def measure_madlad(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    token_starts: NDArray[np.int32],
    token_hashes: NDArray[np.uint64],
    token_offsets: NDArray[np.int64],
    list_of_doc: NDArray[np.int64],
    keys: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lengths: NDArray[np.int64],
    first_tokens: NDArray[np.uint8],
    flags: NDArray[np.uint8],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint32],
    out: NDArray[np.float64],
) -> None:
    """Write 3 columns, in the order of ``MADLAD_SIGNALS``.

    ``starts`` to ``offsets``: of ``filters.sentences.Sentences``; ``token_starts``,
    ``token_hashes`` (of lower case) and ``token_offsets``: the tokens; ``list_of_doc`` to
    ``first_tokens``: what ``filters.madlad.cursed_lists`` returns. Memory: 8 bytes a token of the
    batch.
    """
    places = np.empty(len(token_starts), dtype=np.int64)
    for document in range(len(offsets) - 1):
        which = list_of_doc[document]
        own = slice(token_offsets[document], token_offsets[document + 1])
        own_keys, own_bits, own_lengths = keys[which], bits[which], lengths[which]
        first, last = offsets[document], offsets[document + 1]
        end = ends[last - 1] if last > first else 0
        # a phrase that starts in a sentence may go on in the next one, and does not count
        cursed = phrase_places(
            codes, end, token_starts[own], token_hashes[own],
            own_keys, own_bits, own_lengths, first_tokens[which], traits, lower, places,
        )  # fmt: skip
        questionable, styled, passed = 0, 0, 0
        for sentence in range(first, last):
            at, stop, count = starts[sentence], ends[sentence], int(counts[sentence])
            before = passed
            while passed < cursed and places[passed] < stop:
                passed += 1
            upper = (count >> LANE_BITS) & LANE
            style = False
            if 2 * upper > LIST_CASE_TOKENS or stop - at > LANE:
                style = _is_list_case(codes, at, stop, flags, traits)
            if before < passed and not style:
                style = _is_cursed(
                    codes, at, stop, places[before:passed], own_keys, own_bits, own_lengths, traits,
                    lower,
                )  # fmt: skip
            styled += style
            questionable += style or _is_odd(codes, at, stop, count & LANE, flags)
        out[document, 0] = last - first
        out[document, 1] = questionable / max(last - first, 1)
        out[document, 2] = styled / max(last - first, 1)
