"""Rules: how they judge, that each has a source and cases, and what texts they reject."""

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.boilerplate import BOILERPLATE_SIGNALS
from filters.character_kernel import CHARACTER_SIGNALS
from filters.fineweb2 import published
from filters.madlad_kernel import MADLAD_SIGNALS
from filters.refinedweb_kernel import REFINEDWEB_SIGNALS
from filters.rules import Rule, above, bound, judge
from filters.signals import SIGNALS, measure
from filters.stopwords import stop_words
from filters.tables import RULES, TABLES
from filters.url_rules import URL_SIGNALS
from filters.word_lists import builtin, merged
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize

CASES = Path(__file__).parent / "cases"
VALUES = tomllib.loads((CASES / "rules.toml").read_text(encoding="utf-8"))["case"]
TEXTS = tomllib.loads((CASES / "rule_texts.toml").read_text(encoding="utf-8"))
OWN_SIGNALS = (*REFINEDWEB_SIGNALS, *MADLAD_SIGNALS, *CHARACTER_SIGNALS, *BOILERPLATE_SIGNALS)
DTYPES = {signal.name: signal.dtype for signal in (*SIGNALS, *URL_SIGNALS, *OWN_SIGNALS)} | {
    "lang_score": "float32",
    "quality_score": "float32",
    "optout_tdm_reservation": "int32",
    "optout_noai": "int32",
    "optout_aipref": "int32",
}
ENGLISH_TABLES = ("gopher_repetition", "gopher_quality", "c4", "c4_original", "fineweb", "hplt")


def verdict(rule: Rule, value: float, lang: str) -> str | None:
    column = np.array([value], dtype=DTYPES[rule.signal])
    return judge([rule], {rule.signal: column}, [lang]).rejected_by[0]


def measured(text: str) -> dict[str, Any]:
    characters = characters_of([text])
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens)
    return measure(characters, tokens, hashes, ["eng_Latn"], merged(builtin()), np.ones(1))


def test_every_rule_has_a_source_a_known_signal_and_a_case() -> None:
    assert all(len(rule.source) > 10 for rule in RULES.values())
    assert {rule.signal for rule in RULES.values()} <= DTYPES.keys()
    assert {case["rule"] for case in VALUES} == RULES.keys()
    assert all(case["kept"] and case["rejected"] for case in VALUES)


def test_names_are_of_one_rule_each() -> None:
    rules = {id(rule): rule for table in TABLES.values() for rule in table}
    assert len(rules) == len(RULES)
    assert all(RULES[name].name == name for name in RULES)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case["rule"])
def test_values_at_the_bound_are_kept_and_beyond_it_rejected(case: dict[str, Any]) -> None:
    rule = RULES[case["rule"]]
    for value in case["kept"]:
        assert verdict(rule, value, case.get("kept_lang", case["lang"])) is None
    for value in case["rejected"]:
        assert verdict(rule, value, case["lang"]) == rule.name


@pytest.mark.parametrize("case", TEXTS["text"], ids=lambda case: case["rule"])
def test_texts_a_rule_rejects(case: dict[str, Any]) -> None:
    text = case["text"].replace("{prose}", TEXTS["prose"].strip() + "\n")
    text += case.get("append", "") * case.get("append_times", 0)
    assert judge([RULES[case["rule"]]], measured(text), ["eng_Latn"]).failed == [[case["rule"]]]


@pytest.mark.parametrize("table", ENGLISH_TABLES)
def test_prose_is_kept(table: str) -> None:
    verdicts = judge(TABLES[table], measured(TEXTS["prose"]), ["eng_Latn"])
    assert verdicts.failed == [[]]


def test_the_first_failing_rule_is_the_reason_and_all_are_listed() -> None:
    rules = [
        Rule("x.a", "a", 1, None, "here"),
        Rule("x.b", "b", None, {"fin_Latn": 2}, "here"),
        Rule("x.c", "a", 3, 4, "here"),
    ]
    columns = {
        "a": np.array([0, 3, 3, 5], dtype=np.int32),
        "b": np.array([9, 9, 9, np.nan], dtype=np.float32),
    }
    verdicts = judge(rules, columns, ["deu_Latn", "deu_Latn", "fin_Latn", "deu_Latn"])
    assert verdicts.rejected_by == ["x.a", None, "x.b", "x.b"]
    assert verdicts.failed == [["x.a", "x.c"], [], ["x.b"], ["x.b", "x.c"]]
    assert verdicts.rejected_value.dtype == np.float32
    assert verdicts.rejected_value.tolist()[:3] == pytest.approx([0, np.nan, 9], nan_ok=True)
    assert np.isnan(verdicts.rejected_value[3])


def test_what_is_missing_is_rejected_visibly() -> None:
    for rule in RULES.values():
        columns = {rule.signal: np.array([np.nan])}
        assert judge([rule], columns, ["eng_Latn"]).rejected_by == [rule.name]
    with pytest.raises(KeyError, match="rule x needs column y"):
        judge([Rule("x", "y", 1, None, "here")], {}, ["eng_Latn"])
    with pytest.raises(ValueError, match="column y has shape"):
        judge([Rule("x", "y", 1, None, "here")], {"y": np.zeros(2)}, ["eng_Latn"])


def test_no_documents_and_no_rules() -> None:
    assert judge([RULES["gopher.word_count"]], {"word_count": np.zeros(0)}, []).rejected_by == []
    assert judge([], {}, ["eng_Latn"]).failed == [[]]


@given(st.integers(1, 999), st.integers(1, 999))
def test_a_stored_value_equal_to_the_bound_is_kept(part: int, whole: int) -> None:
    value = part / whole
    assert verdict(Rule("x", "hash_ratio", value, value, "here"), value, "eng_Latn") is None
    assert verdict(Rule("x", "hash_ratio", above(value), None, "here"), value, "eng_Latn") == "x"


def test_bounds_go_from_language_to_script_to_the_rest() -> None:
    bounds = {"fin_Latn": 1.0, "*_Latn": 2.0, "*": 3.0}
    assert [bound(bounds, lang) for lang in ("fin_Latn", "swe_Latn", "ell_Grek")] == [1, 2, 3]
    assert bound({"fin_Latn": 1.0}, "swe_Latn") is None
    assert bound(None, "swe_Latn") is None
    assert bound(4, "swe_Latn") == 4


@given(
    st.lists(st.floats(width=32) | st.just(float("nan")), min_size=1, max_size=9),
    st.none() | st.floats(-10, 10),
    st.none() | st.floats(-10, 10),
)
def test_judging_is_comparing(values: list[float], low: float | None, high: float | None) -> None:
    rule = Rule("x", "y", low, high, "here")
    columns = {"y": np.array(values, dtype=np.float64)}
    found = judge([rule], columns, ["eng_Latn"] * len(values)).rejected_by
    for value, reason in zip(values, found, strict=True):
        is_kept = (
            value == value and (low is None or value >= low) and (high is None or value <= high)
        )
        assert (reason is None) == is_kept


def test_fineweb2_has_its_languages_and_the_defaults_say_what_they_are() -> None:
    rule = RULES["fineweb2.duplicate_lines"]
    assert len(published("dup_line_frac")) == 1929
    assert bound(rule.high, "deu_Latn") == 0.263
    assert bound(rule.high, "eng_Latn") == 0.3
    greek = sorted(v for lang, v in published("dup_line_frac").items() if lang.endswith("_Grek"))
    assert bound(rule.high, "xxx_Grek") == pytest.approx((greek[1] + greek[2]) / 2)
    assert bound(rule.high, "xxx_Osma") == 0.3
    lengths = RULES["fineweb2.mean_word_chars"]
    for lang, low, high in (("cmn_Hani", 1, 5), ("tha_Thai", 0, 10), ("ksw_Mymr", 0, 76)):
        assert (bound(lengths.low, lang), bound(lengths.high, lang)) == (low, high)
    assert verdict(lengths, 1, "fin_Latn") == lengths.name
    assert verdict(rule, 1, "rav_Deva") is None  # published as 0: switched off


def test_stop_words_are_asked_of_languages_that_have_a_list() -> None:
    rule = RULES["gopher.stop_words"]
    assert len(stop_words()) == 1930
    assert verdict(rule, 1, "deu_Latn") == rule.name
    assert verdict(rule, -1, "xxx_Latn") is None


@pytest.mark.real
def test_shipped_tables_are_the_published_ones(shared_data: Path) -> None:
    fineweb2 = shared_data / "fineweb2"
    with (fineweb2 / "thresholds.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for column in rows[0].keys() - {"lang"}:
        assert published(column) == {row["lang"]: float(row[column]) for row in rows}
    lists = json.loads((fineweb2 / "stopwords.json").read_text(encoding="utf-8"))
    assert {lang: list(words) for lang, words in stop_words().items() if lang in lists} == lists
