"""How often pairs of a known similarity become candidates, beside 1 - (1 - s^rows)^bands."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from truth import Pairs, Sets, chosen

from dedup.bands import Preset, band_hashes, candidate_probability
from dedup.minhash import signatures

EDGES = np.array([0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0])
SYNTHETIC = (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
UNION = 100
OWN_SEED = 1
"""The seed signatures are stored with."""


class Point(NamedTuple):
    """Recall of candidates at a similarity, and what the curve says of those very pairs."""

    where: str
    pairs: int
    expected: float
    found: float
    error: float
    """Standard error of ``found``."""
    own: float
    """Recall with the seed that is stored."""

    @property
    def z(self) -> float:
        return (self.found - self.expected) / self.error if self.error else 0.0


def real(sets: Sets, pairs: Pairs, preset: Preset, seeds: int) -> list[Point]:
    """Real pairs, over many draws of the hash functions.

    Pairs of one document are not independent, draws of the functions are: so the error is that of a
    mean over draws, and no less than if all pairs were independent.
    """
    above = pairs.jaccard >= EDGES[0]
    documents, ends = np.unique(
        np.concatenate([pairs.left[above], pairs.right[above]]), return_inverse=True
    )
    left, right = np.split(ends, 2)
    jaccard, own = pairs.jaccard[above], chosen(sets, documents)
    bins = np.minimum(np.searchsorted(EDGES, jaccard, side="right") - 1, len(EDGES) - 2)
    bins[jaccard == 1] = len(EDGES) - 1
    recalls = np.array(
        [_recall(own, left, right, bins, preset, seed) for seed in range(1, seeds + 1)]
    )
    points = []
    for number in range(len(EDGES)):
        inside = bins == number
        if not inside.any():
            continue
        chances = 1 - (1 - jaccard[inside] ** preset.rows) ** preset.bands
        least = (chances * (1 - chances)).sum() / inside.sum() ** 2
        error = np.sqrt(max(recalls[:, number].var(ddof=1), least) / seeds)
        where = "1" if number == len(EDGES) - 1 else f"{EDGES[number]:g} to {EDGES[number + 1]:g}"
        found = recalls[:, number].mean()
        first = recalls[OWN_SEED - 1, number]
        points.append(Point(where, inside.sum(), chances.mean(), found, error, first))
    return points


def _recall(
    sets: Sets, left: NDArray, right: NDArray, bins: NDArray, preset: Preset, seed: int
) -> NDArray:
    signed = signatures(*sets, preset.bands * preset.rows, seed)
    bands = band_hashes(signed, preset.bands)
    candidates = np.concatenate(
        [
            (bands[left[at : at + 100_000]] == bands[right[at : at + 100_000]]).any(axis=1)
            for at in range(0, len(left), 100_000)
        ]
    )
    sizes = np.bincount(bins, minlength=len(EDGES))
    return np.bincount(bins, candidates, minlength=len(EDGES)) / np.maximum(sizes, 1)


def synthetic(preset: Preset, count: int) -> list[Point]:
    """Random sets with a chosen number of shingles together and in common, each pair its own."""
    points = []
    for number, similarity in enumerate(SYNTHETIC):
        common = round(similarity * UNION)
        rng = np.random.default_rng(number)
        found = 0
        for at in range(0, count, 5000):
            size = min(5000, count - at)
            drawn = rng.integers(0, 2**64, (size, UNION), dtype=np.uint64)
            half = common + (UNION - common) // 2
            others = np.concatenate([drawn[:, :common], drawn[:, half:]], axis=1)
            one, other = (_bands(part, preset) for part in (drawn[:, :half], others))
            found += int((one == other).any(axis=1).sum())
        expected = candidate_probability(similarity, preset.bands, preset.rows)
        error = np.sqrt(max(expected * (1 - expected), 1e-12) / count)
        points.append(
            Point(f"{similarity:g}", count, expected, found / count, error, found / count)
        )
    return points


def _bands(sets: NDArray[np.uint64], preset: Preset) -> NDArray[np.int64]:
    offsets = np.arange(len(sets) + 1, dtype=np.int64) * sets.shape[1]
    signed = signatures(np.ascontiguousarray(sets).ravel(), offsets, preset.bands * preset.rows)
    return band_hashes(signed, preset.bands)
