"""Scripts against a count by the regex module, and the choices the docstrings name."""

from collections import Counter

import pytest
import regex
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from language_id.decoded import characters_of
from language_id.scripts import dominant_scripts, letter_counts, script_codes

LETTERS = {
    code: regex.compile(rf"[\p{{L}}&&\p{{sc={code}}}]", regex.VERSION1)
    for code in script_codes()
    if code != "Zyyy"
}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hyvää päivää", "Latn"),
        ("Добър ден, Latin", "Cyrl"),
        ("Καλημέρα", "Grek"),
        ("გამარჯობა", "Geor"),
        ("Բարեւ", "Armn"),
        ("مرحبا", "Arab"),
        ("שלום", "Hebr"),
        ("你好，世界", "Hani"),
        ("日本語のテキスト", "Jpan"),
        ("カタカナ", "Jpan"),
        ("안녕하세요", "Hang"),
        ("สวัสดี", "Thai"),
        ("नमस्ते", "Deva"),
        ("ሰላም", "Ethi"),
        ("ສະບາຍດີ", "Laoo"),
        ("ߒߞߏ", "Nkoo"),
        ("", "Zyyy"),
        ("12 — 34 😀 \u0301\x00", "Zyyy"),
        ("鲜" * 30 + "の", "Hani"),
        ("鲜" * 18 + "の", "Jpan"),
        ("漢字 and many more Latin letters", "Latn"),
        ("аa", "Cyrl"),
    ],
)
def test_dominant_script(text: str, script: str) -> None:
    assert dominant_scripts(characters_of([text])) == [script]


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=4))
def test_counts_are_those_of_the_regex_module(texts: list[str]) -> None:
    counts = letter_counts(characters_of(texts))
    assert counts.sum(axis=1).tolist() == [len(text) for text in texts]
    for text, row in zip(texts, counts, strict=True):
        expected = Counter({code: len(letter.findall(text)) for code, letter in LETTERS.items()})
        found = Counter(dict(zip(script_codes()[1:], row[1:].tolist(), strict=True)))
        assert found == expected


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=4))
def test_a_document_has_the_script_it_has_alone(texts: list[str]) -> None:
    assert dominant_scripts(characters_of(texts)) == [
        dominant_scripts(characters_of([text]))[0] for text in texts
    ]


def test_codes_are_iso_15924() -> None:
    codes = script_codes()
    assert codes[0] == "Zyyy"
    assert list(codes[1:]) == sorted(set(codes[1:]))
    assert all(len(code) == 4 and code.istitle() for code in codes)
    assert {"Latn", "Cyrl", "Grek", "Hani", "Hira", "Kana", "Hang", "Ethi", "Nkoo"} < set(codes)


@pytest.mark.parametrize("character", ["a", "\n", "\x00", "\u0301", "語", "😀"])
def test_many_of_a_kind_take_linear_time(character: str) -> None:
    assert_linear(dominant_scripts, lambda count: characters_of([character * count]), 800_000)
