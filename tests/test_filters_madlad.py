"""MADLAD's sentences against plain Python, and hostile text."""

import numpy as np
import pytest
import regex
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from words_by_rules import PHRASE_WORD, UNSPACED

from filters.flags import FLAGS
from filters.lines import lines_of
from filters.madlad import cursed_lists
from filters.madlad_kernel import MADLAD_SIGNALS, measure_madlad
from filters.phrase_lists import first_tokens, phrases
from filters.sentences import sentences_of
from filters.traits import TRAITS
from language_id.decoded import characters_of
from language_id.words import LOWER, token_hashes, tokenize

MARKS = regex.compile(r"[\p{STerm}](?:[\p{STerm}\p{Pe}\p{Pi}\p{Pf}\"'])*")
TECHNICAL = regex.compile(r"[\p{Nd}{}+/()>]")
SPOKEN = regex.compile(r"[\p{L}\p{N}]")


def pieces(line: str) -> list[str]:
    """The sentences of a line; their ends found one by one."""
    found, start, at = [], 0, 0
    while at < len(line):
        marks = MARKS.match(line, at)
        if not marks:
            at += 1
            continue
        at = marks.end()
        space = regex.compile(r"[\s\x1c-\x1f]*").match(line, at).end()
        wide = any(mark in "。｡！？．" for mark in marks[0])
        only_stops = set(regex.findall(r"\p{STerm}", marks[0])) == {"."}
        lower = bool(regex.compile(r"\p{Ll}").match(line, space))
        if space < len(line) and (space > at or wide) and not (only_stops and lower):
            found.append(line[start:space])
            start = space
    return [piece.strip() for piece in (*found, line[start:]) if SPOKEN.search(piece)]


def words(text: str) -> list[tuple[str, int, int]]:
    return [
        ("".join(chr(LOWER[ord(c)]) for c in word[0]), word.start(), word.end())
        for word in PHRASE_WORD.finditer(text)
    ]


FIRSTS = {token for phrase in phrases("cursed_phrases")["*"] for token in first_tokens(phrase)}


def token_starts(text: str) -> set[int]:
    """Where the tokens stand that a phrase may start with."""
    tokens = tokenize(characters_of([text]))
    spans = zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    lower = "".join(chr(LOWER[ord(c)]) for c in text)
    return {start for start, end in spans if lower[start:end] in FIRSTS}


CURSED = {tuple(word for word, *_ in words(phrase)) for phrase in phrases("cursed_phrases")["*"]}


def is_cursed(sentence: str) -> bool:
    found, starts = words(sentence), token_starts(sentence)
    for first in range(len(found)):
        if found[first][1] not in starts:
            continue
        for last in range(first, min(first + 8, len(found))):
            if last > first and found[last][1] - found[last - 1][2] > 3:
                break
            if tuple(word for word, *_ in found[first : last + 1]) in CURSED:
                return True
    return False


def is_styled(sentence: str) -> bool:
    tokens = UNSPACED.sub(lambda match: f" {match[0]} ", sentence).split()
    firsts = [SPOKEN.search(token) for token in tokens]
    capitals = sum(bool(first and regex.fullmatch(r"\p{Lu}", first[0])) for first in firsts)
    return is_cursed(sentence) or (len(tokens) >= 12 and capitals > len(tokens) / 2)


def is_questionable(sentence: str) -> bool:
    han = any(ord(match[0]) >= 0x2E80 for match in UNSPACED.finditer(sentence))
    return (
        not (6 if han else 20) <= len(sentence) <= 500
        or len(TECHNICAL.findall(sentence)) > len(sentence) / 5
        or is_styled(sentence)
    )


def oracle(text: str) -> tuple[int, float, float]:
    sentences = [piece for line in text.split("\n") for piece in pieces(line)]
    odd = sum(map(is_questionable, sentences))
    styled = sum(map(is_styled, sentences))
    return len(sentences), odd / max(len(sentences), 1), styled / max(len(sentences), 1)


def count_madlad(characters, lists, out) -> None:
    tokens = tokenize(characters)
    measure_madlad(
        characters.codes,
        *sentences_of(characters, lines_of(characters))[:4],
        tokens.starts,
        token_hashes(characters, tokens).lower,
        tokens.doc_offsets,
        *lists,
        FLAGS,
        TRAITS,
        LOWER,
        out,
    )


def measured(texts: list[str]) -> list[tuple[int, float, float]]:
    out = np.full((len(texts), len(MADLAD_SIGNALS)), np.nan)
    lists = cursed_lists(["eng_Latn"] * len(texts))
    count_madlad(characters_of(texts), lists, out)
    assert np.isfinite(out).all()
    return [(int(count), odd, styled) for count, odd, styled in out.tolist()]


PIECES = st.one_of(
    st.sampled_from(
        ["the ", "A B ", "Word ", "Wörter. ", "ÄÖÜ ", "x" * 501, "日本語", "のカ", "ก็า"]
    ),
    st.sampled_from(["\n", "\n\n", " ", "\t", "\u00a0", "\r", "\x00", "\u0301", "(", "1", "2/3 "]),
    st.sampled_from([". ", "... ", "…", "!", "? ", ".", '."', "。", "！ ", "» ", ")", "„Wie? "]),
    st.sampled_from(
        ["One sentence here of some length. ", "The Big List Of All The Things We Sell "]
    ),
    st.sampled_from(
        ["add to cart", "Full Movie ", "lorem ", "ipsum. ", "free. Shipping", "今天天气很好。"]
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.lists(PIECES, max_size=50).map("".join)


@settings(deadline=None, max_examples=400)
@given(TEXTS)
@example("")
@example("\n \n")
@example("Order online, today and here. Or do not do it at all, we say!\nx")
@example("今天天气很好。我们去公园吧！好吗？")
@example("the the the the free. Shipping")
@example("Version 1.5 is out now, see e.g. this. (And that.) 'Who?' she asked.\n. . .")
@example("(Big) (List) Of All The Things We Sell Here Now And Again and so on it goes")
def test_sentences_are_those_of_plain_python(text: str) -> None:
    assert measured([text]) == [pytest.approx(oracle(text))]


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_a_document_measures_in_a_batch_what_it_does_alone(texts: list[str]) -> None:
    assert measured(texts) == [measured([text])[0] for text in texts]


@pytest.mark.parametrize(
    ("sentence", "questionable"),
    [
        ("This is a sentence like any other.", False),
        ("Too short.", True),
        ("Word " * 101 + ".", True),
        ("Home About News Contact Shop Cart Help Terms Privacy Jobs Press Blog", True),
        ("Home About News Contact Shop Cart Help Terms Privacy Jobs Press", False),
        ("Call 0123 456 789 or 0987 654.", True),
        ("Watch the full movie here and now.", True),
        ("我们明天去公园散步。", False),
        ("好。", True),
        ("เราจะไปสวนสาธารณะพรุ่งนี้", False),
    ],
)
def test_questionable_sentences(sentence: str, questionable: bool) -> None:
    assert is_questionable(sentence) == questionable
    styled = float(is_styled(sentence))
    assert measured([sentence]) == [(1, float(questionable), styled)]


HOSTILE = [
    "a",
    "a ",
    "A ",
    "\n",
    "a\n",
    " ",
    "\x00",
    "\u0301",
    "日",
    ".",
    ". ",
    ".\n",
    "。",
    "日。",
]


@pytest.mark.parametrize("piece", [*HOSTILE, "add to cart ", "lorem ", "1", "'", ".'", "😀"])
def test_many_of_a_kind_take_linear_time(piece: str) -> None:
    assert measured([piece * 700]) == [pytest.approx(oracle(piece * 700))]
    lists, out = cursed_lists(["eng_Latn"]), np.zeros((1, len(MADLAD_SIGNALS)))
    assert_linear(
        lambda characters: count_madlad(characters, lists, out),
        lambda count: characters_of([piece * count]),
        250_000,
    )
