"""Bands: a signature cut into pieces; documents that agree in a whole piece are candidates.

Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from language_id.hashing import mix


class Preset(NamedTuple):
    """How one of the field's pipelines finds near-duplicates.

    ``minimum_similarity`` is what a candidate pair must reach; 0 takes every candidate.
    """

    name: str
    shingle_words: int
    bands: int
    rows: int
    minimum_similarity: float
    source: str


# NeMo Curator's 24-character shingles are not here: shingles are made of words.
PRESETS: tuple[Preset, ...] = (
    Preset("default", 5, 14, 8, 0.65, "bands of FineWeb, and a check below their S-curve's middle"),
    Preset("fineweb", 5, 14, 8, 0.0, "Penedo et al. 2024, arXiv:2406.17557"),
    Preset("fineweb2", 5, 14, 8, 0.0, "Penedo et al. 2025, arXiv:2506.20920"),
    Preset("hplt", 1, 17, 15, 0.0, "HPLT v3: 255 hashes over the set of words"),
    Preset("olmo3", 5, 26, 11, 0.8, "OLMo 3; its check is the true Jaccard similarity"),
)
"""A pair passes bands at similarity s with ``candidate_probability(s, bands, rows)``.

Why the default checks at 0.65: 14 x 8 bands let a pair at 0.72 through with a chance of 0.65, but
still one in 19 at 0.5, and pages at 0.5 are far more numerous than pages at 0.8. A check at 0.65
lies 1.7 standard errors of 112 hashes under 0.72, so it costs few of the pairs the bands are meant
to find and ends the tail beneath.
"""


def candidate_probability(similarity: float, bands: int, rows: int) -> float:
    """Chance, 0..1, that two documents of this similarity agree in at least one band."""
    return float(1 - (1 - similarity**rows) ** bands)


def band_hashes(signatures: NDArray[np.uint32], bands: int) -> NDArray[np.int64]:
    """Hash every band of every signature: (n, hashes) to (n, bands).

    Salted by the band's index, so equal values in different bands do not meet. Signed, because
    Spark knows no unsigned integers. Signatures of documents without shingles are all equal and
    hash like any other: leave them out before (``minhash.without_shingles``).

    Raises ValueError when the hashes do not divide into bands.
    """
    count, hashes = signatures.shape
    if bands < 1 or hashes % bands:
        raise ValueError(f"{hashes} hashes do not divide into {bands} bands")
    hashed = np.empty((count, bands), dtype=np.uint64)
    _hash_bands(np.ascontiguousarray(signatures), hashed)
    return hashed.view(np.int64)


@njit(cache=True)
def _hash_bands(signatures: NDArray[np.uint32], hashed: NDArray[np.uint64]) -> None:
    count, bands = hashed.shape
    rows = signatures.shape[1] // bands
    for doc in range(count):
        for band in range(bands):
            state = mix(np.uint64(band + 1))
            for value in signatures[doc, band * rows : (band + 1) * rows]:
                state = mix(state ^ np.uint64(value)) + np.uint64(1)
            hashed[doc, band] = state
