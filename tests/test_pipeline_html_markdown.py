"""Markdown of hostile pages: what is around an element against climbing to it, and linear work."""

from dataclasses import replace

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.html_around import around
from pipeline.html_engine import read
from pipeline.html_names import ID, NAMES
from pipeline.html_scan import scan
from pipeline.html_tags import LINK
from pipeline.text_settings import DEFAULT

SETTINGS = replace(DEFAULT, markdown=True, links=True)
LISTS = {"ul", "ol", "menu", "dir"}
HEADINGS = {f"h{level}" for level in range(1, 7)}
SENTENCE = "The mail boat leaves at seven and comes back when the fog has lifted from the strait."

TAGS = st.sampled_from(
    ["ul", "ol", "li", "menu", "dir", "h2", "pre", "a", "a href=x", "table", "tr", "td", "p"]
)
MARKUP = st.lists(
    st.one_of(TAGS.map("<{}>".format), TAGS.map("</{}>".format), st.just("word ")), max_size=60
).map("".join)


@settings(deadline=None)
@given(MARKUP)
def test_what_is_around_an_element_is_what_climbing_to_the_top_finds(page: str) -> None:
    found = scan(np.frombuffer(page.encode(), np.uint8))
    near = around(found)
    for element in range(len(found.names)):
        above, at = [], element
        while at:
            above.append((at, NAMES[found.names[at]]))
            at = int(found.parents[at])
        first = {name: at for at, name in reversed(above)}
        anchor = first.get("a", 0)
        assert near.links[element] == (anchor if found.known[anchor] & LINK else 0)
        assert near.codes[element] == first.get("pre", 0)
        assert near.tables[element] == first.get("table", 0)
        assert near.headings[element] == next((at for at, name in above if name in HEADINGS), 0)
        lists = [name for _, name in above if name in LISTS]
        assert near.lists[element] == (ID[lists[0]] if lists else 0)
        assert near.depths[element] == len(lists)


HOSTILE = {
    "deep in blocks": ("<div>" * 500, "<p>x"),
    "deep in lists": ("<ul>" * 500, "<li>x"),
    "deep in tables": ("<table><tr><td>a<td>b<td>" * 400, "<p>x"),
    "links": ("<div>" * 500, "<a href=/x>x</a>"),
    "code": ("<div>" * 500, "<pre>x</pre>"),
    "cells of one row": ("<table><tr>", "<td>x"),
    "rows": ("<table>", "<tr><td>x<td>y"),
    "tables in a row, and text between them": (
        "<table><tr><td>a<td>b<td>", "<table><tr><td>x</table>y",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_linear_in_a_hostile_page(name: str) -> None:
    around_all, part = HOSTILE[name]
    assert_linear(
        lambda page: read(page, SETTINGS), lambda count: around_all + part * count, 80_000
    )


def test_a_row_with_tables_in_it_lays_out_however_many_they_are() -> None:
    page = f"<table><tr><td>{SENTENCE}<td>Piers<td>" + "<table><tr><td>x</table>y" * 37_500
    found = read(page, SETTINGS)
    assert " | " not in found.text
    assert "| " not in (found.markdown or "")
