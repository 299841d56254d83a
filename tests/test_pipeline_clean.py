"""Text as stored: what goes, what stays, once and for all, in linear time."""

import re
import unicodedata

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clean import MAX_MARKS, _cleaned, cap_marks, clean

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)  # surrogates included
NASTY = st.text(
    st.sampled_from(
        "a é\u0301\u0316\u200b\u200d\ufeff\r\n\t\x00\x85\u2028\ud800\u202e \U000e0041\U0001f3f4"
    ),
    max_size=200,
)


@given(ANY_TEXT | NASTY)
def test_clean_text_is_storable_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ufeff\u2028\u2029]", cleaned)
    assert not re.search("[ \t]\n|\n{3}", cleaned)
    assert cleaned == cleaned.strip("\n ")


@given(ANY_TEXT | NASTY | st.text(st.sampled_from("aé \n\t\u0301\u200b"), max_size=60))
def test_the_fast_look_changes_nothing(text: str) -> None:
    assert clean(text) == _cleaned(text)


@given(st.text(st.sampled_from("abcäöß日本 .,!?"), max_size=200))
def test_letters_and_words_stay(text: str) -> None:
    assert "".join(clean(text).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\u2028two\u2029three\x85four\x0cfive", "one\ntwo\nthree\nfour\nfive"),
        ("line  \n\n\n\nnext\t", "line\n\nnext"),
        ("a\tb", "a b"),
        ("Cafe\u0301", "Café"),
        ("\ufeffmark\x00 and\x07 bell", "mark and bell"),
        ("half \ud83d pair", "half  pair"),
        ("\u202egnirts\u202c \u2066x\u2069", "gnirts x"),
        # what stays: joiners that spell, marks of direction, no-break and ideographic spaces
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("א\u200f 12\u00a0km\u3000全", "א\u200f 12\u00a0km\u3000全"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        # hidden text in tag characters, and floods of invisible characters
        ("hi\U000e0041\U000e0042", "hi"),
        ("a\u200b\u200b\u200b\u200b\u200b\u200bb", "a\u200bb"),
        ("", ""),
    ],
)
def test_examples(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_runs_of_marks_are_capped_and_ordinary_stacks_are_not() -> None:
    assert cap_marks("a" + "\u0301" * 1000) == "a" + "\u0301" * MAX_MARKS
    assert cap_marks("a" + "\u0301" * MAX_MARKS) == "a" + "\u0301" * MAX_MARKS
    assert cap_marks("é\u0323 का ที่ שָׁלוֹם") == "é\u0323 का ที่ שָׁלוֹם"


@pytest.mark.parametrize(
    "unit",
    [" ", "\n", "\u0301\u0316", "\u200b\u200d", "a" + "\u0301\u0316" * 15, "\t \t", "\u1100\u1161",
     "\U000e0041", "視", "x" + " " * 99],
    ids=["spaces", "newlines", "marks", "joiners", "capped marks", "tabs", "jamo", "tags",
         "han", "gaps"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(unit: str) -> None:
    assert_linear(clean, lambda size: "x" + unit * (size // len(unit)) + "y", 400_000)
