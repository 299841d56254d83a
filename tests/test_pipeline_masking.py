"""Masked rows: what no look at a title's digits may miss, and texts put together again."""

import sys

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from filters.pii import is_possible
from pipeline import masking
from pipeline.schema import SPANS


def looked_at(titles):
    return pc.match_substring_regex(pa.array(titles, pa.string()), masking._POSSIBLE).to_pylist()


def test_every_decimal_digit_and_at_sign_of_unicode_is_looked_at():
    wanted = [c for c in map(chr, range(sys.maxunicode + 1)) if c.isdecimal() or c in "@\uff20"]
    assert all(looked_at([c if c in "@\uff20" else "a" + f"{c} - " * 6 for c in wanted]))
    assert not any(looked_at(["Ä – “plain” title: (a.b)", "", "ьеъ…", "IP/10/123 of 2010"]))


@given(st.lists(st.text("0127a Z.:-/@\u0663\u202f\u00a0\n中é", max_size=30), max_size=30))
def test_no_title_that_may_hold_personal_data_is_passed_over(titles):
    for title, found in zip(titles, looked_at(titles), strict=True):
        assert found or not is_possible(title)


VALUES = st.lists(st.none() | st.text(max_size=5), max_size=20)


@given(VALUES, st.data())
def test_other_values_stand_in_their_rows_and_no_other_row_changes(values, data):
    rows = sorted(data.draw(st.sets(st.integers(0, len(values) - 1)))) if values else []
    changed = {row: data.draw(st.text(max_size=5)) for row in rows}
    found = masking._with(pa.array(values, pa.string()), changed)
    assert found.to_pylist() == [changed.get(row, value) for row, value in enumerate(values)]


def test_titles_and_texts_are_masked():
    spans = [[{"start": 6, "end": 15, "kind": "email"}], None, []]
    batch = pa.record_batch(
        {
            "text": pa.array(["write me@a.test now", None, "x"]),
            "title": pa.array([None, "me@example.org 1", "1 title"]),
            "pii": pa.array(spans, SPANS),
            "host": pa.array(["a.test", "example.org", "a.fi"]),
            "html_lang": pa.array([None, "fi", None], pa.string()),
        }
    )
    found = masking.masked(batch, frozenset(["email"]))
    assert found["text"].to_pylist() == ["write <EMAIL> now", None, "x"]
    assert found["title"].to_pylist() == [None, "<EMAIL> 1", "1 title"]
    assert [len(own) for own in found["pii"].to_pylist()] == [1, 0, 0]
    assert masking.masked(batch, frozenset())["text"].equals(batch.column("text"))
