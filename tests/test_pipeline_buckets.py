"""Band rows and bucket edges over Arrow batches, without Spark."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from dedup.bands import band_hashes
from dedup.minhash import EMPTY, sketches
from pipeline.buckets import BAND_ROWS, EDGES, band_rows, bucket_edges, byte_rows

DRAWN = np.random.default_rng(1).integers(0, 2**32, (6, 112), dtype=np.uint32)


def documents(signatures, scopes=None):
    count = len(signatures)
    columns = {
        "node": pa.array(np.arange(count) - 2, pa.int64()),
        "scope": pa.array(scopes or ["fin_Latn"] * count, pa.string()),
        "signature": pa.array(signatures, pa.binary()),
    }
    return pa.record_batch(columns)


def binaries(values):
    return [row.astype("<u4").tobytes() for row in values]


def rows_of(batch, bands=14, rows=8, sketched=True):
    return list(band_rows(iter([batch]), bands, rows, sketched))


def test_one_row_a_band():
    (batch,) = rows_of(documents(binaries(DRAWN), list("abcdef")))
    assert batch.schema == BAND_ROWS
    assert batch["node"].to_pylist() == [node for node in range(-2, 4) for _ in range(14)]
    assert batch["scope"].to_pylist() == [scope for scope in "abcdef" for _ in range(14)]
    assert batch["band"].to_pylist() == list(range(14)) * 6
    assert batch["bucket"].to_pylist() == band_hashes(DRAWN, 14).ravel().tolist()
    assert (byte_rows(batch["sketch"]) == np.repeat(sketches(DRAWN), 14, axis=0)).all()


def test_documents_without_shingles_have_no_bands():
    empty = np.full(112, EMPTY, np.uint32)
    signatures = [None, *binaries(DRAWN[:1]), b"", *binaries([empty]), *binaries(DRAWN[1:2])]
    (batch,) = rows_of(documents(signatures), sketched=False)
    assert batch["node"].to_pylist() == [-1] * 14 + [2] * 14
    assert set(batch["sketch"].to_pylist()) == {b""}


@pytest.mark.parametrize("signatures", [[], [None, b""]])
def test_nothing_to_band(signatures):
    assert sum(batch.num_rows for batch in rows_of(documents(signatures))) == 0


def test_slices_and_long_batches_keep_every_document():
    whole = documents(binaries(np.tile(DRAWN, (800, 1))))
    batches = rows_of(whole.slice(3, 4500))
    assert len(batches) > 1
    nodes = np.concatenate([batch["node"].to_numpy() for batch in batches])
    assert (nodes == np.repeat(np.arange(1, 4501), 14)).all()


def test_long_signatures_are_cut_to_the_bands():
    (long,) = rows_of(documents(binaries(DRAWN)), bands=4, rows=8)
    (short,) = rows_of(documents(binaries(DRAWN[:, :32])), bands=4, rows=8)
    assert long.equals(short)


def test_short_signatures_are_an_error():
    with pytest.raises(ValueError, match="have 112 hashes, the bands need 286"):
        rows_of(documents(binaries(DRAWN)), bands=26, rows=11)


def test_mixed_signatures_are_an_error():
    with pytest.raises(ValueError, match="different lengths"):
        rows_of(documents([*binaries(DRAWN[:2]), b"1234"]))


def test_byte_rows_of_slices_and_large_binaries():
    values = pa.array([b"ab", b"cd", b"ef"], pa.large_binary())
    assert byte_rows(values.slice(1)).tolist() == [[99, 100], [101, 102]]
    assert byte_rows(pa.array([b"", b""])).shape == (2, 0)


def bucketed(rows):
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, BAND_ROWS, strict=True)],
        BAND_ROWS,
    )


def test_a_bucket_is_one_scope_band_and_hash_and_spans_batches():
    rows = [
        ("deu", 0, 5, 1, b"xx"),
        ("deu", 0, 5, 2, b"xx"),
        ("fin", 0, 5, 3, b"xx"),
        ("fin", 0, 5, 4, b"xx"),
        ("fin", 1, 5, 5, b"xx"),
        ("fin", 1, 6, 6, b"xx"),
        ("fin", 1, 6, 7, b"xy"),
        ("fin", 1, 6, 8, b"xx"),
    ]
    whole = bucketed(rows)
    for cuts in ([0, 8], [0, 1, 3, 7, 8], [0, 1, 1, 2, 3, 4, 5, 6, 7, 8]):
        parts = [whole.slice(a, b - a) for a, b in itertools.pairwise(cuts)]
        batches = list(bucket_edges(iter(parts), equal_bytes=2, leaders=4))
        assert all(batch.schema == EDGES for batch in batches)
        found = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
        assert found == [(2, 1), (4, 3), (8, 6)]


def test_no_batches_no_edges():
    assert list(bucket_edges(iter([]), 2, 4)) == []
    assert list(bucket_edges(iter([bucketed([("a", 0, 0, 0, b"")]).slice(1)]), 0, 4)) == []
