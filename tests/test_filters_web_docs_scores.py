"""What each sub-score of the Web Docs Scorer is for, and its published limits."""

import random

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.rules import judge
from filters.tables import RULES
from filters.web_docs import WEB_DOCS_SIGNALS, measure_web_docs
from language_id.decoded import characters_of

NAMES = [signal.name for signal in WEB_DOCS_SIGNALS]
PENALTIES = (
    "wds_url",
    "wds_punctuation",
    "wds_singular",
    "wds_numbers",
    "wds_repeated",
    "wds_informativeness",
    "wds_short",
)
SENTENCES = [
    "The river comes down from the hills and turns to the east before it reaches the town, "
    "where an old bridge of stone still carries carts and people over it.",
    "In spring the water rises by a metre or two; those who live on the lower bank keep boats "
    "beside their doors, and know by the colour of the stream when to leave.",
    "Nobody remembers who built the mill, but its wheel has turned for longer than any family "
    "has lived there, and the miller's accounts fill a shelf in the parish office.",
    "After the harvest a market is held on the green: cheese, wool, honey and baskets change "
    "hands, old debts are settled, and the schoolmaster reads out the letters of those abroad.",
    "Visitors are asked to close the gates behind them, since goats and sheep graze wherever "
    "there is grass, and the walls are too low to stop an animal that has made up its mind.",
    "When snow blocks the pass the village is alone for weeks, and evenings are spent mending "
    "tools, telling stories, and arguing about things which nobody can look up.",
]  # fmt: skip
TEXT = "\n".join(SENTENCES)


def measured(text: str, lang: str, language_share: float) -> list[float]:
    shares = np.array([language_share])
    return measure_web_docs(*characters_of([text]), [lang], shares)[0].tolist()


def scores(text: str, lang: str = "eng_Latn", language_share: float = 1.0) -> dict[str, float]:
    return dict(zip(NAMES, measured(text, lang, language_share), strict=True))


def test_prose_scores_high() -> None:
    found = scores(TEXT)
    assert found["wds_score"] > 0.75
    assert all(found[name] > 0.9 for name in PENALTIES)


@pytest.mark.parametrize(
    ("spoilt", "name"),
    [
        (lambda text: text + "\nsee http://a.example/b and www.c.example" * 9, "wds_url"),
        (lambda text: regex.sub(r"[\p{P}]", "", text), "wds_punctuation"),
        (lambda text: text.replace(" ", "... "), "wds_punctuation"),
        (lambda text: text.replace(" ", " ★ "), "wds_singular"),
        (lambda text: text.replace(" ", " 2024 "), "wds_numbers"),
        (lambda text: f"{text}\n{text}", "wds_repeated"),
        (lambda text: " ".join(text.split("\n")[:1]) * 60, "wds_informativeness"),
        (lambda text: "".join(map(chr, random.Random(1).choices(range(0x4E00, 0x9000), k=4000))),
         "wds_informativeness"),
        (lambda text: text + "\nHome\nNews\nAbout us\nContact" * 9, "wds_short"),
    ],
)  # fmt: skip
def test_what_spoils_a_text_lowers_its_score(spoilt, name: str) -> None:
    before, after = scores(TEXT), scores(spoilt(TEXT))
    assert after[name] < before[name] - 0.05
    assert after["wds_score"] < before["wds_score"] - 0.05


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.integers(0, 60), st.integers(1, 40))
def test_more_short_lines_never_raise_the_score(long: int, short: int, more: int) -> None:
    def page(count: int) -> float:
        menu = [f"item {number}" for number in range(count)]
        return scores("\n".join([*(SENTENCES * 2)[:long], *menu]))["wds_short"]

    assert page(short + more) <= page(short)


def test_a_page_of_menu_lines_alone_has_the_lowest_score_for_short_lines() -> None:
    menu = "\n".join(f"menu item {letter}" for letter in "abcdefghijkl")
    assert scores(menu)["wds_short"] == 0.5
    assert scores(TEXT)["wds_short"] == 1.0
    assert scores("one\ntwo\nthree\nfour")["wds_short"] == 1.0


@pytest.mark.parametrize(
    ("name", "words", "other", "expected"),
    [
        ("punctuation", 1000, "." * 3, 0.0),
        ("punctuation", 1000, "." * 5, 0.5),
        ("punctuation", 1000, "." * 7, 0.75),
        ("punctuation", 1000, "." * 9, 1.0),
        ("punctuation", 1000, "." * 25, 1.0),
        ("punctuation", 1000, "." * 250, 0.0),
        ("singular", 1000, "+" * 10, 1.0),
        ("singular", 1000, "+" * 20, 0.7),
        ("singular", 1000, "+" * 40, 0.6),
        ("singular", 1000, "+" * 60, 0.5),
        ("singular", 1000, "+" * 100, 0.0),
        ("numbers", 1000, "1" * 10, 1.0),
        ("numbers", 1000, "1" * 155, 0.5),
        ("numbers", 1000, "1" * 300, 0.0),
        ("url", 2400 - 3 * 4, "http " * 3, 1.0),
        ("url", 2400 - 10 * 4, "http " * 10, 0.0),
        ("url", 2400 - 5 * 5, "wwwww " * 5, 5 / 7),
        ("long", 250, "", 0.1),
        ("long", 249, "", 0.0),
        ("great", 625, "", 0.0),
        ("great", 700, "", 0.7),
        ("great", 925, "", 1.0),
    ],
)
def test_published_limits_in_spanish(name: str, words: int, other: str, expected: float) -> None:
    found = scores("a" * words + " " + other, "spa_Latn")
    assert found[f"wds_{name}"] == pytest.approx(expected)


@pytest.mark.parametrize(("bare", "expected"), [(0, 1), (1, 1), (4, 4 / 7), (8, 0), (20, 0)])
def test_long_lines_without_punctuation(bare: int, expected: float) -> None:
    """Of 20 long lines; in all there is punctuation enough."""
    lines = ["a" * 300] * bare + ["a" * 300 + "...."] * (20 - bare)
    found = scores("\n".join([*lines, "..." * 20]), "spa_Latn")
    assert found["wds_punctuation"] == pytest.approx(expected)


def test_the_score_is_the_published_formula() -> None:
    found = scores(TEXT + "\n2024 - 2025 (98)\nsee www.a.example", language_share=0.7)
    penalties = [found[name] for name in PENALTIES]
    weights = [penalty**-2.9 for penalty in penalties]
    expected = 0.8 * 0.7 + 0.1 * found["wds_long"] + 0.1 * found["wds_great"]
    for penalty, weight in zip(penalties, weights, strict=True):
        expected *= penalty ** (3 * weight / sum(weights))
    assert min(penalties) < 1
    assert found["wds_score"] == pytest.approx(expected)


def test_one_penalty_near_nothing_takes_all() -> None:
    assert scores(TEXT.replace(" ", " 2024 "))["wds_numbers"] < 0.1
    assert scores(TEXT.replace(" ", " 2024 "))["wds_score"] == 0


def test_as_many_labels_and_shares_as_texts_are_asked_for() -> None:
    with pytest.raises(ValueError, match="1 labels, 1 shares, 2 texts"):
        measure_web_docs(*characters_of(["a", "b"]), ["eng_Latn"], np.ones(1))


def test_signals_are_described() -> None:
    assert len(set(NAMES)) == len(NAMES) == 11
    assert all(signal.unit and signal.meaning for signal in WEB_DOCS_SIGNALS)
    assert {signal.dtype for signal in WEB_DOCS_SIGNALS} == {"float32"}


def test_the_rule_keeps_five_of_ten() -> None:
    column = {"wds_score": np.array([0.5, 0.49, np.nan], dtype=np.float32)}
    judged = judge([RULES["hplt.web_docs_score"]], column, ["mlt_Latn"] * 3)
    assert judged.rejected_by == [None, "hplt.web_docs_score", "hplt.web_docs_score"]
