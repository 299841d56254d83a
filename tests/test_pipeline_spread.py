"""Batches cut anew: the same rows, the same cuts, whatever they came in."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import spread


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 7))
def test_even_batches_hold_the_same_rows_and_depend_on_nothing_else(sizes, rows):
    total = sum(sizes)
    made = pa.table({"n": pa.array(range(total)), "t": pa.array(["é" * n for n in range(total)])})
    whole = made.to_batches()[0] if total else pa.RecordBatch.from_pylist([], made.schema)
    batches, start = [], 0
    for size in sizes:
        batches.append(whole.slice(start, size))
        start += size
    found = list(spread.even(batches, rows))
    assert [row for batch in found for row in batch.to_pylist()] == made.to_pylist()
    assert all(batch.num_rows == rows for batch in found[:-1])
    assert [b.nbytes for b in found] == [b.nbytes for b in spread.even([whole], rows)]
