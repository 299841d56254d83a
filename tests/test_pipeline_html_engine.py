"""The project's own extraction engine: text, what frames it, odd markup, hostile pages."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from filters.rights import from_html
from pipeline import head
from pipeline.html_engine import read, unescaped
from pipeline.html_names import ID, KEYS, NAMES, NUMBERS, SLOTS, key, slot_of
from pipeline.html_scan import MAX_FACTS, scan
from pipeline.html_tags import kinds_of
from pipeline.html_words import AWAY, BODY, KINDS, LETTERS, MAIN, NOTHING, STEPS, WORDS
from pipeline.text import parse
from pipeline.text_settings import DEFAULT

SENTENCE = "The ferry leaves at seven in the morning and comes back when the fog has lifted from "
PROSE = f"{SENTENCE}the strait, and whoever is late walks around the bay to the second pier."
OTHER = f"{SENTENCE}the outer islands, where the mail boat waits until a quarter past eight."


def text(page: str, **options: bool) -> str:
    return read(page, replace(DEFAULT, **options)).text


def markdown(page: str, **options: bool) -> str | None:
    return read(page, replace(DEFAULT, markdown=True, **options)).markdown


def scanned(page: str):
    return scan(np.frombuffer(page.encode("utf-8", "replace"), np.uint8))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", ""),
        ("no markup at all", "no markup at all"),
        ("<", "<"),
        ("a < b and b > c", "a < b and b > c"),
        ("a<", "a<"),
        ("<p", ""),
        ("<p>one<p>two", "one\ntwo"),
        ("<p>one<b> two</b>three", "one twothree"),
        ("one<br>two<br><br>three", "one\ntwo\nthree"),
        ("<p>  a \n\t b  </p>", "a b"),
        ("a&nbsp;b &amp;lt; &#x20AC; &#8364;", "a\xa0b &lt; € €"),
        ("<p>&nbsp;<p>x", "x"),
        ("<pre>a\n  b\n\n c</pre>", "a\n  b\n\n c"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<table><tr><th>Mon<th>Tue<tr><td>7:10<td>8:10</table>", "Mon | Tue\n7:10 | 8:10"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字", "漢字"),
        ("<!-- <p>no --><p>yes", "yes"),
        ("<!--><p>yes", "yes"),
        ("<![CDATA[x]]><p>yes", "yes"),
        ("<?php echo 1 ?><p>yes", "yes"),
        ("</ ><p>yes", "yes"),
        ("<script>if (a<b) '</p>'</script>yes", "yes"),
        ("<SCRIPT>x</sCript >yes", "yes"),
        ("<title>no</title><p>yes", "yes"),
        ("<textarea><p>no</textarea>yes", "yes"),
        ("<select><option>no<option>no</select>yes", "yes"),
        ("<svg><text>no</text></svg>yes", "yes"),
        ('<p title="a>b">yes', "yes"),
        ("<p title='a\">b'>yes", "yes"),
        ("<p title=a>yes", "yes"),
        ("<p/>yes", "yes"),
        ("<x-unknown>yes</x-unknown>", "yes"),
        ("<p hidden>no</p><p>yes", "yes"),
        ("<h2>One <a href='#one'>¶</a></h2>two", "One\ntwo"),
        ("<dt>one<a href=#one>#</a><dd>two <a href=#f>1</a> <a href=/>#</a>", "one\ntwo 1 #"),
        ("<h2><a href='#a'>A</a><a href='#a'>&para;</a></h2>b", "A\nb"),
        ("<form><button>no</form>yes", "yes"),
        ("<div><button>no<p>no</div>yes", "yes"),
        ("<button>no</p>no<button>no</button>yes", "yes"),
        ("<button class=go />yes<video src=a />, <canvas/>yes", "yes, yes"),
        ("<div>a</span></p></b>b</div>", "a\nb"),
        ("שלום <b>עולם</b> ქართული ენა", "שלום עולם ქართული ენა"),
    ],
)
def test_text_of_small_pages(page: str, expected: str) -> None:
    assert text(page) == expected


FRAMES = [
    '<nav><a href="/">Home</a> {}</nav>',
    "<footer>{}</footer>",
    "<aside>{}</aside>",
    '<div class="sidebar">{}</div>',
    '<div id="related-posts">{}</div>',
    '<ul class="mainMenu"><li>{}</ul>',
    '<div role="navigation">{}</div>',
    '<div style="display: none">{}</div>',
    '<div class="cookie-notice">{}</div>',
    "<form><label>Your name</label> {}</form>",
]


@pytest.mark.parametrize("frame", FRAMES)
def test_what_frames_the_text_goes(frame: str) -> None:
    short = "Ferry times, island news and weather of the week"
    page = f"<body>{frame.format(short)}<div>{f'<p>{PROSE}' * 4}</div>{frame.format(short)}"
    assert text(page) == "\n".join([PROSE] * 4)


@pytest.mark.parametrize("frame", FRAMES)
def test_prose_is_never_lost_to_a_name(frame: str) -> None:
    """A page whose whole text stands in what is called a frame still has its text."""
    found = text(f"<body>{frame.format(f'<div><p>{PROSE}<p>{OTHER}</div>')}")
    assert PROSE in found
    assert OTHER in found


@pytest.mark.parametrize(
    "hidden",
    ['<div style="display:none">{}</div>', "<div hidden>{}</div>"],
    ids=["style", "hidden"],
)
def test_what_is_not_shown_is_not_the_text_of_a_page_that_shows_one(hidden: str) -> None:
    """Pages of broken-in sites hide lists of words that are longer than their text."""
    stuffed = hidden.format(" ".join(["cheap ferry tickets"] * 5000))
    shown = f"<div>{f'<p>{PROSE}' * 10}</div>"
    assert text(f"<body>{stuffed}{shown}") == "\n".join([PROSE] * 10)


def test_what_is_not_shown_does_not_count_when_frames_are_looked_for() -> None:
    stuffed = f"<div hidden>{f'<p>{OTHER}' * 100}</div>"
    related = f'<div class="related"><p>{PROSE}<p>{PROSE}</div>'
    found = text(f"<body><div>{f'<p>{PROSE}' * 10}</div>{stuffed}{related}")
    assert found == "\n".join([PROSE] * 10)


@pytest.mark.parametrize(
    "attributes",
    [
        'style="overflow: hidden"',
        'style="background: url(/banner_wide.png)"',
        'style="backface-visibility:hidden"',
        'class="overflow-hidden"',
        'class="overflow-x-hidden card"',
    ],
)
def test_a_style_hides_only_what_it_says_is_not_shown(attributes: str) -> None:
    part = f"<div {attributes}><p>{PROSE}</div>"
    assert text(f"<body><p>{OTHER}{part * 3}") == "\n".join([OTHER, PROSE, PROSE, PROSE])


def test_comments_in_code_are_no_comments_of_readers() -> None:
    code = (
        '<pre><span class="k">let</span> piers = 7;\n'
        '<span class="hljs-comment">// the eighth is closed</span>\n'
        '<span class="doccomment">/// Times of a pier.</span>\nfn times()</pre>'
    )
    lines = ["let piers = 7;", "// the eighth is closed", "/// Times of a pier.", "fn times()"]
    found = text(f"<article><p>{PROSE}{code}<p>{OTHER}</article>")
    assert found.split("\n") == [PROSE, *lines, OTHER]


SLUGS = ["editing-and-navigation", "utility-functions", "search", "source-code", "subscribe-a-pier"]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("section", ['<div class="section" id="{}">', '<section id="{}">'])
def test_the_id_of_a_section_is_its_heading_and_no_frame(section: str, slug: str) -> None:
    part = f"{section.format(slug)}<h2>Piers</h2><p>{PROSE}<p>{PROSE}</div></section>"
    found = text(f"<body><div>{f'<p>{OTHER}' * 30}{part}</div>")
    assert found.endswith(f"{OTHER}\nPiers\n{PROSE}\n{PROSE}")


@pytest.mark.parametrize(
    "section",
    [
        '<section id="related">{}</section>',
        '<section id="piers" class="related-posts">{}</section>',
        '<div id="related-posts">{}</div>',
    ],
)
def test_a_section_that_leads_elsewhere_is_a_frame(section: str) -> None:
    teasers = f'<h3><a href="/a">{SENTENCE}</a></h3><p>{PROSE}' * 2
    found = text(f"<body><div>{f'<p>{OTHER}' * 30}{section.format(teasers)}</div>")
    assert found == "\n".join([OTHER] * 30)


@pytest.mark.parametrize("name", ["entry-content", "articleBody", "post__body", "StoryText"])
def test_the_article_is_chosen_by_its_name(name: str) -> None:
    page = f'<div><p>{OTHER}</div><div class="{name}"><p>{PROSE}<p>{PROSE}</div>'
    assert text(page) == f"{PROSE}\n{PROSE}"


def test_lists_of_links_go_and_lists_of_prose_stay() -> None:
    links = "".join(f'<li><a href="/{n}">Ferry times of pier {n}</a>' for n in range(9))
    items = f"<li>{PROSE}<li>{OTHER}"
    found = text(f"<div><p>{PROSE}<ul>{links}</ul><ul>{items}</ul></div>")
    assert found == f"{PROSE}\n- {PROSE}\n- {OTHER}"


def test_text_in_a_heading_that_is_never_closed_stays() -> None:
    assert text(f"<h1>Ferries<p>{PROSE}<p>{OTHER}") == f"Ferries\n{PROSE}\n{OTHER}"
    assert text(f"<p>{PROSE}<h2>See also</h2>") == PROSE


def test_a_name_on_every_example_is_not_that_of_the_text() -> None:
    code = (
        "<pre>$ ferry --list --from pier-7 --to the-outer-islands --with times.txt\n1 found</pre>"
    )
    example = f'<div class="example-contents">{code}</div>'
    found = text(f"<div>{f'<p>{PROSE}{example}<p>{OTHER}' * 3}</div>")
    assert found.count(PROSE) == found.count(OTHER) == found.count("$ ferry") == 3


def test_code_alone_is_the_text() -> None:
    code = "\n".join(f"{n:3} {SENTENCE}" for n in range(20))
    assert text(f"<div><pre>{code}</pre></div><div><p>{PROSE}</div>").startswith("  0 The ferry")


def test_parts_with_a_usual_name_are_not_the_whole_page() -> None:
    entry = f'<div class="resume-content"><p>{OTHER}</div>'
    about = f"<section><p>{PROSE}<p>{PROSE}<p>{PROSE}</section>"
    found = text(f"<div>{about}<section>{entry}{entry}</section></div>")
    assert (found.count(PROSE), found.count(OTHER)) == (3, 2)


def test_a_table_of_data_beside_a_little_prose_stays() -> None:
    rows = "".join(f"<tr><td>Pier {n}<td>{n}:10, {n}:40, and on request" for n in range(20))
    found = text(f"<div><h1>Ferries</h1><table>{rows}</table><div><p>{PROSE}</div></div>")
    assert found.startswith("Ferries\nPier 0 | 0:10, 0:40, and on request\n")
    assert found.endswith(PROSE)


def test_small_extras_that_are_most_of_the_page_are_its_text() -> None:
    cells = f'<div class="icon-cell"><p>{PROSE}</div>' * 12
    assert text(f"<div><p>{OTHER}{cells}</div>").count(PROSE) == 12
    assert (
        text(f'<div>{f"<p>{OTHER}" * 12}<div class="icon-cell"><p>{PROSE}</div>').count(PROSE) == 0
    )


def test_a_heading_that_links_to_itself_is_a_heading() -> None:
    own = f'<h2><a class="header" href="#piers">Piers</a></h2><p>{PROSE}'
    away = f'<h2><a href="/piers">Piers</a></h2><p>{PROSE}'
    assert text(f"<div>{own}<p>{OTHER}</div>") == f"Piers\n{PROSE}\n{OTHER}"
    assert text(f"<div>{away}<p>{OTHER}</div>") == f"{PROSE}\n{OTHER}"
    assert markdown(f"<div>{own}<p>{OTHER}</div>", links=True) == (
        f"## Piers\n\n{PROSE}\n\n{OTHER}"
    )


def test_a_table_of_contents_is_a_list_of_links() -> None:
    contents = "".join(f'<li><a href="#{n}">Ferry times of pier {n}</a>' for n in range(9))
    assert text(f"<div><ul>{contents}</ul><p>{PROSE}<p>{OTHER}</div>") == f"{PROSE}\n{OTHER}"


def test_links_and_headings_alone_are_no_text() -> None:
    links = "".join(f'<li><a href="/{n}">Pier {n}</a>' for n in range(3))
    assert not text(f"<body><h1>Ferries</h1><ul>{links}</ul>")


def test_comments_are_an_option() -> None:
    page = f'<article><p>{PROSE}<p>{PROSE}</article><div id="comments"><p>{OTHER}</div>'
    assert OTHER not in text(page)
    page = f'<main><p>{PROSE}<p>{PROSE}<div id="comments"><p>{OTHER}</div></main>'
    assert OTHER not in text(page)
    assert OTHER in text(page, comments=True)


def test_without_tables_rows_of_data_go_and_layout_stays() -> None:
    page = f"<table><tr><td><p>{PROSE}<table><tr><td>Mon<td>7:10</table><tr><td>{OTHER}</table>"
    assert text(page) == f"{PROSE}\nMon | 7:10\n{OTHER}"
    assert text(page, tables=False) == f"{PROSE}\n{OTHER}"


def test_text_nested_beyond_the_depth_that_is_kept_is_read() -> None:
    page = f"{'<div>' * 3000}<p>{PROSE}</p>{'</div>' * 3000}<p>{OTHER}"
    assert text(page) == f"{PROSE}\n{OTHER}"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", ""),
        ("<h1>One</h1><p>two<h3>Three</h3>four", "# One\n\ntwo\n\n### Three\n\nfour"),
        ("<p>a<br>b <b>c</b>d", "a\nb cd"),
        ("<ul><li>one<li>two<ol><li>deep<li>er</ol><li>three</ul>end",
         "- one\n- two\n  1. deep\n  1. er\n- three\n\nend"),
        ("<p>x<table><tr><th>Day<th>Ferry<tr><td>Mon<td>7:10</table>y",
         "x\n\n| Day | Ferry |\n| --- | --- |\n| Mon | 7:10 |\n\ny"),
        ("x<pre>a\n  b <b>c</b>\n\nd</pre>y", "x\n\n```\na\n  b c\n\nd\n```\n\ny"),
        ("<p>see <a href='/x'>the pier</a> now, as it is", "see the pier now, as it is"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
    ],
)  # fmt: skip
def test_markdown_of_small_pages(page: str, expected: str) -> None:
    assert markdown(page) == expected
    assert read(page).markdown is None


def test_links_in_markdown_are_an_option() -> None:
    page = f"<p>{PROSE} <a href='/a b?x=1&amp;y'>the <b>pier</b></a>, <a href=/c>boats</a>"
    assert markdown(page, links=True) == f"{PROSE} [the pier](/a%20b?x=1&y), [boats](/c)"


MARKUP = st.lists(
    st.sampled_from(
        [f"<{end}{name}{rest}>" for name in NAMES[1:] for end in ("", "/") for rest in ("", "/")]
        + ['<a href="x">', "<div class=nav>", "<p hidden", "<!--", "-->", "<", ">", "&nbsp;", " "]
        + ["word ", f"{PROSE} ", "字", "\n", "'", '"', "&#99999999999999;", "&#xD800;", "\ud800"]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None, max_examples=300)
@given(MARKUP | st.text(max_size=300))
def test_the_tables_of_any_page_are_sound(page: str) -> None:
    found = scanned(page)
    size, elements = len(page.encode("utf-8", "replace")), len(found.names)
    assert all(found.parents[1:] < np.arange(1, elements))
    assert all(found.lasts > np.arange(elements))
    assert all(found.lasts <= found.lasts[found.parents])
    assert found.lasts[0] == elements
    assert all(found.starts < found.ends)
    assert all(found.ends[:-1] <= found.starts[1:])
    assert all(found.ends <= size)
    assert all((found.owners >= 0) & (found.owners < elements))
    read(page).text.encode()
    assert text(page) == text(page)
    (markdown(page, links=True) or "").encode()
    bare = [c for c in text(page) if c.isalnum()]
    marked = [c for c in markdown(page) or "" if c.isalnum()]
    assert len(bare) <= len(marked)  # "1. " may be more


@settings(deadline=None)
@given(
    st.recursive(
        st.sampled_from(["one", "two words", "three"]),
        lambda inner: st.tuples(
            st.sampled_from(["div", "p", "b", "ul", "li", "section", "h2", "span", "td"]),
            st.lists(inner, max_size=4),
        ).map(lambda e: f"<{e[0]}>{' '.join(e[1])}</{e[0]}>"),
        max_leaves=12,
    )
)
def test_no_word_of_an_ordinary_page_is_lost_by_the_scan(body: str) -> None:
    """Against lxml: the same words, in the same order."""
    page = f"<html><body>{body}</body></html>"
    found = scanned(page)
    content = page.encode()
    words = b" ".join(content[a:b] for a, b in zip(found.starts, found.ends, strict=True)).split()
    assert words == " ".join(document_fromstring(page).itertext()).encode().split()


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        ("", "<", ""),
        ("", "<a ", ""),
        ("", '<a href="', ""),
        ("", "<div>", "x"),
        ("", "<b><p>", ""),
        ("", "<a href=x><div></a>", ""),
        ("", "</div>", ""),
        ("", "<table><tr><td>", ""),
        ("", "<li>", ""),
        ("", "<!--", ""),
        ("", "<script>", ""),
        ("", "<title>", ""),
        ("", "&", ""),
        ("&#", "9", ""),
        ("&#x", "f", ""),
        ("", "a\n", ""),
        ("<p class='", "nav-", "'>x"),
        ("", "<p a{n}=1>", ""),
    ],
    ids=range(18),
)
def test_hostile_pages_take_linear_time(start: str, unit: str, end: str) -> None:
    def made(size: int) -> str:
        count = size // len(unit)
        return start + "".join(unit.replace("{n}", str(n)) for n in range(count)) + end

    assert_linear(read, made, 800_000)


def test_references_are_those_of_the_standard_library() -> None:
    for reference in ("&#65;", "&#x41;", "&#x1F6A2;", "&eacute", "&notit;", "&#128;", "&#0;"):
        assert unescaped(reference) == html.unescape(reference)
    assert unescaped("&#0000000000000065;") == "A"
    assert unescaped("&#99999999999999999999;") == "\ufffd"
    assert unescaped(f"&#{'9' * 5000};") == "\ufffd"


@pytest.mark.parametrize(
    "tags",
    [
        '<html lang="mt"><title>Il-vapur &amp; l-port</title>',
        '<meta name="date" content="2021-03-04"><meta name="robots" content="noai">',
        '<link rel="license" href="https://example.org/terms">',
        '<p>x<a class=y href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>',
        '<a href=/terms rel="nofollow LICENSE">terms</a>',
        '<script type="application/ld+json">{"license": "https://example.org/l", '
        '"datePublished": "2020-01-02"}</script>',
        '<time datetime="2019-05-06">May</time>',
        '<!-- <meta name="robots" content="noai"> -->',
        "<textarea><meta name=robots content=noai></textarea>",
        "<title>open",
    ],
)
def test_what_a_page_says_of_itself_is_found_in_its_facts(tags: str) -> None:
    page = f"{tags}<body><p>{PROSE}</p><p>{PROSE}"
    facts = read(page).facts
    assert PROSE not in facts or "<title>open" in tags
    assert from_html(facts) == from_html(page)
    tree = parse(facts or "<html>")
    full = parse(page)
    assert tree is not None
    assert full is not None
    if "<title>open" not in tags:
        assert head.title(tree) == head.title(full)
        assert head.published(tree) == head.published(full)
        assert head.html_lang(tree) == head.html_lang(full)


def test_facts_are_bounded() -> None:
    assert len(scanned("<meta>" * 5000).facts) == MAX_FACTS


def test_names_are_found_by_their_keys_alone() -> None:
    assert len({key(name) for name in NAMES}) == len(NAMES)
    for name in NAMES[1:]:
        at = slot_of(key(name))
        while KEYS[at] != key(name):
            at = (at + 1) % SLOTS
        assert NUMBERS[at] == ID[name]
        found = scanned(f"<{name.upper()} class=x>")
        assert NAMES[found.names[1]] == name
        assert scanned(f"<{name}s>").names[1] == ID.get(f"{name}s", 0)


@given(st.text(st.sampled_from("navmenu-_ NM1contbody"), max_size=30) | st.sampled_from(
    [word.replace("_", "-") for word, _ in WORDS]
))  # fmt: skip
def test_kinds_of_words_against_a_plain_search(value: str) -> None:
    folded = ""
    for before, letter in zip(" " + value, value, strict=False):
        turn = before.islower() and letter.isupper()
        folded += ("_" if turn else "") + (letter.lower() if letter.isalpha() else "_")
    while "__" in folded:
        folded = folded.replace("__", "_")
    folded = f"_{folded.strip('_')}_"
    silent = [word for word, kind in WORDS if kind == NOTHING]
    expected = 0
    for word, kind in WORDS:
        for end in (m.start() + len(word) for m in re.finditer(f"(?={word})", folded)):
            if not any(folded[:end].endswith(one) and len(one) > len(word) for one in silent):
                expected |= kind
    content = np.frombuffer(f"{value} ".encode(), np.uint8)
    assert kinds_of(content, 0, len(content) - 1) == expected


def test_the_table_of_words_is_whole() -> None:
    assert STEPS.shape == (len(KINDS), LETTERS)
    assert STEPS.max() < len(KINDS)
    bits = kinds_of(np.frombuffer(b"article-body side-nav", np.uint8), 0, 21)
    assert bits & BODY
    assert bits & AWAY
    layout = np.frombuffer(b"row justify-content-md-center ", np.uint8)
    assert not kinds_of(layout, 0, len(layout) - 1) & MAIN
