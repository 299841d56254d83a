"""Depth is never less than half of what either parser makes of a page, in bounded time."""

import random

import pytest
from growth import assert_linear
from lxml.html import HTMLParser, document_fromstring
from resiliparse.parse.html import HTMLTree

from pipeline.nesting import MAX_DEPTH, depth

NAMES = [
    "p", "li", "dt", "dd", "tr", "td", "th", "option", "tbody", "thead", "tfoot", "table", "div",
    "ul", "ol", "dl", "b", "i", "u", "font", "a", "span", "em", "center", "h1", "h2", "section",
    "blockquote", "form", "button", "optgroup", "select", "noscript", "x", "caption", "object",
    "label", "br",
]  # fmt: skip


def libxml2_depth(html: str) -> int:
    tree = document_fromstring(html, parser=HTMLParser(huge_tree=True))
    return max(sum(1 for _ in element.iterancestors()) for element in tree.iter())


def resiliparse_depth(html: str) -> int:
    deepest, waiting = 0, [(HTMLTree.parse(html).document, 0)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(child, level + 1) for child in node.child_nodes]
    return deepest


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div><div></div></div>", 2),
        ("<p>a<p>b<p>c", 1),
        ("<br><img src=x><hr/>" * 10, 0),
        ("<div><svg><path/><path/></svg></div>", 4),
        ("<div><a>1<b>2</div>" * 100, 9),
        ("</div>" * 100 + "<ul><li><ul><li>", 4),
        ("<table><tr><td>a<td>b<tr><td><b>c</b><td>d</table>" * 100, 4),
        ("<ul><li><p>a<li><b>b</b><li>c</ul>" * 100, 3),
        ("<dl><dt>a<dd>b<dt>c<dd>d</dl>" * 100, 2),
        ("<p><b>a<p><b>b" * 100, 5),
        ("<p><font size=1>a" * 100, 200),  # libxml2 closes neither
        ("<a href=x><div></a>" * 100, 200),
        ("<div" * 100, 0),
    ],
)
def test_depth(html: str, expected: int) -> None:
    assert depth(html) == expected


def test_depth_agrees_with_the_parser_on_well_formed_nesting() -> None:
    html = "<html><body>" + "<div><span>" * 150 + "x" + "</span></div>" * 150 + "</body></html>"
    assert depth(html) == libxml2_depth(html) + 1 == 302


def test_neither_parser_goes_much_deeper_than_was_counted() -> None:
    draw, deeper, tried = random.Random(7), [], 300
    for _ in range(tried):
        chosen = draw.sample(NAMES, draw.choice([2, 3, 4, 8]))
        forms = draw.choices(["<{}>", "<{}>x", "</{}>"], k=draw.choice([2, 3, 4, 6]))
        unit = "".join(form.format(draw.choice(chosen)) for form in forms)
        html = f"<html><body>{unit * draw.choice([1, 5, 40])}"
        if max(libxml2_depth(html), resiliparse_depth(html)) > 2 * depth(html) + 6:
            deeper.append(unit)
    assert len(deeper) <= tried / 100, deeper


@pytest.mark.parametrize(
    ("start", "unit", "size"),
    [
        ("<b><i>" * 195 + "<div>", "</b>", 60_000),
        ("".join(f"<b id={i}>" for i in range(MAX_DEPTH - 9)), "<p>x</p>", 40_000),
        ("", "<p>" + "".join(f"<b id={i}>" for i in range(MAX_DEPTH - 9)) + "</p>x", 200),
        ("", "<table><tr><td><b><i>x", 20_000),
        ("", "</form><form><i>x", 20_000),
    ],
    ids=["end tags", "paragraphs", "opened again", "tables", "forms"],
)
def test_hostile_nesting_takes_linear_time(start: str, unit: str, size: int) -> None:
    assert_linear(depth, lambda count: start + unit * count, size)
