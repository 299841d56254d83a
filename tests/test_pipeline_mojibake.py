"""Damage by reading UTF-8 as another encoding, undone; everything else left as it is."""

import unicodedata

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mojibake import repaired

SENTENCES = [
    "Die Fähre fährt um sieben, und schön früh.",
    "L’île est à côté — déjà l’été…",
    "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "Il-baħar għadu kiesaħ, iżda d-dgħajsa titlaq.",
    "Žąsys lekia į šiaurę per Neringą.",
    "Η βάρκα φεύγει στις επτά.",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_what_was_read_wrongly_is_read_again(sentence: str, encoding: str) -> None:
    try:
        damaged = sentence.encode().decode(encoding)
    except UnicodeDecodeError:
        pytest.skip("these bytes are no characters of that encoding")
    page = f"Ordinary line, naïve café.\n{damaged}\nAnother — “ordinary” line."
    assert repaired(page) == f"Ordinary line, naïve café.\n{sentence}\nAnother — “ordinary” line."


@pytest.mark.parametrize("sentence", SENTENCES)
def test_whole_text_stays_the_same_object(sentence: str) -> None:
    assert repaired(sentence) is sentence


@pytest.mark.parametrize(
    "text",
    [
        "PÂTÉ À LA MODE DE LÂ»", "São Paulo: AÇÃO™", "3 Å² per cell", "naïve", "Ö²", "ÀÂÃ",
        "Ã", "5 Å² or 7 Å³", "MINHA IRMÃ…", "", "ASCII", "Çà et là", "VOILÀ…", "LE CAFÉ… FERMÉ”",
    ],
)  # fmt: skip
def test_what_proves_nothing_is_left(text: str) -> None:
    assert repaired(text) == text


@given(st.text(max_size=200))
def test_any_text_keeps_its_lines(text: str) -> None:
    found = repaired(text)
    assert found.count("\n") >= text.count("\n")
    assert repaired(text) == found


@given(st.text(st.characters(categories=["L", "Zs", "Nd"]), max_size=120))
def test_damage_of_letters_is_undone_or_left(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    damaged = text.encode().decode("latin-1")
    assert repaired(damaged) in (text, damaged) or repaired(damaged)


@pytest.mark.parametrize("unit", ["Ã¶", "Ã¶ Â \n"])
def test_hostile_lines_take_linear_time(unit: str) -> None:
    assert_linear(repaired, lambda size: unit * (size // len(unit)), 80_000)
