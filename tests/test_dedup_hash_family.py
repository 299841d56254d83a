"""What ``dedup.minhash`` claims of its hash functions, each as a test that bad families fail.

Every check gives the chance that functions drawn at random would do as badly. Good ones do so once
in a million checks; there are about a hundred, and their draws are fixed. The same checks tell four
bad families, each with a known flaw, from good ones.
"""

import numpy as np
import pytest
from scipy import stats

from dedup.minhash import HASHES, signatures
from language_id.hashing import mix

RARE = 1e-6
SEEDS = (1, 2, 3, 77)
UNION = 60


def ours(sets, hashes, seed):
    """Minima of each function over each row, shape (sets, hashes)."""
    offsets = np.arange(len(sets) + 1, dtype=np.int64) * sets.shape[1]
    return signatures(np.ascontiguousarray(sets).ravel(), offsets, hashes, seed)


def drawn(hashes, seed):
    return np.random.default_rng(seed).integers(0, 2**64, hashes, dtype=np.uint64)


def truncated(sets, hashes, seed):
    """Four bits a value: unequal minima are often equal."""
    return ours(sets, hashes, seed) >> np.uint32(28)


def proportional(sets, hashes, seed):
    """Multiplication alone, by small odd multiples of one factor."""
    factors = (2 * np.arange(hashes, dtype=np.uint64) + np.uint64(1)) * drawn(1, seed)
    return np.stack([(sets * factor).min(axis=1) for factor in factors], axis=1)


def additive(sets, hashes, seed):
    """Addition alone: the smallest is whoever has the largest gap before it."""
    return np.stack([(sets + term).min(axis=1) for term in drawn(hashes, seed)], axis=1)


def repeated(sets, hashes, seed):
    """Half of the functions twice."""
    half = ours(sets, hashes // 2, seed)
    return np.concatenate([half, half], axis=1)


def agreements(family, seed, common, count=4000):
    """Which values of pairs of random sets are equal, shape (pairs, hashes); their similarity."""
    half = common + (UNION - common) // 2
    values = np.random.default_rng(seed).integers(0, 2**64, (count, UNION), dtype=np.uint64)
    others = np.concatenate([values[:, :common], values[:, half:]], axis=1)
    one, other = (family(sets, HASHES, seed) for sets in (values[:, :half], others))
    return one == other, common / UNION


def bias(family, seed, common):
    """Two-sided chance of a mean as far from the similarity."""
    equal, true = agreements(family, seed, common)
    error = np.sqrt(true * (1 - true) / HASHES / len(equal))
    return 2 * stats.norm.sf(abs(equal.mean() - true) / error)


def spread(family, seed, common):
    """Two-sided chance of a variance as far from that of independent functions."""
    equal, true = agreements(family, seed, common)
    share = equal.mean(axis=1)
    expected = true * (1 - true) / HASHES
    kurtosis = (1 - 6 * true * (1 - true)) / (true * (1 - true)) / HASHES
    error = expected * np.sqrt((2 + kurtosis) / len(share))
    return 2 * stats.norm.sf(abs(((share - true) ** 2).mean() - expected) / error)


def dependence(family, seed):
    """Chance that the squares of all pairs' correlations sum to as much, or one is as large."""
    equal, _ = agreements(family, seed, UNION // 2)
    pairs = np.corrcoef(equal.T)[np.triu_indices(HASHES, 1)]
    together = stats.chi2.sf((pairs**2).sum() * len(equal), len(pairs))
    largest = 2 * stats.norm.sf(abs(pairs).max() * np.sqrt(len(equal))) * len(pairs)
    return min(together, largest)


def unevenness(family, values, seed, functions=6000):
    """Chance that the members of a set are the smallest as unevenly often, over the functions."""
    ranks = family(values[:, None], functions, seed)  # (members, functions)
    smallest = np.bincount(ranks.argmin(axis=0), minlength=len(values))
    return stats.chisquare(smallest).pvalue


def mixed(values):
    """As shingles are: structured words, hashed and mixed."""
    return np.array([mix(np.uint64(value)) for value in values], np.uint64)


STRUCTURED = {
    "two": range(1, 3),
    "three": range(1, 4),
    "sequence": range(1, 65),
    "shared high bits": [(0xABCDEF << 40) + i for i in range(50)],
    "shared low bits": [(i << 40) + 0xABCDEF for i in range(50)],
    "powers of two": [1 << i for i in range(64)],
    "multiples": [i * 0x9E3779B97F4A7C15 % 2**64 for i in range(1, 40)],
    "complements": [x for i in range(20) for x in (i, i ^ (2**64 - 1))],
}


@pytest.mark.parametrize("common", [6, 30, 48, 57])
@pytest.mark.parametrize("seed", SEEDS)
def test_estimates_are_unbiased_and_spread_as_of_independent_functions(seed, common):
    assert bias(ours, seed, common) > RARE
    assert spread(ours, seed, common) > RARE


def test_bias_and_spread_find_families_that_have_them():
    assert bias(truncated, 1, 30) < RARE
    assert spread(proportional, 1, 30) < RARE
    assert spread(repeated, 1, 30) < RARE


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_functions_depend_on_each_other(seed):
    assert dependence(ours, seed) > RARE


@pytest.mark.parametrize("family", [proportional, repeated])
def test_dependence_is_found(family):
    assert dependence(family, 1) < RARE


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", STRUCTURED)
def test_every_member_is_the_smallest_as_often(name, seed):
    assert unevenness(ours, mixed(STRUCTURED[name]), seed) > RARE


@pytest.mark.parametrize("name", ["sequence", "shared high bits", "powers of two"])
def test_uneven_families_are_found(name):
    assert unevenness(additive, mixed(STRUCTURED[name]), 1) < RARE


def test_shingles_must_be_mixed_before():
    """The premise: of three neighbouring numbers as they are, the middle one is another matter."""
    assert unevenness(ours, np.array([1, 2, 3], np.uint64), 1) < RARE


@pytest.mark.parametrize("seed", SEEDS)
def test_similar_structured_sets_estimate_their_similarity(seed):
    """Two runs of a sequence that overlap by half, over many functions."""
    runs = [mixed(range(1, 41)), mixed(range(21, 61))]
    one, other = (ours(values[None, :], 20_000, seed)[0] for values in runs)
    true, found = 20 / 60, (one == other).mean()
    error = np.sqrt(true * (1 - true) / 20_000)
    assert 2 * stats.norm.sf(abs(found - true) / error) > RARE
