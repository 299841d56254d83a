"""Repeated lines and paragraphs of real texts: CPU of the steps, and what each bound would cut.

    benchmarks/units.py --documents texts.parquet --output benchmarks/results/units.md

The Parquet files need columns doc_id, url, lang and text (a documents table has them). Copies and
near-duplicates within a language are left out first, as the job does it; no rule is asked.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from end_to_end import _machine as machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dedup.components import star_forest  # noqa: E402
from dedup.minhash import equal_bytes_needed, signatures  # noqa: E402
from dedup.shingles import shingle_hashes  # noqa: E402
from filters.repeats import pieces_of  # noqa: E402
from filters.urls import host as host_of  # noqa: E402
from language_id.decoded import characters_of  # noqa: E402
from language_id.words import token_hashes, tokenize  # noqa: E402
from pipeline import repeats, repeats_narrow, stats  # noqa: E402
from pipeline.buckets import KEY, band_rows, bucket_edges  # noqa: E402
from pipeline.clusters import ClusterSettings  # noqa: E402
from pipeline.fingerprint import code  # noqa: E402
from pipeline.repeat_config import Repeats  # noqa: E402
from pipeline.repeats import COLUMNS, Found, Steps  # noqa: E402

BATCH = 1000
PAGES = (2, 5, 10, 20, 50)
CHARS = (30, 60, 100, 200)
BOTH = Repeats(site_line_pages=10, paragraphs="lines")
Batches = Sequence[pa.RecordBatch]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=Path, required=True, help="Parquet file or folder")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    batches = _read(arguments.documents)
    lines = _report(batches, arguments.repeat, load)
    print("\n".join(lines))
    if arguments.output:
        arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _read(path: Path) -> Batches:
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    parts = [pq.read_table(file, columns=["doc_id", "url", "lang", "text"]) for file in files]
    table = pa.concat_tables(parts).sort_by("doc_id")
    first: dict[str, int] = {}
    for row, text in enumerate(table["text"].to_pylist()):
        if text and text.strip():
            first.setdefault(text, row)
    table = table.take(pa.array(sorted(first.values()))).combine_chunks()
    table = table.filter(pa.array(_firsts(table)))
    hosts = pa.array([host_of(url or "") for url in table["url"].to_pylist()])
    return table.append_column("host", hosts).select(COLUMNS).combine_chunks().to_batches(BATCH)


def _firsts(table: pa.Table) -> list[bool]:
    """Which rows are the first of their near-duplicates, by the default settings."""
    settings = ClusterSettings()
    hashes = settings.bands * settings.rows
    characters = characters_of(table["text"].to_pylist())
    tokens = tokenize(characters)
    words = token_hashes(characters, tokens)
    shingles, offsets = shingle_hashes(words.lower, tokens.kinds, tokens.doc_offsets)
    signed = signatures(shingles, offsets, hashes)
    some = (np.diff(offsets) > 0).tolist()
    rows = pa.record_batch(
        [
            pa.array(np.arange(len(table))), table["lang"].combine_chunks(),
            pa.array([r.tobytes() if s else b"" for r, s in zip(signed, some, strict=True)]),
        ],
        ["node", "scope", "signature"],
    )  # fmt: skip
    bands = pa.Table.from_batches(band_rows(iter([rows]), settings.bands, settings.rows, True))
    order = [(name, "ascending") for name in (*KEY, "node")]
    needed = equal_bytes_needed(settings.minimum_similarity, hashes)
    sorted_bands = iter(bands.sort_by(order).combine_chunks().to_batches())
    edges = pa.Table.from_batches(bucket_edges(sorted_bands, needed, settings.leaders))
    nodes, _ = star_forest(edges["node"].to_numpy(), edges["hub"].to_numpy())
    copies = set(nodes.tolist())
    return [row not in copies for row in range(len(table))]


def _cpu_s(work: Callable[[pa.RecordBatch], object], batches: Batches, repeat: int) -> float:
    best = float("inf")
    for _ in range(repeat + 1):  # the first compiles, or loads
        start = time.process_time()
        for batch in batches:
            work(batch)
        best = min(best, time.process_time() - start)
    return best


def _found(batches: Batches, wanted: Repeats) -> Found:
    return repeats_narrow.repeated(lambda: ((np.zeros(0), b) for b in batches), Steps(wanted))


def _cut(batches: Batches, wanted: Repeats) -> tuple[int, int, int, int]:
    """Documents that lose something, those that lose all, pieces and characters."""
    found, steps = _found(batches, wanted), Steps(wanted)
    documents = emptied = pieces = chars = 0
    for batch in batches:
        made = repeats.cut(batch, steps, found)
        spans = repeats.spans(made, np.ones(batch.num_rows, np.bool_))
        documents += int((np.diff(made.edits.doc_offsets) > 0).sum())
        emptied += int(repeats.is_emptied(made).sum())
        counts = stats.edit_counts(batch.column("lang"), spans)
        pieces += sum(counts["spans"].to_pylist())
        chars += sum(counts["chars"].to_pylist())
    return documents, emptied, pieces, chars


def _report(batches: Batches, repeat: int, load: float) -> list[str]:
    texts = [text for batch in batches for text in batch.column("text").to_pylist()]
    mb = sum(len(text.encode()) for text in texts) / 1e6
    chars = sum(map(len, texts))
    steps, found = Steps(BOTH), _found(batches, BOTH)
    decoded = {id(b): characters_of(b.column("text").to_pylist()) for b in batches}
    timed = {
        "lines and their hashes": lambda b: pieces_of(
            decoded[id(b)], blocks=False, minimum_chars=1
        ),
        "rows of site lines": lambda b: repeats.site_rows(steps, b, Found(), 0),
        "rows of paragraphs": lambda b: repeats.paragraph_rows(steps, b, Found(), 0),
        "cut, both": lambda b: repeats.cut(b, steps, found),
    }
    sources = code()["sources_sha256"][:12]
    versions = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "pyarrow"))
    lines = [
        "# Repeated lines and paragraphs", "",
        f"Made by `benchmarks/units.py`: one core, CPU seconds, warm, best of {repeat} runs.", "",
        f"- {datetime.now(UTC):%Y-%m-%d}",
        *(f"- {line}" for line in machine()),
        f"- 1-minute load average at the start: {load:.1f}",
        f"- Corpusmill {version('corpusmill')} (sources {sources}), {versions}",
        f"- {len(texts):,} texts, copies and near-duplicates left out, "
        f"{mb:.2f} MB of UTF-8, {chars:,} characters", "",
        "| step | CPU ms a document | MB/s a core |", "|---|---:|---:|",
    ]  # fmt: skip
    for name, work in timed.items():
        spent = _cpu_s(work, batches, repeat)
        lines.append(f"| {name} | {1000 * spent / len(texts):.4f} | {mb / spent:,.1f} |")
    head = "documents that lose some | that lose all | spans | characters | share |"
    lines += ["", f"| a line goes on more pages of its host than | {head}", "|---:" * 6 + "|"]
    lines += [
        _row(n, _cut(batches, Repeats(site_line_pages=n)), chars) for n in PAGES
    ]  # fmt: skip
    lines += ["", f"| copies of lines go from so many characters on | {head}", "|---:" * 6 + "|"]
    lines += [
        _row(n, _cut(batches, Repeats(paragraphs="lines", paragraph_min_chars=n)), chars)
        for n in CHARS
    ]
    return lines


def _row(bound: int, cut: tuple[int, int, int, int], chars: int) -> str:
    return f"| {bound} | " + " | ".join(f"{n:,}" for n in cut) + f" | {cut[3] / chars:.1%} |"


if __name__ == "__main__":
    main()
