"""Signatures: a plain Python twin, and the statistics MinHash promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.minhash import (
    EMPTY,
    _family,
    equal_bytes_needed,
    signatures,
    similarity,
    sketches,
    without_shingles,
)

HASHES = 112
SETS = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=9), max_size=4)


def signed(sets, hashes=HASHES, seed=1):
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    flat = np.concatenate([np.asarray(one, np.uint64) for one in sets] or [np.zeros(0, np.uint64)])
    return signatures(flat, offsets, hashes, seed)


def pairs(jaccard, union, count, seed):
    """Pairs of random sets with exactly that many elements together and in common."""
    common = round(jaccard * union)
    left = common + (union - common) // 2
    drawn = np.random.default_rng(seed).integers(0, 2**64, (count, union), dtype=np.uint64)
    one = drawn[:, :left]
    other = np.concatenate([drawn[:, :common], drawn[:, left:]], axis=1)
    return signed(one), signed(other), common / union


@given(SETS, st.sampled_from([1, 7, HASHES]), st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_equal_to_plain_python(sets, hashes, seed):
    factors, masks = (values.tolist() for values in _family(hashes, seed))
    expected = [
        [
            min([((x ^ mask) * factor % 2**64) >> 32 for x in one], default=int(EMPTY))
            for factor, mask in zip(factors, masks, strict=True)
        ]
        for one in sets
    ]
    found = signed(sets, hashes, seed)
    assert found.dtype == np.uint32
    assert found.tolist() == expected


def test_functions_are_distinct_bijections():
    factors, masks = _family(1000, 1)
    assert (factors % np.uint64(2) == 1).all()
    assert len(set(factors.tolist())) == len(set(masks.tolist())) == 1000


@pytest.mark.parametrize("union", [20, 200])
@pytest.mark.parametrize("jaccard", [0.1, 0.5, 0.7, 0.9])
def test_estimate_is_unbiased_with_the_error_of_independent_functions(jaccard, union):
    count = 8000
    one, other, true = pairs(jaccard, union, count, seed=3)
    estimates = similarity(one, other)
    variance = true * (1 - true) / HASHES
    assert abs(estimates.mean() - true) < 4 * np.sqrt(variance / count)
    assert estimates.var() / variance == pytest.approx(1, abs=4 * np.sqrt(2 / count))


def test_no_two_functions_share_minima():
    count = 20000
    one, other, _ = pairs(0.5, 100, count, seed=4)
    correlations = np.corrcoef((one == other).T.astype(float))
    np.fill_diagonal(correlations, 0)
    # the largest of 6216 correlations of independent coins: 4.0 / sqrt(count) on average
    assert abs(correlations).max() < 5.5 / np.sqrt(count)


def test_proportional_factors_would_share_minima():
    """The test above can fail: without masks, factors in the ratio of small numbers correlate."""
    rng = np.random.default_rng(0)
    sets = rng.integers(0, 2**64, (4000, 150), dtype=np.uint64)
    factor = np.uint64(0x9E3779B97F4A7C15)
    equal = [
        (sets[:, :100] * f).min(axis=1) == (sets[:, 50:] * f).min(axis=1)
        for f in np.array([1, 3], np.uint64) * factor
    ]
    assert np.corrcoef(equal)[0, 1] > 0.2


def test_minima_are_uniform():
    single = signed(np.random.default_rng(6).integers(0, 2**64, (20000, 1), dtype=np.uint64))
    for bit in range(32):
        share = ((single >> np.uint32(bit)) & np.uint32(1)).mean(axis=0)
        assert abs(share - 0.5).max() < 5 * 0.5 / np.sqrt(20000)


def test_order_and_repetition_count_for_nothing():
    values = np.random.default_rng(7).integers(0, 2**64, 50, dtype=np.uint64)
    once, mixed = signed([values, np.concatenate([values[::-1], values])])
    assert (once == mixed).all()


def test_first_values_do_not_depend_on_their_number():
    sets = [[1, 2, 3], [9]]
    assert (signed(sets, 112) == signed(sets, 286)[:, :112]).all()


def test_seeds_do_not_compare():
    sets = np.random.default_rng(8).integers(0, 2**64, (100, 30), dtype=np.uint64)
    assert similarity(signed(sets, seed=1), signed(sets, seed=2)).max() < 0.05


def test_documents_without_shingles():
    found = signed([[], [5], []])
    assert (found[[0, 2]] == EMPTY).all()
    assert without_shingles(found).tolist() == [True, False, True]
    assert signed([]).shape == (0, HASHES)


def test_at_least_one_hash():
    with pytest.raises(ValueError, match="at least one hash"):
        signed([[1]], hashes=0)


def test_sketches_estimate_as_well():
    count = 8000
    for jaccard in (0.0, 0.5, 0.7):
        one, other, true = pairs(jaccard, 200, count, seed=9)
        equal = (sketches(one) == sketches(other)).sum(axis=1).mean()
        expected = (true + (1 - true) / 256) * HASHES
        assert equal == pytest.approx(expected, abs=4 * np.sqrt(HASHES * 0.25 / count))


@pytest.mark.parametrize(
    ("minimum", "hashes", "bytes_"), [(0, 112, 0), (1, 112, 112), (0.65, 112, 73), (0.5, 2, 2)]
)
def test_equal_bytes_needed(minimum, hashes, bytes_):
    assert equal_bytes_needed(minimum, hashes) == bytes_
