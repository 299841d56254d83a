"""Text hashes: one per normalised text."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.exact import text_hashes
from language_id.decoded import characters_of
from language_id.words import WORD, token_hashes, tokenize

WORDS = st.sampled_from([0, 1, 2, 2**63, 2**64 - 1])
TEXTS = st.lists(st.lists(st.tuples(WORDS, st.sampled_from([0, WORD])), max_size=6), max_size=12)


def hashed(texts):
    tokens = [token for text in texts for token in text]
    values = np.array([value for value, _ in tokens], np.uint64)
    kinds = np.array([kind for _, kind in tokens], np.uint8)
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return [tuple(row) for row in text_hashes(values, kinds, offsets).tolist()]


def of_text(text):
    characters = characters_of([text])
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens).lower
    return text_hashes(hashes, tokens.kinds, tokens.doc_offsets).tobytes()


@given(TEXTS)
@settings(deadline=None)
def test_equal_exactly_where_the_words_are(texts):
    words = [tuple(value for value, kind in text if kind & WORD) for text in texts]
    hashes = hashed(texts)
    for one, words_of_one in zip(hashes, words, strict=True):
        for other, words_of_other in zip(hashes, words, strict=True):
            same = words_of_one == words_of_other
            assert (one[0] == other[0]) == (one[1] == other[1]) == same


def test_case_punctuation_and_space_count_for_nothing():
    assert of_text("Ein  Satz, der\nsteht.") == of_text("ein satz der steht")
    assert of_text("ein satz der steht") != of_text("ein satz der fällt")
    assert of_text("ein satz der steht") != of_text("satz ein der steht")


def test_no_words_is_zero():
    assert of_text("... !!!") == of_text("") == bytes(16)
    assert hashed([[], [(5, 0)]]) == [(0, 0), (0, 0)]
    assert hashed([[(0, WORD)]]) != [(0, 0)]


def test_repetitions_of_a_word_differ_in_both_lanes():
    hashes = hashed([[(0, WORD)] * count for count in range(1, 300)])
    assert len({one for one, _ in hashes}) == len({other for _, other in hashes}) == 299


def test_lanes_do_not_depend_on_each_other():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2**64, 40000, dtype=np.uint64)
    rows = text_hashes(values, np.full(40000, WORD, np.uint8), np.arange(0, 40001, 4))
    differing = np.bitwise_count(rows[:, 0] ^ rows[:, 1])
    assert abs(differing.mean() - 32) < 5 * 4 / np.sqrt(len(rows))
    for lane in rows.T:
        assert abs(np.bitwise_count(lane).mean() - 32) < 5 * 4 / np.sqrt(len(rows))
