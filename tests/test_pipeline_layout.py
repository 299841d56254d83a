import pytest

from pipeline.layout import is_laid_out_in_tables
from pipeline.text import extract, parse

ARTICLE = "<p>" + "The ferry leaves at seven and comes back when the fog has lifted. " * 12 + "</p>"
MENU = "<p><a href='/'>Home</a> <a href='/map'>Map</a></p>"
DATA = "<table>" + "<tr><td>Monday</td><td>7:10</td><td>9:40</td></tr>" * 40 + "</table>"


def page(body):
    return f"<html><head><title>t</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"<table><tr><td>{MENU}</td><td>{ARTICLE}</td></tr></table>", True),
        (
            f"<center><table><tr><td><table><tr><td>{ARTICLE}</td></tr></table></td></tr></table>",
            True,
        ),
        (f"{MENU}{ARTICLE}{DATA}", False),
        (DATA, False),
        (ARTICLE, False),
        ("", False),
        (f"<table><tr><td><script>{'x = 1;' * 200}</script></td></tr></table>{MENU}", False),
    ],
)
def test_layout_is_told_from_data(body, expected):
    assert is_laid_out_in_tables(parse(page(body))) is expected


def test_an_article_in_a_table_comes_out_in_lines_and_without_bars():
    body = f"<table><tr><td>{MENU}</td><td><h1>Ferry</h1>{ARTICLE}{ARTICLE}</td></tr></table>"
    text = extract(page(body), None).text
    assert text.count("The ferry leaves") == 24
    assert "|" not in text
    assert text.count("\n") >= 2


def test_a_million_cells_take_linear_time():
    nested = "<table><tr><td>" * 300 + "x" + "</td></tr></table>" * 300
    flat = "<table>" + "<tr><td>x</td></tr>" * 100_000 + "</table>"
    assert not is_laid_out_in_tables(parse(page(nested + flat)))
