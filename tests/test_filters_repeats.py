"""Pieces of texts, their hashes and their removal, against plain Python."""

import random
import re
from itertools import pairwise

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters.line_edits import followed_by, line_edits, removed, without
from filters.line_edits_kernel import KINDS
from filters.repeats import EXEMPT, PARAGRAPH, SITE_LINE, pieces_of, without_pieces
from language_id.decoded import Characters, characters_of
from language_id.words import LOWER

TEXT = st.text(st.sampled_from("aB.1 \n\n\n\t\u00a0é二İ"), max_size=40)


def texts_of(characters: Characters) -> list[str]:
    codes, offsets = characters
    return ["".join(map(chr, codes[start:end])) for start, end in pairwise(offsets)]


def spans_of(text: str, blocks: bool) -> list[tuple[int, int]]:
    """Where the pieces are: lines or blocks, those of white space alone left out."""
    found, at = [], 0
    for gap in [*re.finditer(r"\n{2,}" if blocks else r"\n+", text), None]:
        end = gap.start() if gap else len(text)
        piece = text[at:end]
        start = at + len(piece) - len(piece.lstrip("\n"))
        stop = end - (len(piece) - len(piece.rstrip("\n")))
        if piece.strip():
            found.append((start, stop))
        at = gap.end() if gap else end
    return found


def normal(piece: str) -> str:
    return " ".join("".join(chr(LOWER[ord(c)]) for c in piece).split())


def left_of(text: str, spans: list[tuple[int, int]], gone: list[bool]) -> str:
    """The text without pieces: between those that stay the wider of the gaps beside them."""
    kept = [i for i, away in enumerate(gone) if not away]
    if len(kept) == len(spans):
        return text
    if not kept:
        return ""
    left = text[: spans[0][0]] if kept[0] == 0 else ""
    for this, following in zip(kept, [*kept[1:], None], strict=True):
        left += text[slice(*spans[this])]
        if following is None:
            return left + (text[spans[this][1] :] if this == len(spans) - 1 else "")
        after = text[spans[this][1] : spans[this + 1][0]]
        before = text[spans[following - 1][1] : spans[following][0]]
        left += after if len(after) >= len(before) else before
    raise AssertionError


@given(st.lists(TEXT, max_size=4), st.booleans(), st.integers(1, 4))
@settings(max_examples=300, deadline=None)
@example(["\n\n a \n", "", "x"], True, 1)
def test_pieces_are_those_of_plain_python_and_equal_where_their_normal_texts_are(
    texts: list[str], blocks: bool, minimum: int
) -> None:
    characters = characters_of(texts)
    found = pieces_of(characters, blocks=blocks, minimum_chars=minimum)
    bounds = found.doc_offsets.tolist()
    hashes: dict[str, int] = {}
    for text, start, first, last in zip(
        texts, characters.offsets.tolist(), bounds, bounds[1:], strict=False
    ):
        own = [(s - start, e - start) for s, e in zip(
            found.starts[first:last].tolist(), found.ends[first:last].tolist(), strict=True
        )]  # fmt: skip
        assert own == spans_of(text, blocks)
        for (begin, end), value in zip(own, found.hashes[first:last].tolist(), strict=True):
            piece = normal(text[begin:end])
            asked = len("".join(piece.split())) >= minimum
            assert (value != EXEMPT) == asked
            if asked:
                assert hashes.setdefault(piece, value) == value
    assert len(set(hashes.values())) == len(hashes)


@given(TEXT, st.booleans(), st.lists(st.booleans(), min_size=20, max_size=20))
@settings(max_examples=300, deadline=None)
def test_what_stays_and_what_goes_are_the_text(text: str, blocks: bool, marks: list[bool]) -> None:
    characters = characters_of([text, text])
    found = pieces_of(characters, blocks=blocks, minimum_chars=1)
    spans = spans_of(text, blocks)
    gone = marks[: len(spans)]
    flags = np.array([*gone, *(False for _ in spans)], np.bool_)
    edits = without_pieces(characters, found, flags, PARAGRAPH)
    cut, whole = removed(characters, edits)
    left, untouched = texts_of(without(characters, edits))
    assert left == left_of(text, spans, gone)
    assert (untouched, whole) == (text, [])
    assert {piece.kind for piece in cut} <= {"repeats.paragraph"}
    again = left
    for piece in cut:
        again = again[: piece.start] + text[piece.start : piece.end] + again[piece.start :]
    assert again == text


def test_removals_one_after_the_other_are_spans_of_the_first_text() -> None:
    text = "menu\nThis stays here today.\nno\nOnce more the same.\nfoot"
    characters = characters_of([text])
    lines = pieces_of(characters, blocks=False, minimum_chars=1)
    edits = without_pieces(characters, lines, np.array([1, 0, 0, 0, 1], np.bool_), SITE_LINE)
    left = without(characters, edits)
    later = line_edits(left, ["eng_Latn"], ["c4"])
    edits, left = followed_by(characters, edits, left, later), without(left, later)
    lines = pieces_of(left, blocks=False, minimum_chars=1)
    later = without_pieces(left, lines, np.array([0, 1], np.bool_), PARAGRAPH)
    edits = followed_by(characters, edits, left, later)
    assert texts_of(without(left, later)) == ["This stays here today."]
    cut = [(text[p.start : p.end].strip(), p.kind) for p in removed(characters, edits)[0]]
    assert [piece for piece in cut if piece[0]] == [
        ("menu", "repeats.site_line"),
        ("no", "c4.few_words"),
        ("Once more the same.", "repeats.paragraph"),
        ("foot", "repeats.site_line"),
    ]


def test_the_kinds_have_their_places() -> None:
    assert (KINDS[SITE_LINE], KINDS[PARAGRAPH]) == ("repeats.site_line", "repeats.paragraph")


@pytest.mark.parametrize("shape", ["numbered", "one letter", "permuted"])
def test_hashes_collide_as_often_as_random_numbers_do(shape: str) -> None:
    """Of n texts n (n - 1) / 2**(b + 1) pairs are to share b bits; here of 24, at both ends."""
    count, draw = 40_000, random.Random(shape)
    if shape == "numbered":
        texts = [f"Page {i} of the annual report" for i in range(count)]
    elif shape == "one letter":
        line = list("a line of sixty letters and more in which one or two are changed")
        picks = {(draw.randrange(64), chr(0x3B1 + draw.randrange(200)), draw.randrange(64),
                  chr(0x3B1 + draw.randrange(200))) for _ in range(count)}  # fmt: skip
        texts = sorted(
            {"".join(b if i == a else d if i == c else x for i, x in enumerate(line))
             for a, b, c, d in picks}
        )  # fmt: skip
    else:
        words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        texts = sorted({" ".join(draw.sample(words, 9)) for _ in range(count)})
    texts = list({normal(text) for text in texts})
    found = pieces_of(characters_of(texts), blocks=False, minimum_chars=1).hashes
    assert len(np.unique(found)) == len(texts)
    expected = len(texts) * (len(texts) - 1) / 2**25
    for shift in (0, 20, 40):
        bits = np.sort((found >> np.uint64(shift)) & np.uint64(0xFFFFFF))
        _, counts = np.unique(bits, return_counts=True)
        pairs = int((counts * (counts - 1) // 2).sum())
        assert abs(pairs - expected) < 5 * expected**0.5, (shape, shift)


@pytest.mark.parametrize("unit", ["\n", " \n", "a\n", "a\n\n", "ab " * 50])
@pytest.mark.parametrize("blocks", [False, True])
def test_time_is_linear_in_hostile_texts(blocks: bool, unit: str) -> None:
    def remove(characters: Characters) -> None:
        found = pieces_of(characters, blocks=blocks, minimum_chars=1)
        without_pieces(characters, found, np.ones(len(found.hashes), np.bool_), PARAGRAPH)

    assert_linear(remove, lambda size: characters_of([unit * (size // len(unit))]), 800_000)
