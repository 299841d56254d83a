"""An output folder as ``extract`` and ``deduplicate`` leave it, of as many documents as one likes.

Rows of a real run are drawn at random and get ids, addresses and hashes of their own, measurements
that differ a little, and texts cut at random lengths, whose Latin letters are shifted along the
alphabet: else the many copies of a page would compress to nothing. Clusters are made up.
"""

import string
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import parquet, stages
from pipeline.files import Folder
from pipeline.judging import hexadecimal, nodes
from pipeline.schema import DOCUMENTS, LEDGER, MEASURES, MEMBERS, schema

FILE_ROWS = 20_000
WRITE_ROWS = 2_000
CUT_MEDIAN_CHARS, CUT_SIGMA = 2_500, 0.8
"""Texts are cut to a length drawn from this log-normal distribution."""
LETTERS = string.ascii_lowercase
SHIFTS = [
    str.maketrans(LETTERS + LETTERS.upper(), shifted + shifted.upper())
    for shifted in (LETTERS[n:] + LETTERS[:n] for n in range(26))
]
DOMAINS = 50_000
SINGLE_SHARE = 0.7
"""Of the documents, so many are in no cluster; the others are in clusters of 2 to 9."""
SKIPPED_SHARE = 0.6
"""Ledger rows of records that hold no text, for each document."""


def build(source: Folder, target: Folder, documents: int, seed: int = 0) -> dict[str, float]:
    """Write the folder; mean bytes of a text, and bytes of the documents files."""
    extracted, grouped = (stages.required(source, name) for name in ("extract", "deduplicate"))
    pages = pa.Table.from_batches(
        [b for file in extracted.files["documents"] for b in parquet.batches(source, file.path)]
    ).combine_chunks()
    draw = np.random.default_rng(seed)
    ids = draw.integers(0, 2**64, (documents, 2), np.uint64, endpoint=False)
    starts = range(0, documents, FILE_ROWS)
    files, text_bytes = [], 0
    for number, start in enumerate(starts):
        path = f"documents/{number:05d}.parquet"
        with parquet.Writer(target, path, schema(DOCUMENTS)) as out:
            for at in range(start, min(start + FILE_ROWS, documents), WRITE_ROWS):
                batch = _copies(pages, ids[at : min(at + WRITE_ROWS, start + FILE_ROWS)], at, draw)
                text_bytes += int(batch.column("text_bytes").to_numpy().sum())
                out.write(batch)
        files.append(out.file)
    tables = {"documents": files, "ledger": [_ledger(target, documents)]}
    inputs = {"synthetic.warc.gz": ["synthetic.warc.gz", 0, "", ""]}
    stages.finish(
        target, extracted._replace(parts=extracted.parts | {"inputs": inputs}, files=tables)
    )
    clusters = {"members": [_clusters(target, nodes(ids[:, 0]), draw)]}
    stages.finish(target, grouped._replace(files=clusters))
    return {"mean_text_bytes": text_bytes / documents, "bytes": sum(f.bytes for f in files)}


def _copies(
    pages: pa.Table, ids: np.ndarray[Any, Any], start: int, draw: np.random.Generator
) -> pa.RecordBatch:
    count = len(ids)
    batch = pages.take(draw.integers(0, len(pages), count)).combine_chunks().to_batches()[0]
    columns = {name: batch.column(name) for name in batch.schema.names}
    cuts = draw.lognormal(np.log(CUT_MEDIAN_CHARS), CUT_SIGMA, count).astype(int)
    whole = columns["text"].to_pylist()
    shifts = draw.integers(0, 26, count).tolist()
    texts = [
        text[:cut].translate(SHIFTS[shift])
        for text, cut, shift in zip(whole, cuts.tolist(), shifts, strict=True)
    ]
    share = np.array([len(a) / max(1, len(b)) for a, b in zip(texts, whole, strict=True)])
    for column in MEASURES:
        columns[column.name] = _near(columns[column.name], share, draw)
    for name in ("word_count", "token_count"):
        columns[name] = pa.array((columns[name].to_numpy() * share).astype(np.int32))
    order = np.arange(start, start + count)
    sites = draw.integers(0, DOMAINS, count).tolist()
    columns |= {
        "doc_id": hexadecimal(ids),
        "domain": pa.array([f"site{n}.example" for n in sites]),
        "url": pa.array(
            [f"https://site{n}.example/page/{i}" for n, i in zip(sites, order, strict=True)]
        ),
        "warc_file": pa.array(["synthetic.warc.gz"] * count),
        "warc_offset": pa.array(order * 7),
        "text": pa.array(texts),
        "text_chars": pa.array([len(text) for text in texts], pa.int32()),
        "text_bytes": pa.array([len(text.encode()) for text in texts], pa.int32()),
        "text_hash": pa.array([draw.bytes(16) for _ in range(count)], pa.binary(16)),
        "pii": pa.array(
            [
                [span for span in spans if span["end"] <= len(text)]
                for spans, text in zip(columns["pii"].to_pylist(), texts, strict=True)
            ],
            batch.schema.field("pii").type,
        ),
    }
    fields = schema(DOCUMENTS)
    return pa.record_batch([columns[f.name].cast(f.type) for f in fields], fields)


def _near(column: pa.Array, share: np.ndarray[Any, Any], draw: np.random.Generator) -> pa.Array:
    """Values within a tenth of what was measured; whole numbers shrink with the text."""
    values = column.to_numpy(zero_copy_only=False)
    if values.dtype.kind == "i":
        return pa.array(np.where(values > 1, values * share, values).astype(np.int32))
    return pa.array((values * draw.uniform(0.9, 1.1, len(values))).astype(np.float32))


def _clusters(target: Folder, own: np.ndarray[Any, Any], draw: np.random.Generator) -> parquet.File:
    """Rows in random order, as a shuffle leaves them."""
    order = draw.permutation(own)
    singles = int(len(own) * SINGLE_SHARE)
    sizes = np.concatenate([np.ones(singles, np.int64), draw.integers(2, 10, len(own))])
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), len(own)) + 1]
    sizes[-1] -= sizes.sum() - len(own)
    starts = np.cumsum(sizes) - sizes
    cluster = np.repeat(np.minimum.reduceat(order, starts), sizes)
    size = np.repeat(sizes, sizes).astype(np.int32)
    # half the copies have the text of the first
    exact = np.where(draw.random(len(own)) < 0.5, cluster, order)
    with parquet.Writer(target, "members/0.parquet", schema(MEMBERS)) as out:
        for at in range(0, len(own), WRITE_ROWS):
            part = [c[at : at + WRITE_ROWS] for c in (order, cluster, size, exact)]
            out.write(pa.record_batch([pa.array(c) for c in part], schema(MEMBERS)))
    return out.file


def _ledger(target: Folder, documents: int) -> parquet.File:
    """Every document's record, and records without text."""
    rows = int(documents * (1 + SKIPPED_SHARE))
    with parquet.Writer(target, "ledger/0.parquet", schema(LEDGER)) as out:
        for at in range(0, rows, WRITE_ROWS):
            number = np.arange(at, min(at + WRITE_ROWS, rows))
            has_text = number < documents
            columns = {
                "warc_file": pa.array(["synthetic.warc.gz"] * len(number)),
                "warc_offset": pa.array(number * 7),
                "warc_length": pa.array(np.full(len(number), 7)),
                "record_type": pa.array(["response"] * len(number)),
                "url": pa.array([f"https://example.org/{n}" for n in number.tolist()]),
                "fate": pa.array(np.where(has_text, "extracted", "skipped").tolist()),
                "reason": pa.array([None if t else "revisit" for t in has_text], pa.string()),
                "notes": pa.array([[]] * len(number), pa.list_(pa.string())),
            }
            arrays = [
                columns[f.name].cast(f.type) if f.name in columns else pa.nulls(len(number), f.type)
                for f in schema(LEDGER)
            ]
            out.write(pa.record_batch(arrays, schema(LEDGER)))
    return out.file
