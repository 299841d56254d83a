"""Every kernel run once on a little data, so that its compiled form is in the cache.

numba compiles a kernel when it is first called, some 40 s for all of them. Done once for an
installation, no worker does it again: they load what is there.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

import language_id
from dedup.components import star_forest
from dedup.shingling import Shingling
from filters.line_edits import followed_by, line_edits, without
from filters.repeats import EXEMPT, PARAGRAPH, pieces_of, without_pieces
from filters.url_words import UrlWords, counted
from filters.word_lists import builtin, merged
from language_id.decoded import characters_of
from language_id.kernel_cache import complete
from language_id.models import REGISTRY, load
from language_id.scripts import dominant_scripts
from pipeline import html_engine
from pipeline.buckets import band_rows, bucket_edges
from pipeline.jaccard import GROUPS, group_rows, set_edges
from pipeline.shingle_sets import text_sets
from pipeline.steps import Tools, measured
from pipeline.text_settings import DEFAULT
from pipeline.tokens import TokenCounter

TEXTS = ("One line of a text, and more. 5 likes\nA [1] second line!", "二つ目の文。", "")
LANGS = ("eng_Latn", "jpn_Jpan", "fin_Latn")
HASHES, BANDS, ROWS = 112, 14, 8
BY_CHARACTER = Shingling("characters", 24)


class Compiled(NamedTuple):
    """Where the kernels lie (None: beside their sources), how many, and the seconds it took."""

    folder: Path | None
    files: int
    seconds: float


def compiled() -> Compiled:
    """Run every kernel that extraction, deduplication and decisions use."""
    start = time.perf_counter()
    tools = Tools(load(REGISTRY["lid.176"]), merged(builtin()), TokenCounter())
    columns = measured(pa.array(TEXTS, pa.string()), LANGS, HASHES, tools)
    html_engine.read("<p>One line.", replace(DEFAULT, markdown=True))
    characters = characters_of(TEXTS)
    dominant_scripts(characters)
    edits = line_edits(characters, LANGS, ("c4", "refinedweb"))
    pieces = pieces_of(characters, blocks=False, minimum_chars=1)
    later = without_pieces(characters, pieces, pieces.hashes == EXEMPT, PARAGRAPH)
    without(characters, followed_by(characters, edits, characters, later))
    counted(UrlWords([]), ["https://example.org"], [LANGS[0]])
    _deduplicate(columns["signature"])
    folder = language_id.CACHE
    if folder:
        complete(folder).touch()
    files = sum(1 for _ in folder.rglob("*.nbc")) if folder else 0
    return Compiled(folder, files, time.perf_counter() - start)


def _deduplicate(signatures: list[bytes]) -> None:
    nodes = pa.array(np.arange(len(signatures), dtype=np.int64))
    scopes = pa.array(["all"] * len(signatures))
    batch = pa.record_batch(
        [nodes, scopes, pa.array(signatures, pa.binary())], ["node", "scope", "signature"]
    )
    rows = list(band_rows(iter([batch]), BANDS, ROWS, sketched=True))
    list(bucket_edges(iter(rows), equal_bytes=1, leaders=4))
    list(group_rows(iter(rows)))
    sets = [
        pa.array([0, 0, 1]),
        pa.array([0, 0, 1]),
        nodes,
        text_sets(pa.array(TEXTS), BY_CHARACTER),
    ]
    checked = pa.record_batch(sets, [*GROUPS.names, "shingles"])
    list(set_edges(iter([checked]), minimum=0.8, leaders=4))
    star_forest(np.array([1, 2], dtype=np.int64), np.array([0, 1], dtype=np.int64))
