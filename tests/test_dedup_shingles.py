"""Shingles against a plain Python twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.shingles import BASE, shingle_hashes
from language_id.decoded import characters_of
from language_id.words import ALPHABETIC, NO_SPACE, WORD, token_hashes, tokenize

MASK = (1 << 64) - 1
TOKENS = st.tuples(st.integers(0, MASK), st.sampled_from([0, WORD, WORD | ALPHABETIC, 7]))
DOCUMENTS = st.lists(st.lists(TOKENS, max_size=14), max_size=5)


def arrays(documents):
    tokens = [token for document in documents for token in document]
    return (
        np.array([value for value, _ in tokens], np.uint64),
        np.array([kind for _, kind in tokens], np.uint8),
        np.cumsum([0, *map(len, documents)], dtype=np.int64),
    )


def mixed(value):
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & MASK
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ (value >> 33)


def shingled(document, words):
    found = [value for value, kind in document if kind & WORD]
    runs = [found[i : i + words] for i in range(max(len(found) - words + 1, 1))] if found else []
    hashes = []
    for run in runs:
        polynomial = 0
        for word in run:
            polynomial = (polynomial * int(BASE) + word) & MASK
        hashes.append(mixed(polynomial))
    return hashes


def of_text(text):
    characters = characters_of([text])
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens).lower
    return shingle_hashes(hashes, tokens.kinds, tokens.doc_offsets)[0].tolist()


@given(DOCUMENTS, st.integers(1, 7))
@settings(deadline=None)
def test_equal_to_plain_python(documents, words):
    hashes, offsets = shingle_hashes(*arrays(documents), words)
    expected = [shingled(document, words) for document in documents]
    assert np.diff(offsets).tolist() == [len(shingles) for shingles in expected]
    assert hashes.tolist() == [value for shingles in expected for value in shingles]


def test_no_documents():
    hashes, offsets = shingle_hashes(*arrays([]))
    assert hashes.tolist() == []
    assert offsets.tolist() == [0]


@pytest.mark.parametrize(("words", "count"), [(0, 0), (1, 1), (4, 1), (5, 1), (6, 2), (100, 96)])
def test_number_of_shingles(words, count):
    text = " ".join(f"word{i}" for i in range(words))
    assert len(of_text(text)) == count


def test_case_and_punctuation_count_for_nothing():
    plain = "the ministers met in brussels on monday"
    assert of_text(plain) == of_text("The Ministers, met in «Brussels»: on MONDAY!")


def test_order_counts():
    words = ["one", "two", "three", "four", "five", "six"]
    assert not set(of_text(" ".join(words))) & set(of_text(" ".join(words[::-1])))


def test_swapped_words_do_not_collide():
    rng = np.random.default_rng(5)
    words = rng.integers(0, 2**64, 5, dtype=np.uint64)
    orders = {tuple(rng.permutation(5)) for _ in range(2000)}
    documents = [[(int(words[i]), WORD) for i in order] for order in orders]
    assert len(set(shingle_hashes(*arrays(documents))[0].tolist())) == len(orders)


def test_characters_where_words_have_no_spaces():
    tokens = [(i, WORD | ALPHABETIC | NO_SPACE) for i in range(8)]
    assert shingle_hashes(*arrays([tokens]))[0].tolist() == shingled(tokens, 5)
    assert len(of_text("同じ文章が二度")) == 3


def test_a_shingle_needs_a_word():
    with pytest.raises(ValueError, match="at least one word"):
        shingle_hashes(*arrays([]), words=0)
