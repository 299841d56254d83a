"""Extraction: main text of ordinary and odd pages, its settings, and figures on real pages."""

import json
import logging
import lzma
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fromstring
from warcio.archiveiterator import ArchiveIterator

from pipeline import head
from pipeline.precheck import check
from pipeline.text import extract, from_plain, parse
from pipeline.text_settings import (
    DEFAULT,
    FINEWEB,
    HPLT,
    RESILIPARSE,
    SETTINGS,
    TRAFILATURA,
    TextSettings,
)
from pipeline.tree_text import missing_prose

PARAGRAPHS = [
    "The ferry to the outer islands leaves at seven in the morning, and whoever is late "
    "walks around "
    "the bay to the second pier, where the mail boat waits until a quarter past.",
    "In winter the strait freezes from shore to shore, so the islanders mark a road over "
    "the ice with "
    "young spruces, and the school bus follows it from January until the thaw.",
    "Nobody remembers who planted the first tree, but every year the oldest skipper and "
    "the youngest "
    "pupil set out together, and the village follows them with flasks of coffee.",
]
MENU = "".join(f'<li><a href="/{i}">Section {i}</a></li>' for i in range(12))
FURNITURE = f"<nav><ul>{MENU}</ul></nav>"
ARTICLE = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
PAGE = (
    '<html lang="en-GB"><head><title> The ice\n road </title>'
    '<meta property="article:published_time" content="2023-02-11T08:00:00+02:00"></head>'
    f"<body>{FURNITURE}<article><h1>The ice road</h1>{ARTICLE}</article>"
    "<footer>© Island Press, all rights reserved, imprint</footer></body></html>"
)
TABLE_PAGE = (
    f"<html><body>{FURNITURE}<table><tr><td><table>"
    + "".join(f"<tr><td>{p}</td></tr>" for p in PARAGRAPHS)
    + "</table></td></tr></table></body></html>"
)
ALL = {
    **SETTINGS,
    "trafilatura": TRAFILATURA,
    "resiliparse": RESILIPARSE,
    "fast": replace(TRAFILATURA, fast=True),
}


@pytest.mark.parametrize("name", ALL)
def test_main_text_without_furniture(name: str) -> None:
    page = extract(PAGE, "http://islands.example/ice", ALL[name])
    for paragraph in PARAGRAPHS:
        assert paragraph in page.text
    assert "Section 3" not in page.text
    assert "imprint" not in page.text
    assert page[1:4] == ("The ice road", "2023-02-11", "en-GB")


@pytest.mark.parametrize("name", ALL)
def test_a_page_laid_out_in_tables_is_not_empty_unless_tables_are_off(name: str) -> None:
    found = [p in extract(TABLE_PAGE, None, ALL[name]).text for p in PARAGRAPHS]
    assert found == [ALL[name].tables] * 3


def test_adaptive_trafilatura_recovers_prose_that_precision_loses() -> None:
    # the article is one block of the page, and its continuation lies in blocks beside it
    opening = f"<p>{' '.join(p.replace('the', 'a') for p in PARAGRAPHS)}</p>"
    blocks = "".join(f"<div>{p}</div>" for p in PARAGRAPHS)
    html = f'<html><body><div class="content">{opening * 2}</div>{blocks}</body></html>'
    story = "\n".join(PARAGRAPHS)
    precise = replace(TRAFILATURA, favor="precision")
    assert missing_prose(extract(html, None, precise).text, story) > 0.2
    assert missing_prose(extract(html, None, TRAFILATURA).text, story) == 0


def test_comments_are_a_setting() -> None:
    comment = "I drove over the ice road last week and the spruces stood straight as ever."
    html = PAGE.replace("</article>", f'</article><div id="comments"><p>{comment}</p></div>')
    assert comment not in extract(html, None, FINEWEB).text
    assert comment in extract(html, None, HPLT).text


def test_deduplication_ends_with_the_page() -> None:
    # with the engine's own cache the same page is discarded after two more
    assert {extract(PAGE, None, FINEWEB).text for _ in range(6)} == {extract(PAGE, None, HPLT).text}


@pytest.mark.parametrize("settings", [DEFAULT, TRAFILATURA, RESILIPARSE])
def test_text_below_256_elements_is_not_lost(settings: TextSettings) -> None:
    html = f"<html><body>{'<div>' * 380}{ARTICLE}{'</div>' * 380}</body></html>"
    assert check(html).html == html
    assert PARAGRAPHS[2] in extract(html, None, settings).text


@pytest.mark.parametrize(
    "html",
    [
        '<?xml version="1.0" encoding="iso-8859-1"?>' + PAGE,
        PAGE.replace('<html lang="en-GB">', "<html/>"),
        PAGE.replace("<html", "<!DOCTYPE html SYSTEM 'about:legacy-compat' [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><html"),
        PAGE.replace("</head>", "<meta charset=utf-16></head>"),
        PAGE.replace("</body></html>", ""),
        ARTICLE,
    ],
    ids=["xml", "self-closed", "doctype", "wrong meta", "open", "fragment"],
)  # fmt: skip
def test_odd_documents(html: str) -> None:
    assert PARAGRAPHS[1] in extract(html, None).text


@pytest.mark.parametrize("html", ["", " ", "<!-- -->", "<html></html>", "<title></title>"])
@pytest.mark.parametrize("name", ALL)
def test_pages_without_text_give_none(html: str, name: str) -> None:
    assert extract(html, None, ALL[name]).text == ""


def test_entities_are_never_files_or_bombs() -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/hostname'>]>"
    text = extract(bomb + PAGE.replace("The ferry", "&b; &f; The ferry"), None).text
    assert "aaaa" not in text
    assert Path("/etc/hostname").read_text().strip() not in text


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        extract("<html><body></body></html>", "http://secret.example/", DEFAULT)
        extract(PAGE, "http://secret.example/", DEFAULT)
    assert "secret" not in caplog.text


def test_plain_text_stays_as_it_is() -> None:
    assert from_plain("a\n\n<b>") == ("a\n\n<b>", None, None, None, None)


@given(st.text(max_size=300))
def test_missing_prose_is_a_share(text: str) -> None:
    assert missing_prose(text, text) == 0
    assert 0 <= missing_prose(text, " ".join(PARAGRAPHS)) <= 1
    assert missing_prose(text, "short line") == 0


@pytest.mark.parametrize(
    ("markup", "date"),
    [
        (
            '<meta name="date" content="2020-01-02">'
            '<meta property="article:published_time" content="2019-05-06T1">',
            "2019-05-06",
        ),
        ('<meta itemprop="datePublished" content="2018/7/9">', "2018-07-09"),
        ('<meta name="DC.date.issued" content="20170304">', "2017-03-04"),
        (
            '<script type="application/ld+json">{"datePublished": "2016-02-29T00:00:00Z"}</script>',
            "2016-02-29",
        ),
        ('<p><time datetime="2015-12-31 23:59">New Year</time>', "2015-12-31"),
        ('<meta name="date" content="2015-02-29">', None),
        ('<meta name="date" content="0001-01-01">', None),
        ('<meta name="date" content="yesterday">', None),
        ('<meta name="keywords" content="2015-02-27">', None),
    ],
)  # fmt: skip
def test_dates_are_declared_and_exist(markup: str, date: str | None) -> None:
    tree = parse(f"<html><head></head><body>{markup}<p>x</p></body></html>")
    assert tree is not None
    assert head.published(tree) == date


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = head.iso_date(text)
    assert found is None or re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", found)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("fi", "fi"), (" sr-Cyrl-RS ", "sr-Cyrl-RS"), ("pt_BR", "pt_BR"), ("", None), ("x" * 9, None),
     ("en; drop table", None), ("{{lang}}", None)],
)  # fmt: skip
def test_lang_has_the_form_of_a_tag(lang: str, expected: str | None) -> None:
    assert head.html_lang(fromstring(f'<html lang="{lang}"><body><p>x</body></html>')) == expected


def test_titles_are_bounded_and_fall_back() -> None:
    long = fromstring(f"<html><head><title>{'word ' * 9999}</title></head><body>x</body></html>")
    assert len(head.title(long) or "") <= head.MAX_TITLE_CHARS
    graph = fromstring(
        '<html><head><meta property="og:title" content=" A  b "></head><body>x</html>'
    )
    assert head.title(graph) == "A b"


# ---- real pages: 1,110 press releases laid out in tables, with the main text as people copied it


def grams(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(zip(words, words[1:], words[2:], words[3:], strict=False))


def f1(text: str, gold: str) -> float:
    """Word 4-gram F1, counted with repetition."""
    found, wanted = grams(text), grams(gold)
    common = (found & wanted).total()
    return 2 * common / max(1, found.total() + wanted.total())


BLOCKS = re.compile(r"</?(?:p|h\d|li|tr|td|th|br|ul|ol|table|div)\b[^>]*>", re.IGNORECASE)


def press_releases(data: Path, step: int = 1) -> Iterator[tuple[str, str, str]]:
    """Pages, their languages, and their main text as people copied it."""
    with lzma.open(data / "europa/gold.jsonl.xz", "rt") as lines:
        gold = {one["url"]: one for one in map(json.loads, lines)}
    with (data / "europa/pages.warc.gz").open("rb") as stream:
        for number, record in enumerate(ArchiveIterator(stream)):
            wanted = gold.get(record.rec_headers.get_header("WARC-Target-URI") or "")
            if wanted and number % step == 0:
                text = unescape(re.sub("<[^>]*>", "", BLOCKS.sub("\n", wanted["gold"])))
                yield record.content_stream().read().decode(), wanted["lang"], text


FLOORS = {
    **dict.fromkeys(["da", "el", "es", "fi", "fr", "hu", "it", "nl", "pt", "sv"], 0.98),
    **dict.fromkeys(["al", "bg", "de", "en", "et", "hr", "lt", "lv", "mt", "no", "ro", "sl"], 0.97),
    **dict.fromkeys(["ar", "cs", "ga", "pl", "ru", "sk"], 0.955),
}
"""Mean F1 by language that the default engine must not fall below; measured .005 to .01 above."""


@pytest.mark.real
def test_main_text_of_every_language_of_europa(shared_data: Path) -> None:
    scores: dict[str, list[float]] = {}
    for page, lang, gold in press_releases(shared_data):
        found = extract(page, None).text
        assert found
        scores.setdefault(lang, []).append(f1(found, gold))
    assert scores.keys() == FLOORS.keys()
    means = {lang: sum(each) / len(each) for lang, each in scores.items()}
    low = {lang: mean for lang, mean in means.items() if mean < FLOORS[lang]}
    assert not low
    assert sum(map(sum, scores.values())) / sum(map(len, scores.values())) > 0.98


@pytest.mark.real
def test_the_default_beats_others_on_pages_in_tables(shared_data: Path) -> None:
    pages = list(press_releases(shared_data, step=24))
    assert len(pages) > 40
    scores = {
        name: sum(f1(extract(check(html).html or "", None, ALL[name]).text, gold)
                  for html, _, gold in pages) / len(pages)
        for name in ("default", "trafilatura", "fineweb", "resiliparse")
    }  # fmt: skip
    assert scores["default"] > 0.97
    assert scores["default"] >= max(scores.values())
    assert scores["resiliparse"] > 0.9
