"""Rights signals are captured as sent, and what they forbid is decided from what was captured."""

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from filters.rights import HEAD_BYTES, VALUE_CHARS, RightsSignal, from_headers, from_html, opt_outs

BY = "https://creativecommons.org/licenses/by/4.0/"


def header(name: str, value: str) -> RightsSignal:
    return RightsSignal("header", name, value)


def meta(name: str, value: str) -> RightsSignal:
    return RightsSignal("meta", name, value)


def test_headers_are_captured_raw_and_in_order():
    assert from_headers(
        [
            ("Content-Type", "text/html"),
            ("TDM-Reservation", " 1 "),
            ("tdm-policy", "https://example.org/policy.json"),
            ("X-Robots-Tag", "googlebot: noai, noindex"),
            ("Content-Usage", "train-ai=n;x=1, search=y"),
            ("Link", f'<{BY}>; rel="license", </style.css>; rel=preload'),
        ]
    ) == [
        header("tdm-reservation", "1"),
        header("tdm-policy", "https://example.org/policy.json"),
        header("x-robots-tag", "googlebot: noai, noindex"),
        header("content-usage", "train-ai=n;x=1, search=y"),
        header("license", BY),
    ]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<meta name="tdm-reservation" content="1">', meta("tdm-reservation", "1")),
        ("<META CONTENT=1 NAME='TDM-Reservation'/>", meta("tdm-reservation", "1")),
        ("<meta\nname=tdm-reservation\ncontent=1>", meta("tdm-reservation", "1")),
        ('<meta name="tdm-policy" content="/p?a=1&amp;b=2">', meta("tdm-policy", "/p?a=1&b=2")),
        ('<meta name="robots" content="noai, noimageai">', meta("robots", "noai, noimageai")),
        ('<meta name="robots" content="index">', meta("robots", "index")),
        ('<meta name="GPTBot" content="noai">', meta("robots", "gptbot: noai")),
        (f'<link rel="license" href="{BY}">', meta("license", BY)),
        ('<a class="x" rel="license nofollow" href="/terms">', meta("license", "/terms")),
        (f'<p><a href="{BY}">CC BY</a>', meta("license", BY)),
        (f'<meta name="dcterms.rights" content="{BY}">', meta("license", BY)),
        (f'<meta property="og:whatever" content="{BY}">', meta("license", BY)),
        (
            '<script type="application/ld+json">{"license" : "https:\\/\\/a.example\\/l"}</script>',
            meta("license", "https://a.example/l"),
        ),
        (
            '<script type="application/ld+json">{"license":{"@type":"X","url":"/l"}}</script>',
            meta("license", "/l"),
        ),
    ],
)
def test_signals_of_a_page(page, expected):
    assert from_html(page) == [expected]
    assert from_html(page.encode()) == [expected]
    assert from_html(page.encode("utf-16")) == [expected]


@pytest.mark.parametrize(
    "page",
    [
        "",
        '<!-- <meta name="tdm-reservation" content="1"> -->',
        '<!-- <meta name="tdm-reservation" content="1">',
        '<script>x = \'<meta name="tdm-reservation" content="1">\'</script>',
        '<textarea><meta name="tdm-reservation" content="1"></textarea>',
        '<meta name="description" content="noai is a word">',
        '<meta name="keywords" content="nonoai, noaid">',
        '<a href="https://example.org/?u=creativecommons.org">',
        '<script>{"license": "x"}</script>',
        '&lt;meta name="tdm-reservation" content="1">',
        '<metadata name="tdm-reservation" content="1">',
    ],
)
def test_what_is_no_signal(page):
    assert from_html(page) == []


def test_a_signal_after_a_comment_and_a_script_is_seen():
    page = "<!-- a > b --><script>if (a < b) {}</script><!--><meta name=tdm-reservation content=1>"
    assert from_html(page) == [meta("tdm-reservation", "1")]


def test_only_the_head_is_read_values_are_cut_and_repeats_dropped():
    tag = '<meta name="tdm-reservation" content="1">'
    assert from_html(" " * HEAD_BYTES + tag) == []
    assert from_html(tag * 50) == [meta("tdm-reservation", "1")]
    (long,) = from_html(f'<meta name="robots" content="{"x" * 3000}">')
    assert long.value == "x" * VALUE_CHARS
    many = "".join(f'<a rel=license href="/{number}">' for number in range(10_000))
    assert len(from_html(many)) == 100


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ([], ()),
        ([header("tdm-reservation", "1")], ("tdm_reservation",)),
        ([header("tdm-reservation", "0")], ()),
        ([header("tdm-reservation", "true")], ()),
        ([meta("tdm-reservation", "1")], ("tdm_reservation",)),
        ([header("tdm-reservation", "1"), meta("tdm-reservation", "0")], ()),
        ([header("tdm-reservation", "0"), meta("tdm-reservation", "1")], ("tdm_reservation",)),
        ([header("tdm-reservation", "1"), meta("tdm-reservation", "yes")], ("tdm_reservation",)),
        ([header("tdm-policy", "https://example.org/")], ()),
        ([header("x-robots-tag", "noindex, NoAI")], ("noai",)),
        ([header("x-robots-tag", "googlebot: noai")], ("noai",)),
        ([header("x-robots-tag", "googlebot:noai")], ("noai",)),
        ([header("x-robots-tag", "noimageai")], ()),
        ([header("x-robots-tag", "nonoai")], ()),
        ([meta("robots", "index,noai")], ("noai",)),
        ([meta("license", "noai")], ()),
        ([header("content-usage", "train-ai=n")], ("aipref",)),
        ([header("content-usage", "search=y, train-ai=n;x=y")], ("aipref",)),
        ([header("content-usage", "train-ai=?0")], ("aipref",)),
        ([header("content-usage", "train-ai=y")], ()),
        ([header("content-usage", "bots=n")], ("aipref",)),
        ([header("content-usage", "bots=n, train-ai=y")], ()),
        ([header("content-usage", "train-ai=y, train-genai=n")], ("aipref",)),
        ([header("content-usage", "train-ai=n, train-ai=y")], ()),
        ([header("content-usage", "search=n")], ()),
        (
            [meta("robots", "noai"), header("content-usage", "train-ai=n")],
            ("noai", "aipref"),
        ),
    ],
)
def test_opt_outs(signals, expected):
    assert opt_outs(signals) == expected


@given(st.text(alphabet="<>!-/\"'= \nametlinkscrp{}:&#;", max_size=400))
def test_any_page_can_be_read(page):
    for signal in from_html(page):
        assert len(signal.value) <= VALUE_CHARS
    opt_outs(from_html(page) + from_headers([("x-robots-tag", page), ("Content-Usage", page)]))


WORST = [
    "<",
    "<a ",
    "<meta ",
    '<meta a="',
    "<meta " + "x='a=\"" * 600 + ">",
    "<!--",
    "<!-- -->",
    "<script ",
    "<script type=ld+json>" + '"license":{' * 50_000,
    "<script type=ld+json>" + '"license":{"url":"' * 30_000,
    "<style></style",
    "<meta " + "a " * 1900 + ">",
    '<a href="https://creativecommons.org/licenses/',
    "<meta a" + " " * 3900,
    '<meta name=robots content="' + "&#" * 1900 + '">',
]


@pytest.mark.parametrize("unit", WORST)
@pytest.mark.parametrize("size", [HEAD_BYTES, 4 * HEAD_BYTES])
def test_time_is_linear(unit, size):
    def read(page):
        opt_outs(from_html(page) + from_headers([("Link", page), ("X-Robots-Tag", page)]))

    assert_linear(read, lambda size: (unit * (size // len(unit) + 1))[:size], size)
