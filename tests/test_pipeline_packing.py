"""Rows packed by task and merged by number: sorted, whole, and with no trace of the packing."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import packing

ROWS = pa.schema(
    [
        ("shard", pa.int32()),
        ("url", pa.string()),
        ("id", pa.int64()),
        ("text", pa.string()),
        ("size", pa.int32()),
        ("spans", pa.list_(pa.struct([("start", pa.int32()), ("kind", pa.string())]))),
    ]
)
ORDER = ("shard", "url", "id")
TASKS = (0, 0, 1, 3)


def table(keys):
    """Rows of three shards, with texts, nulls and lists of their own."""
    return [
        {
            "shard": shard, "url": url, "id": number, "text": "é" * (number % 7) or None,
            "size": number % 7 * 2 or None,
            "spans": None if number % 5 == 0 else [{"start": number, "kind": "k"}] * (number % 3),
        }
        for number, (shard, url) in enumerate(keys)
    ]  # fmt: skip


def merged(pieces, chunk, most_bytes=1 << 20):
    parts = packing.spooled(pieces, ROWS)
    return packing.merged(parts, ORDER, packing.Block(chunk, "size", most_bytes))


def through(rows, cuts, pack_bytes, chunk):
    """The rows cut into batches, packed, handed to their tasks and merged there."""
    places = [0, *sorted(cut % (len(rows) + 1) for cut in cuts), len(rows)]
    batches = [pa.RecordBatch.from_pylist(rows[start:end], ROWS) for start, end in pairwise(places)]
    packing.PACK_BYTES, before = pack_bytes, packing.PACK_BYTES
    try:
        pieces = list(packing.packed(iter(batches), ORDER, TASKS))
    finally:
        packing.PACK_BYTES = before
    found = {}
    for task in sorted(set(TASKS)):
        own = (piece.filter(pa.compute.equal(piece["task"], task)) for piece in pieces)
        for number, parts in merged(own, chunk):
            assert TASKS[number] == task
            assert number not in found
            found[number] = list(parts)
    return found


KEYS = st.lists(
    st.tuples(st.integers(0, 3), st.none() | st.text("aåz\uffff\U0001f600", max_size=3)),
    max_size=40,
)
CUTS = st.lists(st.integers(0, 100), max_size=8)


@settings(deadline=None)
@given(KEYS, CUTS, CUTS, st.integers(1, 400), st.integers(1, 7))
def test_every_row_comes_out_once_in_order_however_it_was_packed(keys, cuts, others, most, chunk):
    rows = table(keys)
    found = through(rows, cuts, most, chunk)
    out = [row for number in found for part in found[number] for row in part.to_pylist()]
    expected = sorted(
        rows, key=lambda r: (r["shard"], r["url"] is None, (r["url"] or "").encode(), r["id"])
    )
    assert out == expected
    assert all(part.num_rows == chunk for parts in found.values() for part in parts[:-1])
    again = through(rows[::-1], others, 1 << 20, chunk)
    assert found == again
    sizes = {number: [part.nbytes for part in parts] for number, parts in found.items()}
    assert sizes == {number: [part.nbytes for part in parts] for number, parts in again.items()}


def test_nothing_is_no_shard():
    assert list(merged(iter([]), 10)) == []
    empty = pa.RecordBatch.from_pylist([], packing.PACKED)
    assert list(merged(iter([empty]), 10)) == []
    assert list(packing.packed(iter([pa.RecordBatch.from_pylist([], ROWS)]), ORDER, TASKS)) == []


def test_batches_end_where_the_bytes_before_say_so():
    rows = table([(1, "a")] * 20)
    pieces = list(packing.packed(iter([pa.RecordBatch.from_pylist(rows, ROWS)]), ORDER, TASKS))
    ((number, parts),) = merged(iter(pieces), 8, 20)
    assert number == 1
    expected, before, last = [], 0, None
    for place, row in enumerate(rows):
        if place % 8 == 0 or before // 20 != last:
            expected.append([])
        last = before // 20
        before += row["size"] or 0
        expected[-1].append(row)
    assert [part.to_pylist() for part in parts] == expected
    assert len(expected) > 4


def test_the_waiting_file_lies_where_spark_puts_its_own(monkeypatch, tmp_path):
    (piece,) = packing.packed(
        iter([pa.RecordBatch.from_pylist(table([(0, "a")]), ROWS)]), ORDER, TASKS
    )
    monkeypatch.setenv("SPARK_LOCAL_DIRS", f"{tmp_path / 'absent'},/elsewhere")
    with pytest.raises(FileNotFoundError):
        list(merged(iter([piece]), 10))
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path))
    ((number, parts),) = merged(iter([piece]), 10)
    assert (number, [part.num_rows for part in parts]) == (0, [1])
    assert list(tmp_path.iterdir()) == []
