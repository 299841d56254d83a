"""Rows packed by shard come out sorted, however they were packed, and cut in the same places."""

import random

import pyarrow as pa
import pytest

from pipeline import parcels

ROWS = pa.schema(
    [
        ("doc_id", pa.string()), ("domain", pa.string()), ("url", pa.string()),
        ("text", pa.string()), ("pii", pa.list_(pa.struct([("start", pa.int32())]))),
    ]
)  # fmt: skip
MOVED = ROWS.append(pa.field("shard", pa.int32())).append(pa.field("task", pa.int32()))


def rows(count, seed, shards=3):
    draw = random.Random(seed)
    return [
        {
            "doc_id": f"{draw.getrandbits(128):032x}",
            "domain": draw.choice(["a.example", "b.example", "ä.example", "", "\U0001f600"]),
            "url": draw.choice(["https://x/", "https://y/", "\uffff"]),
            "text": draw.choice(["", "text", "x" * 500]),
            "pii": [{"start": i} for i in range(draw.randint(0, 2))],
            "shard": (shard := draw.randrange(shards)),
            "task": shard // 2,
        }
        for _ in range(count)
    ]


def moved(made, size):
    """The parcels of some rows read in batches of a size, by shard."""
    batches = [
        pa.RecordBatch.from_pylist(made[start : start + size], MOVED)
        for start in range(0, len(made), size)
    ]
    by_shard = {}
    for parcel in parcels.packed(batches):
        for shard, task, packed in zip(*(c.to_pylist() for c in parcel.columns), strict=True):
            assert task == shard // 2
            by_shard.setdefault(shard, []).append(pa.py_buffer(packed))
    return by_shard


def key(row):
    return (row["domain"].encode(), row["url"].encode(), row["doc_id"])


@pytest.mark.parametrize("held", [1, 5000, 1 << 30])
@pytest.mark.parametrize("pack", [1, 3000, 1 << 30])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_rows_come_out_in_order_and_cut_in_the_same_places(monkeypatch, held, pack, size):
    monkeypatch.setattr(parcels, "HELD_BYTES", held)
    monkeypatch.setattr(parcels, "PACK_BYTES", pack)
    monkeypatch.setattr(parcels, "CHUNK_ROWS", 10)
    made = rows(150, 8)
    found = moved(made, size)
    assert found.keys() == {0, 1, 2}
    for shard, own in found.items():
        random.Random(size).shuffle(own)  # parcels arrive in any order
        batches = list(parcels.merged(own, ROWS))
        expected = sorted((r for r in made if r["shard"] == shard), key=key)
        kept = [{name: row[name] for name in ROWS.names} for row in expected]
        assert [row for batch in batches for row in batch.to_pylist()] == kept
        assert {batch.num_rows for batch in batches[:-1]} == {10}


def test_no_rows_make_no_parcel():
    assert list(parcels.packed([])) == []
    assert list(parcels.packed([pa.RecordBatch.from_pylist([], MOVED)])) == []
    assert list(parcels.merged([], ROWS)) == []
