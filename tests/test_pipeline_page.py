"""A page from bytes to columns, in process and in the sandbox."""

import json
from typing import Any

import pytest

from filters.pii import Span, mask
from pipeline.errors import ConfigError
from pipeline.page import factory, page, text_settings
from pipeline.precheck import REASONS, REFUSALS
from pipeline.sandbox import Sandbox, SandboxLimits, SandboxStartError
from pipeline.text_settings import FINEWEB

PROSE = (
    "Lautta lähtee saareen aamuseitsemältä, ja myöhästynyt kävelee lahden ympäri toiselle "
    "laiturille, "
    "jossa postivene odottaa vielä vartin. Kysy lisää: satama@saaristo.fi tai 09 1234 5678."
)
HTML = (
    '<html lang="fi"><head><title>Lautta &amp; laituri</title><meta name="robots" content="noai">'
    '<meta name="date" content="2022-06-24"></head>'
    f"<body><h1>Lautta</h1><p>{PROSE}</p><p>{PROSE[:120]}</p></body></html>"
)
KEYS = {
    "text", "markdown", "title", "page_date", "html_lang", "charset", "charset_source", "refused",
    "reasons", "pii", "rights", "text_chars",
}  # fmt: skip
URL = "https://saaristo.fi/lautta"


def run(body: bytes, **header: Any) -> dict[str, Any]:
    result = page({"url": URL, "kind": "html"} | header, body, text_settings(None, "default"))
    assert result.keys() == KEYS
    assert json.loads(json.dumps(result)) == result
    assert set(result["reasons"]) <= REASONS.keys()
    assert result["refused"] is None or result["refused"] in REFUSALS
    assert (result["refused"] is None) or not result["text"]
    assert result["text_chars"] == len(result["text"])
    result["text"].encode()
    return result


def test_html_becomes_columns() -> None:
    result = run(HTML.encode("cp1252"), header_charset="windows-1252")
    text = result["text"]
    assert PROSE in text
    assert result["title"] == "Lautta & laituri"
    assert (result["page_date"], result["html_lang"]) == ("2022-06-24", "fi")
    assert (result["charset"], result["charset_source"]) == ("windows-1252", "header")
    assert {"source": "meta", "name": "robots", "value": "noai"} in result["rights"]
    assert result["reasons"] == []


def test_personal_data_are_spans_of_the_text_itself() -> None:
    result = run(HTML.encode())
    spans = [Span(**span) for span in result["pii"]]
    assert {(s.kind, result["text"][s.start : s.end]) for s in spans} >= {
        ("email", "satama@saaristo.fi"),
        ("phone", "09 1234 5678"),
    }
    masked, _ = mask(result["text"], spans)
    assert "satama@" not in masked
    # a national number is one only where host or language say which nation's
    english = HTML.replace('lang="fi"', 'lang="en"').encode()
    elsewhere = run(english, url="https://islands.example/")
    assert "phone" not in {span["kind"] for span in elsewhere["pii"]}


def test_plain_text_keeps_its_lines_and_markup() -> None:
    result = run(b"<b>one</b>\r\n\r\ntwo\x00\x07 \n", kind="text")
    assert result["text"] == "<b>one</b>\n\ntwo"
    assert (result["title"], result["html_lang"], result["rights"]) == (None, None, [])


@pytest.mark.parametrize(
    ("body", "kind", "refused"),
    [
        (b"%PDF-1.7\n" + HTML.encode(), "html", "not_text"),
        (bytes(range(1, 255)) * 500, "text", "not_text"),
        (bytes(range(1, 255)) * 500, "html", "not_text"),
        (b"", "html", None),
        (b"", "text", None),
        (b"<html></html>", "html", None),
    ],
)
def test_refusals_name_their_reason_and_empty_pages_have_none(
    body: bytes, kind: str, refused: str | None
) -> None:
    result = run(body, kind=kind)
    assert result["refused"] == refused
    assert result["text"] == ""
    assert result["pii"] == []


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b"<p>x</p>" * 90_000, "too_many_tags"),
        (b"".join(b"<x%d>" % n for n in range(9000)) + PROSE.encode(), "too_deep"),
    ],
)
def test_what_no_tree_can_be_built_of_is_read_by_the_engine_that_builds_none(
    body: bytes, refused: str
) -> None:
    assert run(body)["text"]
    parsed = page({"kind": "html"}, body, text_settings("trafilatura", "default"))
    assert (parsed["refused"], parsed["text"]) == (refused, "")


def test_of_a_page_of_too_many_tags_the_first_are_read() -> None:
    result = run(f"<p>{PROSE}</p>".encode() + b"<b>" * 600_000 + b"<p>last")
    assert PROSE in result["text"]
    assert "last" not in result["text"]
    assert result["reasons"] == ["cut_tags"]


def test_text_that_was_damaged_before_is_made_whole_and_marked() -> None:
    damaged = PROSE.encode().decode("cp1252")
    result = run(HTML.replace(PROSE, damaged).encode())
    assert PROSE in result["text"]
    assert result["reasons"] == ["mojibake"]


def test_markdown_is_an_option_and_its_personal_data_are_masked_at_once() -> None:
    made = factory({"options": {"markdown": True, "links": True}})
    linked = HTML.replace("<h1>", '<h1><a href="mailto:satama@saaristo.fi">Kirje</a> ')
    result = made({"url": URL, "kind": "html"}, linked.encode())
    assert "satama@saaristo.fi" in result["text"]
    assert "satama@" not in result["markdown"]
    assert "09 1234 5678" not in result["markdown"]
    assert "Lautta lähtee saareen" in result["markdown"]
    assert made({"url": URL, "kind": "html"}, HTML.encode())["markdown"].startswith("# Lautta\n\n")
    assert factory({})({"url": URL, "kind": "html"}, HTML.encode())["markdown"] is None


def test_a_page_without_url_or_kind_is_read_as_html() -> None:
    result = page({}, HTML.encode(), text_settings(None, "default"))
    assert PROSE in result["text"]


def test_long_plain_text_is_cut_with_a_note() -> None:
    result = run(b"word and word\n" * 200_000, kind="text")
    assert result["reasons"] == ["cut_2mi_chars"]
    assert 2_000_000 < result["text_chars"] <= 2 << 20


def test_settings_are_named() -> None:
    assert text_settings("trafilatura", "fineweb") == FINEWEB
    assert text_settings("resiliparse", "hplt").engine == "resiliparse"
    assert not text_settings("resiliparse", "hplt").tables
    with pytest.raises(ConfigError, match="no text settings named 'best'"):
        text_settings(None, "best")
    with pytest.raises(ConfigError, match="no text engine named 'jusText'"):
        text_settings("jusText", "default")


def test_the_same_page_gives_the_same_result_in_the_sandbox() -> None:
    header = {"url": URL, "kind": "html", "header_charset": None}
    with Sandbox("pipeline.page:factory", {}, SandboxLimits(time_s=20)) as sandbox:
        inside = sandbox.run(header, HTML.encode())
        again = sandbox.run(header, HTML.encode())
    assert inside.result == again.result == factory({})(header, HTML.encode())


def test_an_unknown_engine_stops_the_start() -> None:
    broken = Sandbox("pipeline.page:factory", {"engine": "abacus"})
    with pytest.raises(SandboxStartError, match="no text engine named 'abacus'"):
        broken.run({}, b"")


def test_feeds_and_pdf_become_columns_too() -> None:
    entry = f"<item><title>Lautta</title><description>{PROSE}</description></item>"
    body = f'<?xml version="1.0" encoding="iso-8859-1"?><rss><channel>{entry}</channel></rss>'
    result = run(body.encode("latin-1"), kind="feed")
    assert result["text"] == f"Lautta\n{PROSE}"
    assert (result["charset"], result["charset_source"]) == ("windows-1252", "meta")
    assert {span["kind"] for span in result["pii"]} == {"email", "phone"}
    assert run(b"\x1f\x8b\x08 packed", kind="feed")["refused"] == "not_text"
    assert run(bytes(range(1, 255)) * 500, kind="feed")["refused"] == "not_text"
    broken = page({"kind": "pdf"}, b"%PDF-1.7", text_settings(None, "default"))
    assert (broken["refused"], broken["charset"]) == ("pdf_damaged", None)
