"""Pieces: words as treebank tokenisers cut them."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.piece_traits import LANGUAGES, SPOKEN, TRAITS
from filters.pieces import pieces
from language_id.decoded import characters_of
from language_id.word_classes import CLASSES, SPACE
from language_id.words import ALPHABETIC, WORD

LANGS = ("eng_Latn", "deu_Latn", "hun_Latn", "fra_Latn", "jpn_Jpan", "cmn_Hani", "und_Zyyy")


def cut(texts: list[str], langs: list[str]) -> list[list[tuple[str, int]]]:
    found = pieces(characters_of(texts), langs)
    whole = "".join(texts)
    spans = [
        (whole[start:end], int(kind))
        for start, end, kind in zip(found.starts, found.ends, found.kinds, strict=True)
    ]
    bounds = found.doc_offsets.tolist()
    return [spans[a:z] for a, z in pairwise(bounds)]


def words(text: str, lang: str = "eng_Latn") -> list[str]:
    return [piece for piece, _ in cut([text], [lang])[0]]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("Hello, world.", "eng", "Hello | , | world | ."),
        ("(see IP/06/123)", "eng", "( | see | IP/06/123 | )"),
        (
            "run --option /etc/fstab open(2) now",
            "eng",
            "run | --option | /etc | / | fstab | open(2 | ) | now",
        ),
        ("at http://a.b/c-d?e=f, now", "eng", "at | http://a.b/c-d?e=f | , | now"),
        ("well-known 64-bit", "eng", "well | - | known | 64 | - | bit"),
        ("well-known 64-bit", "deu", "well- | known | 64-bit"),
        ("don't", "eng", "don | 't"),
        ("l'eau d’or", "fra", "l' | eau | d’ | or"),
        ("Am 3. Mai 5%", "deu", "Am | 3. | Mai | 5 | %"),
        ("5. 9%-os 5%", "hun", "5. | 9%-os | 5%"),
        ("U.S. NATO. Mr.", "eng", "U.S. | NATO | . | Mr | ."),
        ("wait... what…", "eng", "wait | ... | what | …"),
        ("a=b x:y 10:30 EU:n", "eng", "a | = | b | x | : | y | 10:30 | EU | : | n"),
        ("EU:n", "fin", "EU:n"),
        ("1-2 3+4", "eng", "1 | - | 2 | 3 | + | 4"),
        ("$5 5€ ###", "eng", "$ | 5 | 5 | € | # | # | #"),
        ("2005年 1,234", "jpn", "2005 | 年 | 1,234"),
        ("コンピュータを使う", "jpn", "コンピュータ | を | 使 | う"),
        ("\u200b \u200d", "eng", ""),
        ("", "eng", ""),
    ],
)
def test_cases(text: str, lang: str, expected: str) -> None:
    assert " | ".join(words(text, f"{lang}_Xxxx")) == expected


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from(LANGS)), max_size=4))
def test_pieces_hold_every_character_but_space_in_order(documents) -> None:
    found = cut([text for text, _ in documents], [lang for _, lang in documents])
    for (text, _), spans in zip(documents, found, strict=True):
        kept = "".join(
            chunk
            for chunk in "".join(" " if CLASSES[ord(c)] == SPACE else c for c in text).split(" ")
            if any(CLASSES[ord(c)] != 1 for c in chunk)
        )
        assert "".join(piece for piece, _ in spans) == kept
        for piece, kind in spans:
            assert piece
            assert bool(kind & WORD) == any(TRAITS[ord(c)] & SPOKEN for c in piece)
            assert not kind & ALPHABETIC or kind & WORD


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(LANGS))
def test_a_chunk_is_cut_alike_wherever_it_stands(first: str, second: str, lang: str) -> None:
    assert words(f"{first} {second}", lang) == words(first, lang) + words(second, lang)


@pytest.mark.parametrize(
    "unit",
    ["a", "-", ".", "...a", "'", "a-", "a'", "1.", "漢", "の", "(", "\0", "://", "e\u0301", "a:"],
)
@pytest.mark.parametrize("lang", ["eng_Latn", "hun_Latn", "jpn_Jpan"])
def test_time_is_linear(unit: str, lang: str) -> None:
    words(unit, lang)
    start = time.process_time()
    pieces(characters_of([unit * (1_000_000 // len(unit))]), [lang])
    assert time.process_time() - start < 2


def test_languages_are_named_by_their_codes() -> None:
    assert all(len(code) == 3 for code in LANGUAGES)
