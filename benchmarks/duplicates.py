"""Clusters and candidates beside the exact Jaccard similarity of every pair of real texts."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import curve
import numpy as np
import pyarrow as pa
import texts
import truth
from duplicates_report import report
from end_to_end import _find_java as find_java
from end_to_end import _machine as machine
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from dedup.bands import PRESETS, Preset
from dedup.components import connected_components
from dedup.exact import text_hashes
from dedup.minhash import signatures
from dedup.shingling import Shingling
from jobs.session import session
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
from pipeline import parquet
from pipeline.clusters import ClusterSettings, clusters
from pipeline.files import Folder
from pipeline.fingerprint import code
from pipeline.shingle_sets import shingle_sets

HERE = Path(__file__).resolve().parent
SETS = ("europa", "debian-docs", "udhr")
SAME, CHAIN = 0.6, 0.6
RECALLS = ((0.8, 0.95), (0.9, 0.99))
"""Similarity, and the recall the default must have of pairs that reach it."""
PRECISION = 0.99
MOST_Z = 4.5
"""Of some 100 points, one beyond it is expected in 1,500 runs."""
TEXT = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
KEYED = pa.schema(
    [
        ("node", pa.int64()),
        ("scope", pa.string()),
        ("text_hash", pa.binary()),
        ("signature", pa.binary()),
    ]
)


class Row(NamedTuple):
    """Clusters of a preset against the truth."""

    preset: Preset
    scope: str
    pairs: tuple[int, ...]
    """At each similarity of ``RECALLS``."""
    recalls: tuple[float, ...]
    clustered: int
    precision: float
    direct: float
    """Clustered pairs that reach ``SAME`` themselves."""
    clusters: int


class Corpus(NamedTuple):
    documents: Sequence[texts.Document]
    langs: NDArray[np.int64]
    hashes: list[bytes]
    """Of each text's words."""


def main() -> None:
    arguments = _arguments()
    load = os.getloadavg()[0]
    documents = [one for one in texts.read(arguments.documents) if one.set in SETS and one.text]
    corpus = _corpus(documents)
    find_java()
    spark = session("local[2]", "corpusmill-duplicates")
    rows, curves = [], {}
    for preset in PRESETS:
        if arguments.preset and preset.name not in arguments.preset:
            continue
        print(f"{preset.name}: truth", file=sys.stderr)
        sets = truth.sets_of([one.text for one in documents], preset.shingling)
        pairs = truth.pairs_of(sets)
        for scope in ("global", "language"):
            print(f"{preset.name}: clusters, scope {scope}", file=sys.stderr)
            with tempfile.TemporaryDirectory() as scratch:
                found = _clusters(spark, corpus, sets, preset, scope, Folder(scratch))
            rows.append(_compared(corpus, pairs, found, preset, scope))
        if any(_same_candidates(preset, other) for other in curves):
            continue
        print(f"{preset.name}: candidates, {arguments.seeds} seeds", file=sys.stderr)
        curves[preset] = (
            curve.real(sets, pairs, preset, arguments.seeds),
            curve.synthetic(preset, arguments.synthetic),
        )
    spark.stop()
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        *machine(),
        f"1-minute load average at the start: {load:.1f}",
        f"Corpusmill {version('corpusmill')} (sources {code()['sources_sha256'][:12]}), Python "
        f"{platform.python_version()}, numba {version('numba')}, numpy {version('numpy')}",
        f"{len(documents):,} documents, {texts.mb(documents):.1f} MB of UTF-8 "
        f"({_counts(documents)}), SHA-256 `{texts.checksum(documents)}`",
    ]
    lines = report(facts, rows, curves, arguments.seeds)
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    sys.exit("\n".join(_failures(rows, curves)) or None)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--documents", type=Path, metavar="PARQUET",
        help="as fidelity.py takes (default: extract ../shared/data, some minutes)",
    )  # fmt: skip
    names = [preset.name for preset in PRESETS]
    parser.add_argument("--preset", action="append", choices=names, help="only this one")
    parser.add_argument("--seeds", type=int, default=100, help="draws of the hashes (100)")
    parser.add_argument("--synthetic", type=int, default=20_000, help="pairs a similarity (20000)")
    parser.add_argument(
        "--output", type=Path, default=HERE / "results" / "duplicates.md", metavar="FILE"
    )
    return parser.parse_args()


def _corpus(documents: Sequence[texts.Document]) -> Corpus:
    characters = characters_of([one.text for one in documents])
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    hashes = text_hashes(lower, tokens.kinds, tokens.doc_offsets)
    _, langs = np.unique([one.lang for one in documents], return_inverse=True)
    return Corpus(documents, langs, [row.tobytes() for row in hashes])


def _counts(documents: Sequence[texts.Document]) -> str:
    return ", ".join(f"{name} {sum(d.set == name for d in documents):,}" for name in SETS)


def _clusters(
    spark: SparkSession,
    corpus: Corpus,
    sets: truth.Sets,
    preset: Preset,
    scope: str,
    folder: Folder,
) -> NDArray[np.int64]:
    """The cluster of every document, as ``corpusmill deduplicate`` finds it. Node: its number."""
    signed = signatures(*sets, preset.bands * preset.rows)
    shingled = np.diff(sets.offsets) > 0
    columns = [
        list(range(len(corpus.documents))),
        [one.lang if scope == "language" else "all" for one in corpus.documents],
        corpus.hashes,
        [row.tobytes() if some else b"" for row, some in zip(signed, shingled, strict=True)],
    ]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, KEYED, strict=True)], KEYED)
    sets_for = None
    if preset.check == "jaccard":
        # an id whose first half is the document's number, as a node is the first half of an id
        ids = [f"{number + (1 << 63):016x}{0:016x}" for number in range(len(corpus.documents))]
        with parquet.Writer(folder, "documents.parquet", TEXT) as out:
            plain = [one.text for one in corpus.documents]
            out.write(pa.record_batch([pa.array(ids), pa.array(plain)], TEXT))
        sets_for = partial(
            shingle_sets, spark, folder, [out.file], folder.below("scratch"),
            shingling=Shingling(*preset.shingling),
        )  # fmt: skip
    settings = ClusterSettings(preset.bands, preset.rows, preset.minimum_similarity)
    found = clusters(
        spark.createDataFrame(table).repartition(4),
        settings,
        folder.below("scratch"),
        sets=sets_for,
    )
    rows = np.array([(r["node"], r["cluster"]) for r in found.select("node", "cluster").collect()])
    return rows[np.argsort(rows[:, 0]), 1]


def _compared(
    corpus: Corpus, pairs: truth.Pairs, found: NDArray[np.int64], preset: Preset, scope: str
) -> Row:
    langs = corpus.langs
    if scope == "language":
        inside = langs[pairs.left] == langs[pairs.right]
        pairs = truth.Pairs(*(column[inside] for column in pairs))
    together = found[pairs.left] == found[pairs.right]
    true = [pairs.jaccard >= at for at, _ in RECALLS]
    recalls = tuple(float(together[some].mean()) for some in true)
    chains = _components(pairs, CHAIN, len(found))
    clustered, chained = _pairs_within(found), _pairs_within(np.stack([found, chains], axis=1))
    direct = int((together & (pairs.jaccard >= SAME)).sum())
    sizes = np.unique(found, return_counts=True)[1]
    return Row(
        preset, scope, tuple(int(some.sum()) for some in true), recalls, clustered,
        chained / clustered, direct / clustered, int((sizes > 1).sum()),
    )  # fmt: skip


def _components(pairs: truth.Pairs, least: float, count: int) -> NDArray[np.int64]:
    """Which documents a chain of such pairs joins."""
    near = pairs.jaccard >= least
    loops = np.arange(count)
    ends = [np.concatenate([side[near], loops]) for side in (pairs.left, pairs.right)]
    return connected_components(ends[0], ends[1])[1]


def _pairs_within(groups: NDArray[np.int64]) -> int:
    sizes = np.unique(groups, axis=0, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _same_candidates(one: Preset, other: Preset) -> bool:
    return one.shingling == other.shingling and (one.bands, one.rows) == (other.bands, other.rows)


def _failures(rows: Sequence[Row], curves: dict) -> list[str]:
    """What misses its bar: the default's recall and precision, and any point off its curve."""
    told = []
    for row in rows:
        if row.preset.name == "default":
            for (at, least), recall in zip(RECALLS, row.recalls, strict=True):
                if recall < least:
                    told.append(f"{row.scope}: recall {recall:.4f} at {at}, must be {least}")
            if row.precision < PRECISION:
                told.append(f"{row.scope}: precision {row.precision:.4f}, must be {PRECISION}")
    for preset, kinds in curves.items():
        off = [point for points in kinds for point in points if abs(point.z) > MOST_Z]
        told += [f"{preset.name} at {point.where}: {point.z:.1f} errors off" for point in off]
    return told


if __name__ == "__main__":
    main()
