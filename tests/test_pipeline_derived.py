"""Signals derived when fates are decided: which columns they need, and what they are."""

import pickle

import numpy as np
import pyarrow as pa
import pytest

from filters.robots import parsed
from filters.robots_sites import NONE, Sites
from filters.rules import Rule
from filters.tables import RULES, TABLES
from filters.url_lists import url_list
from filters.url_words import UrlWord, UrlWords
from pipeline import derived, judging
from pipeline.criteria import Criteria
from pipeline.derived import Lists
from pipeline.schema import DOCUMENTS, RIGHTS

LISTS = Lists(
    {"adult": url_list(["bad.org"]).list, "optout": url_list(["mine.org/notes"]).list},
    UrlWords([UrlWord("*", "hard", "word")]),
    {},
    Sites(("CCBot",), {"http://x.org": parsed(b"User-agent: *\nDisallow: /wo")}),
)
BATCH = pa.record_batch(
    {
        "doc_id": [f"{n:032x}" for n in range(4)],
        "url": ["http://a.bad.org/", "http://mine.org/notes/1", "http://x.org/word", None],
        "host": ["a.bad.org", "mine.org", "x.org", None],
        "lang": ["eng_Latn"] * 4,
        "rights": pa.array([[], None, [], []], RIGHTS),
        "lang_score": pa.array([0.9] * 4, pa.float32()),
        "warc_date": pa.array([None] * 4, pa.timestamp("us", tz="UTC")),
        **{name: pa.array([100] * 4, pa.int32()) for name in judging.SIZES},
    }
)


def test_derived_signals_are_no_columns():
    stored = {column.name for column in DOCUMENTS}
    assert not derived.DERIVED & stored
    assert set(derived.COLUMNS) <= stored


def test_their_columns_are_asked_for_where_a_rule_needs_them():
    plain = [RULES["gopher.word_count"]]
    assert not {"url", "host"} & set(judging.judged_columns(plain))
    asked = judging.judged_columns([*plain, RULES["url.adult"]])
    assert {"url", "host", "word_count", "doc_id"} <= set(asked)
    assert "url_adult" not in asked
    assert len(asked) == len(set(asked))


def test_values_are_those_of_lists_and_words():
    found = derived.derived_columns(BATCH, TABLES["url"], LISTS)
    assert found.keys() == derived.DERIVED
    assert found["url_adult"].tolist() == [1, 0, 0, 0]
    assert found["url_optout"].tolist() == [0, 1, 0, 0]
    assert found["url_gambling"].tolist() == [0] * 4
    assert found["url_hard_word_count"].tolist() == [0, 0, 1, 0]
    assert found["url_robots_disallowed"].tolist() == [0, 0, 1, 0]
    assert all(column.dtype == np.int32 for column in found.values())


def test_a_tables_verdict_on_robots_txt_counts_like_a_sites():
    def rights(*signals):
        return [dict(zip(("source", "name", "value"), one, strict=True)) for one in signals]

    other = ("header", "x-robots-tag", "noai")
    said = [
        rights(other, ("table", "robots.txt", "disallowed")),
        None,
        rights(("table", "robots.txt", "allowed"), ("header", "robots.txt", "disallowed")),
        rights(("table", "robots.txt", "Disallowed"), other),
        rights(("table", "robots.txt", None)),
        [],
        rights(("table", "robots.txt", "disallow")),
        rights(("table", "robots.txt", "allow"), ("table", "other", "disallow")),
    ]
    column = pa.array(said, RIGHTS)
    assert derived.disallowed_by_table(column).tolist() == [1, 0, 0, 1, 0, 0, 1, 0]
    assert derived.disallowed_by_table(column[3:]).tolist() == [1, 0, 0, 1, 0]
    assert derived.disallowed_by_table(column[:0]).tolist() == []
    batch = BATCH.set_column(BATCH.schema.get_field_index("rights"), "rights", column[:4])
    found = derived.derived_columns(batch, [RULES["url.robots"]], LISTS)
    assert found["url_robots_disallowed"].tolist() == [1, 0, 1, 1]
    assert "rights" in derived.stored_columns([RULES["url.robots"]])
    assert "rights" not in derived.stored_columns([RULES["url.adult"]])


def test_only_what_rules_look_at_is_derived():
    assert derived.derived_columns(BATCH, [RULES["gopher.word_count"]], None) == {}
    assert derived.derived_columns(BATCH, [RULES["url.optout"]], LISTS).keys() == {"url_optout"}
    with pytest.raises(ValueError, match="no lists to derive url_adult"):
        derived.derived_columns(BATCH, [RULES["url.adult"]], None)


def test_rules_judge_derived_signals_beside_stored_ones():
    rules = [RULES["url.adult"], Rule("x.words", "word_count", 100, None, "here"), *TABLES["url"]]
    shared = pickle.loads(pickle.dumps(Criteria(tuple(rules), (), LISTS)))
    first = judging.judgement(BATCH, shared).first.tolist()
    assert [[*shared.names, None][number] for number in first] == [
        "url.adult", "url.optout", "url.hard_words", None,
    ]  # fmt: skip


def test_robots_forbid_pages_and_without_any_none():
    rules = [RULES["url.robots"]]
    for robots, expected in ((LISTS.robots, [0, 0, 1, 0]), (NONE, [0] * 4)):
        found = derived.derived_columns(BATCH, rules, LISTS._replace(robots=robots))
        assert found["url_robots_disallowed"].tolist() == expected
