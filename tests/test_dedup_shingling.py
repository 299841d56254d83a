"""Kinds of shingles against plain Python, and shingle hashes as sets."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.shingling import FIVE_WORDS, Shingling, character_shingles, distinct, shingles_of
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize

LETTERS = st.text(st.sampled_from("abcA .\n\u00e9\u0416\u65e5\U0001f600"), max_size=40)
TEXTS = st.lists(LETTERS, max_size=6)


def shingled(texts, shingling):
    characters = characters_of(texts)
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    hashes, offsets = shingles_of(characters, tokens, lower, shingling)
    return [part.tolist() for part in np.split(hashes, offsets[1:-1])] if texts else []


def runs_of_characters(text, length):
    return [text[i : i + length] for i in range(max(len(text) - length + 1, 1))] if text else []


@given(TEXTS, st.integers(1, 9))
@settings(deadline=None)
def test_a_hash_for_every_run_of_characters(texts, length):
    """One hash for one string, whichever text it is in; strings stand for their hashes."""
    of_string: dict[str, int] = {}
    for text, hashes in zip(texts, shingled(texts, Shingling("characters", length)), strict=True):
        runs = runs_of_characters(text, length)
        assert len(hashes) == len(runs)
        for run, value in zip(runs, hashes, strict=True):
            assert of_string.setdefault(run, value) == value
    assert len(set(of_string.values())) == len(of_string)


def test_case_punctuation_and_white_space_count_in_characters():
    base = "the ministers met in brussels on monday"
    others = [base.title(), base.replace(" ", "  "), base + ".", base.replace(" in ", "\nin ")]
    own = set(shingled([base], Shingling("characters", 24))[0])
    assert all(set(found) != own for found in shingled(others, Shingling("characters", 24)))
    assert shingled([base], FIVE_WORDS) == shingled([base.title() + "!"], FIVE_WORDS)


def test_no_documents():
    hashes, offsets = character_shingles(characters_of([]), 24)
    assert (hashes.tolist(), offsets.tolist()) == ([], [0])


def test_characters_of_a_batch_that_does_not_start_at_its_arrays_begin():
    whole = characters_of(["one text before", "the text that counts", "one after"])
    part = whole._replace(offsets=whole.offsets[1:3])
    alone = characters_of(["the text that counts"])
    assert character_shingles(part, 7)[0].tolist() == character_shingles(alone, 7)[0].tolist()


def test_thue_morse_words_of_the_longest_shingle_differ():
    """The polynomial's worst case: equal modulo 2^64 from 1024 characters on, for any base."""
    word = [i.bit_count() % 2 for i in range(64)]
    texts = ["".join("ab"[bit ^ flip] for bit in word) for flip in (0, 1)]
    one, other = shingled(texts, Shingling("characters", 64))
    assert one != other


@pytest.mark.parametrize("length", [0, -1, 101])
@pytest.mark.parametrize("unit", ["words", "characters"])
def test_a_length_that_makes_no_sense(unit, length):
    with pytest.raises(ValueError, match=f"1 to 100 {unit}"):
        shingled(["a text"], Shingling(unit, length))


@given(st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=9), max_size=5))
@settings(deadline=None)
def test_distinct_is_a_sorted_set_a_document(documents):
    offsets = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    hashes = np.array([value for one in documents for value in one], np.uint64)
    before = hashes.copy()
    values, ends = distinct(hashes, offsets)
    found = [values[a:b].tolist() for a, b in pairwise(ends)]
    assert found == [sorted(set(one)) for one in documents]
    assert (hashes == before).all()
