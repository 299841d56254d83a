"""Pre-checks: pages pass as they are, hostile ones shrink or are refused, all in linear time."""

import re

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from pipeline import precheck
from pipeline.precheck import MAX_DEPTH, MAX_TAGS, REASONS, REFUSALS, check, cut, is_binary

PROSE = "The ferry leaves at seven, and whoever is late walks around the bay. "
PAGE = f"<html><head><title>t</title></head><body><h1>Ferry</h1><p>{PROSE}</p></body></html>"


def around(*hostile: str) -> str:
    return PAGE.replace("<h1>", "".join(hostile) + "<h1>")


def test_an_ordinary_page_passes_unchanged() -> None:
    assert check(PAGE) == (PAGE, None, [])


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ("<!-- " + "c" * 9_000_000 + " -->", None),
        ("<SCRIPT type=module>" + "if (a<b) {'<div>'}" * 10_000 + "</script >", None),
        ("<style>" + "a{}" * 10_000 + "</style>", None),
        ("<svg viewBox='0'>" + "<path d='M0'/>" * 100_000 + "</svg>", None),
        ("<math>" + "<mi>x</mi>" * 50_000 + "</math>", None),
        ('<img src="data:image/png;base64,' + "A" * 5_000_000 + '">', "data_uri"),
        ("<div " + " ".join(f"a{i}=1" for i in range(100_000)) + ">", "long_tag"),
        ('<meta name=author content="' + "(" * 200_000 + '">', "long_tag"),
        ("<!DOCTYPE" + "/" * 300_000 + ">", None),
        ("<p>" + "&#769;" * 100_000 + "</p>", "entity_run"),
        ("<p>a" + "\u0301\u0316" * 100_000 + "</p>", None),
        ("<div>" * 3000, "flattened"),
        ("<div/>" * 30_000, "flattened"),
        ("".join(f"<b id={i}><p>" for i in range(3000)), "flattened"),
        ("<table><tr><td>" * 2000, "flattened"),
        ("<b><i>" * 45_000, "formatting_removed"),
        ("<p>" + "word " * 3_000_000 + "</p>", "long_text"),
        ("\0" * 1_000_000, None),
    ],
    ids=["comment", "script", "style", "svg", "math", "data", "attributes", "author", "doctype",
         "mark references", "marks", "deep", "self-closed", "opened again", "tables", "formatting",
         "text", "nul"],
)  # fmt: skip
def test_hostile_parts_go_and_the_prose_stays(hostile: str, reason: str | None) -> None:
    checked = check(around(hostile))
    assert checked.refused is None
    assert checked.html is not None
    assert PROSE in checked.html
    assert len(checked.html) < 1_300_000
    assert ([reason] if reason else []) == [r for r in checked.reasons if r != "cut_2mi_chars"]


@pytest.mark.parametrize(
    ("html", "refused"),
    [
        (around("<p>x</p>" * MAX_TAGS), "too_many_tags"),
        (around("<" * 1_000_000), "too_many_tags"),
        (around("<a" * 300_000), "too_many_tags"),
        (around("".join(f"<x{i}>" for i in range(3 * MAX_DEPTH))), "too_deep"),
        ("\ufffd\x01" * 5000 + PAGE, "not_text"),
    ],
    ids=["tags", "lt", "open", "unknown", "noise"],
)  # fmt: skip
def test_refusals(html: str, refused: str) -> None:
    checked = check(html)
    assert checked.html is None
    assert checked.refused == refused
    assert refused in REFUSALS


def test_references_to_what_no_xml_holds_go_and_others_stay() -> None:
    for code in [*range(1, 200), 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 65_534_0]:
        goes = code in {*range(1, 32), 0xFFFE, 0xFFFF} - {9, 10, 13}
        for spelled in ("&#%d;", "&#00%d;", "&#%dz", "&#%da", "&#x%x;", "&#X00%Xz"):
            html = around(spelled % code)
            assert ("&#" in (check(html).html or "")) != goes, spelled % code


@pytest.mark.parametrize("opening", ["<!-- ", "<script>", "<style>"])
def test_what_is_not_closed_takes_the_rest(opening: str) -> None:
    checked = check(PAGE + opening + "rest " * 1000)
    assert checked.html == PAGE
    assert checked.reasons == ["unclosed_raw"]


def test_unclosed_drawings_and_custom_elements_take_nothing() -> None:
    for opening in ("<svg>", "<math>", "<script-like>", "<styled>"):
        assert PROSE in (check(around(opening)).html or ""), opening


def test_json_ld_is_reduced_to_two_facts() -> None:
    thread = '{"@type": "DiscussionForumPosting", "datePublished":"2021-03-04T05:06", "author": {}}'
    bait = '{"@type":[' * 3000
    opening = '<script type="application/ld+json">'
    checked = check(around(opening, thread, "</script>", opening, bait, "</script>")).html or ""
    kept = re.findall("<script[^>]*>(.*?)</script>", checked)
    assert kept == ['{"@type": "DiscussionForumPosting", "datePublished": "2021-03-04T05:06"}']


@given(st.lists(st.sampled_from(
    ["<", ">", "<!--", "-->", "<script>", "</script>", "<svg ", "/>", "<p>", "text", "\0", "é",
     "<?xml", "<!doctype", "&#769;", '"', "data:,", "<style", "</style>", " "]), max_size=60)
)  # fmt: skip
def test_any_markup_gives_a_closed_set_of_reasons(parts: list[str]) -> None:
    checked = check("".join(parts))
    assert set(checked.reasons) <= REASONS.keys()
    assert (checked.html is None) == (checked.refused is not None)
    if checked.html is not None:
        assert len(checked.html) <= len("".join(parts)) + 100
        assert "\0" not in checked.html


@pytest.mark.parametrize(
    ("start", "unit", "size"),
    [("", "<!--", 400_000), ("", "<script", 400_000), ("", "<svg >", 400_000),
     ("", "data:", 400_000), ("", "data:a/b,", 200_000), ("", "&#76", 400_000),
     ("", "<!doctype", 200_000), ("", "</script", 800_000), ("<script>", "</script", 800_000),
     ("", "<p ", 800_000), ("", "&#768;" * 30, 8_000), ("", "<div >", 39_000)],
    ids=["comments", "scripts", "svgs", "data", "uris", "references", "doctypes", "ends",
         "bad ends", "tags", "capped references", "divs"],
)  # fmt: skip
def test_hostile_markup_takes_linear_time(start: str, unit: str, size: int) -> None:
    assert_linear(check, lambda count: start + unit * count, size)


def test_bodies_are_cut_and_binaries_known() -> None:
    assert cut(b"x" * 100) == (b"x" * 100, [])
    big = b"x" * (precheck.MAX_BODY_BYTES + 1)
    assert cut(big) == (big[:-1], ["cut_16mib"])
    assert is_binary(b"%PDF-1.7 ...")
    assert not is_binary(b"<html>")
    assert not is_binary(b"")
