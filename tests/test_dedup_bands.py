"""Bands: equal where the values are, and candidates as often as the curve says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.bands import PRESETS, band_hashes, candidate_probability
from dedup.minhash import signatures

CURVE = {preset.name: preset for preset in PRESETS}


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32))
@settings(deadline=None, max_examples=50)
def test_equal_exactly_where_the_band_is(bands, rows, seed):
    values = np.random.default_rng(seed).integers(0, 2, (12, bands * rows), dtype=np.uint32)
    hashed = band_hashes(values, bands)
    assert hashed.shape == (12, bands)
    assert hashed.dtype == np.int64
    by_hash: dict[int, tuple[int, ...]] = {}
    for document in range(12):
        for band in range(bands):
            content = (band, *values[document, band * rows : (band + 1) * rows].tolist())
            assert by_hash.setdefault(int(hashed[document, band]), content) == content
    assert len(by_hash) == len(set(by_hash.values()))


def test_order_within_a_band_counts():
    one, other = band_hashes(np.array([[1, 2], [2, 1]], np.uint32), 1)
    assert one != other


def test_views_give_the_same_hashes():
    wide = np.random.default_rng(1).integers(0, 2**32, (5, 286), dtype=np.uint32)
    assert (band_hashes(wide[:, :112], 14) == band_hashes(wide[:, :112].copy(), 14)).all()


def test_no_documents():
    assert band_hashes(np.zeros((0, 112), np.uint32), 14).shape == (0, 14)


@pytest.mark.parametrize("bands", [0, -1, 13, 224])
def test_hashes_divide_into_bands(bands):
    with pytest.raises(ValueError, match="do not divide"):
        band_hashes(np.zeros((1, 112), np.uint32), bands)


@pytest.mark.parametrize(
    ("name", "middle"),
    [("default", 0.72), ("fineweb2", 0.72), ("hplt", 0.83), ("nemo", 0.79), ("olmo3", 0.74)],
)
def test_presets_turn_where_the_field_says(name, middle):
    preset = CURVE[name]
    assert (1 / preset.bands) ** (1 / preset.rows) == pytest.approx(middle, abs=0.02)
    assert 0.5 < candidate_probability(middle, preset.bands, preset.rows) < 0.75


def test_figures_argued_with():
    assert candidate_probability(0.72, 14, 8) == pytest.approx(0.65, abs=0.005)
    assert 1 / candidate_probability(0.5, 14, 8) == pytest.approx(19, abs=0.5)


def test_probability_ends():
    assert candidate_probability(0, 14, 8) == 0
    assert candidate_probability(1, 14, 8) == 1


@pytest.mark.parametrize("jaccard", [0.4, 0.6, 0.72, 0.8, 0.9])
def test_candidates_follow_the_curve(jaccard):
    count, union = 4000, 100
    common = round(jaccard * union)
    left = common + (union - common) // 2
    drawn = np.random.default_rng(2).integers(0, 2**64, (count, union), dtype=np.uint64)
    others = np.concatenate([drawn[:, :common], drawn[:, left:]], axis=1)
    hashed = []
    for sets in (drawn[:, :left], others):
        offsets = np.arange(count + 1, dtype=np.int64) * sets.shape[1]
        hashed.append(band_hashes(signatures(sets.ravel(), offsets), 14))
    recall = (hashed[0] == hashed[1]).any(axis=1).mean()
    expected = candidate_probability(jaccard, 14, 8)
    assert abs(recall - expected) < 4 * np.sqrt(expected * (1 - expected) / count)
