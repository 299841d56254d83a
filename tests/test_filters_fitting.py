"""Bounds fitted to a language: the three formulas, written out in plain Python."""

import math
import statistics as plain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import fitting
from filters.fineweb2 import ENGLISH
from filters.fitting import SIDES, Side, Statistics
from filters.rules import Rule

HIGH = Side(Rule("x.high", "x", None, {"*": 0.3}, "here"), is_low=False, english=0.3)
LOW = Side(Rule("x.low", "x", {"*": 0.3}, None, "here"), is_low=True, english=0.3)
VALUES = st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=1, max_size=40)


def test_every_bound_of_fineweb2_that_differs_by_language_is_fitted():
    assert len(SIDES) == len(ENGLISH)
    assert sorted(side.english for side in SIDES) == sorted(ENGLISH.values())
    assert {side.key for side in SIDES} == fitting.english_reference().keys()


def test_the_shipped_figures_are_of_the_bounds_and_possible():
    for side in SIDES:
        own = fitting.english_reference()[side.key]
        assert own.documents > 500
        assert 0 <= own.share <= 1
        assert own.deviation > 0
        assert own.median >= 0


@given(VALUES, VALUES, st.sampled_from([HIGH, LOW]))
def test_each_method_is_its_formula(english, values, side):
    reference = fitting.statistics(side, np.array(english, np.float32))
    column = np.array(values, np.float32)
    exact = [float(np.float32(v)) for v in values]
    inside = [float(np.float32(v)) for v in english]
    found = {method: fitting.fitted(side, reference, column, method) for method in fitting.METHODS}
    deviation = plain.pstdev(inside)
    if deviation > 1e-9:
        z = (0.3 - plain.mean(inside)) / deviation
        near(found["mean-deviation"], plain.mean(exact) + z * plain.pstdev(exact))
    elif deviation == 0:
        assert found["mean-deviation"] is None
    if plain.median(inside):
        near(found["median-ratio"], 0.3 * plain.median(exact) / plain.median(inside))
    else:
        assert found["median-ratio"] is None
    limit = float(np.float32(0.3))
    share = sum(v < limit if side.is_low else v <= limit for v in inside) / len(inside)
    place = share * (len(exact) - 1)
    rank = math.floor(place + 1e-9) if side.is_low else math.ceil(place - 1e-9)
    near(found["quantile"], sorted(exact)[rank])


def near(found, expected):
    """Rounded outwards to three decimals, never negative."""
    assert found == pytest.approx(max(0.0, expected), abs=1.001e-3, rel=1e-6)


@given(VALUES, st.sampled_from([HIGH, LOW]))
def test_quantiles_carried_to_the_same_corpus_keep_as_much_or_more(values, side):
    column = np.array(values, np.float32)
    reference = fitting.statistics(side, column)
    found = np.float32(fitting.fitted(side, reference, column, "quantile"))
    kept = (column >= found if side.is_low else column <= found).mean()
    assert kept >= (1 - reference.share if side.is_low else reference.share) - 1e-9


@given(VALUES)
def test_the_score_bound_is_the_papers(scores):
    found = fitting.language_score(np.array(scores, np.float64))
    expected = max(0.3, min(0.9, plain.median(scores) - plain.pstdev(scores)))
    assert expected - 0.001 < found <= expected + 1e-9


@given(st.floats(0, 100))
def test_rounding_never_rejects_what_the_exact_bound_keeps(value):
    assert fitting.outwards(value, is_low=True) <= value + 1e-8
    assert fitting.outwards(value, is_low=False) >= value - 1e-8
    assert fitting.outwards(0.29, is_low=False) == fitting.outwards(0.29, is_low=True) == 0.29


def test_the_shortest_words_are_not_asked_where_a_segmenters_were_longer():
    (low, high) = [side for side in SIDES if side.rule.signal == "mean_word_chars"]
    assert fitting.shipped(low, "fin_Latn") == 3
    assert fitting.shipped(high, "fin_Latn") == 14
    assert fitting.shipped(low, "jpn_Jpan") == 1
    assert fitting.shipped(high, "jpn_Jpan") == 6
    assert fitting.shipped(low, "tha_Thai") is None
    assert fitting.shipped(high, "tha_Thai") == 10


def test_figures_read_back_as_they_were_written():
    draw = np.random.default_rng(1)
    columns = {side.rule.signal: draw.random(50).astype(np.float32) for side in SIDES}
    text = fitting.written(columns, ["50 texts", "made up"])
    assert text.startswith("# 50 texts\n# made up\nrule\t")
    found = fitting.read(text)
    for side in SIDES:
        own = fitting.statistics(side, columns[side.rule.signal])
        assert found[side.key] == pytest.approx(Statistics(*own), rel=1e-5)


@pytest.mark.parametrize("text", ["", "# a\n", "rule\tx\n", "\t".join(fitting.HEAD) + "\n"])
def test_what_is_no_table_of_figures_is_refused(text):
    with pytest.raises(ValueError, match=r"table|no line"):
        fitting.read(text)
