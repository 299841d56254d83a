"""Bands: a signature cut into pieces; documents that agree in a whole piece are candidates.

Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4.
"""

from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.shingling import FIVE_WORDS, Shingling
from language_id.hashing import mix

Check = Literal["signature", "jaccard", "none"]


class Preset(NamedTuple):
    """How one of the field's pipelines finds near-duplicates.

    ``minimum_similarity`` is what a candidate pair must reach in the ``check``: of the signatures,
    of the true shingles, or none, where every candidate is taken.
    """

    name: str
    shingling: Shingling
    bands: int
    rows: int
    check: Check
    minimum_similarity: float
    source: str


_WORDS = FIVE_WORDS
PRESETS: tuple[Preset, ...] = (
    Preset("default", _WORDS, 14, 8, "signature", 0.65, "FineWeb's bands; the check is explained"),
    Preset("fineweb", _WORDS, 14, 8, "none", 0.0, "Penedo et al. 2024, arXiv:2406.17557"),
    Preset("fineweb2", _WORDS, 14, 8, "none", 0.0, "Penedo et al. 2025, arXiv:2506.20920"),
    Preset("hplt", Shingling("words", 1), 17, 15, "none", 0.0, "HPLT v3: over the set of words"),
    Preset("nemo", Shingling("characters", 24), 20, 13, "none", 0.0, "NeMo Curator's defaults"),
    Preset("olmo3", _WORDS, 26, 11, "jaccard", 0.8, "OLMo 3: true Jaccard similarity of pairs"),
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
