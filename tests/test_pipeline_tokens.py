"""Token counts: the same as the tokenizer's own code gives, and linear on hostile text."""

from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import regex
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from numba import typeof
from numpy.typing import NDArray

from filters.word_lists import builtin, merged
from language_id.decoded import characters_of
from language_id.models import REGISTRY, load
from pipeline import tokens
from pipeline.errors import ConfigError
from pipeline.steps import Tools, measured
from pipeline.token_counts import MAX_PIECE_CHARS, MEMO_SLOTS, Vocabulary, vocabulary
from pipeline.token_merges import SHORT
from pipeline.token_pieces import CLASSES, PATTERN, piece_end
from pipeline.token_store import kept
from pipeline.tokens import TokenCounter

# A character or two of each kind the pattern tells apart, and what its alternatives look for.
KINDS = "aßBİǅʰºا漢ก한\u0301\u094d\u200d1½Ⅷ٣!/-'€😀\ue000 \u00a0\u3000\t\x85\u2028\r\n\x00"
# Letters newer than the Unicode of the tokenizer's own library are symbols to it.
ASSIGNED = st.characters(exclude_categories=("Cn", "Cs"))
TEXTS = st.text(KINDS, max_size=30) | st.text(ASSIGNED, max_size=30) | st.text("ab AB", max_size=80)


@lru_cache(maxsize=1)
def counter() -> TokenCounter:
    return TokenCounter()


@lru_cache(maxsize=1)
def own() -> Tekkenizer:
    with as_file(files("mistral_common") / "data" / "tekken_240911.json") as path:
        return Tekkenizer.from_file(path)


def own_ids(text: str) -> list[int]:
    return [rank - own().num_special_tokens for rank in own().encode(text, bos=False, eos=False)]


def count(text: str) -> int:
    return int(counter().counts(characters_of([text]))[0])


SENTENCES = [
    "Metsässä oli hiljaista, ja lumi narisi kenkien alla.",
    "Η θάλασσα ήταν ήρεμη εκείνο το πρωί.\n\nΚανείς δεν μιλούσε.",
    "Numbers: 3,141.59 and 2024-05-01; <s>[INST] is text here, not a command.",
    "村の図書館は、火曜日から土曜日まで開いています。",
    "naïve café 👩‍🚀\t\ttabs  and   spaces \n \n end ",
    "कल शाम को गाँव का पुस्तकालय फिर खुला।",
    "昨天傍晚村里的图书馆重新开放" * 10,
    "",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_ids_agree_with_the_tokenizers_own_code(text: str) -> None:
    assert counter().ids(text) == own_ids(text)
    assert count(text) == len(own_ids(text))


@settings(max_examples=3000, deadline=None)
@given(TEXTS)
def test_any_text_has_the_tokens_of_the_tokenizers_own_code(text: str) -> None:
    assert counter().ids(text) == own_ids(text)
    assert count(text) == count(text) == len(own_ids(text))


@settings(max_examples=2000, deadline=None)
@given(TEXTS)
def test_pieces_are_what_the_pattern_matches(text: str) -> None:
    codes, (_, end) = characters_of([text])
    ends, at = [], 0
    while at < end:
        at = piece_end(codes, CLASSES, at, end)
        ends.append(at)
    assert ends == [match.end() for match in regex.finditer(PATTERN, text)]


@pytest.mark.parametrize("bytes_", [SHORT - 1, SHORT, SHORT + 1, 3 * SHORT, MAX_PIECE_CHARS])
def test_short_and_long_pieces_are_merged_alike(bytes_: int) -> None:
    for unit in ("abcdefghijklm", "aab", "é", "Ωmega"):
        text = (unit * bytes_)[: bytes_ // len(unit.encode()) * len(unit)]
        assert counter().ids(text) == own_ids(text)


def test_documents_of_a_batch_are_counted_apart() -> None:
    batch = [*SENTENCES, "x" * (MAX_PIECE_CHARS + 1), *reversed(SENTENCES)]
    assert counter().counts(characters_of(batch)).tolist() == [count(text) for text in batch]


def test_the_column_of_documents_has_the_counts_of_their_texts() -> None:
    tools = Tools(load(REGISTRY["lid.176"]), merged(builtin()), counter())
    columns = measured(pa.array(SENTENCES), ["eng_Latn"] * len(SENTENCES), 112, tools)
    assert columns["token_count"].tolist() == [len(own_ids(text)) for text in SENTENCES]


def test_pieces_that_share_a_place_in_memory_are_counted_apart() -> None:
    """More of them than there are places, so that each is taken by several."""
    words = [f"{first}{second:x}q" for first in "kvzxw" for second in range(MEMO_SLOTS // 3)]
    together = counter().counts(characters_of(words)).tolist()
    assert together == counter().counts(characters_of(words)).tolist()
    for at in range(0, len(words), 997):
        assert together[at] == len(own_ids(words[at]))


def test_a_cut_costs_next_to_nothing() -> None:
    prose = "昨天傍晚村里的图书馆重新开放" * 1000
    whole = len(own_ids(prose))
    assert whole <= count(prose) <= whole + 2 * (len(prose) // MAX_PIECE_CHARS)


@pytest.mark.parametrize("unit", ["a", "A", " ", "!", "視", "\u0301"])
def test_what_is_cut_is_the_piece_not_the_text(unit: str) -> None:
    """What stands behind a cut is not looked at as if it were the text's beginning."""
    run = unit * (2 * MAX_PIECE_CHARS + 5)
    parts = [run[:MAX_PIECE_CHARS], run[:MAX_PIECE_CHARS], unit * 5]
    assert counter().ids(run) == [rank for part in parts for rank in counter().ids(part)]
    assert count(run) == len(counter().ids(run))


def test_merges_go_by_rank_and_then_from_the_left() -> None:
    letters = [bytes([byte]) for byte in range(256)]
    loaded = vocabulary([*letters, b"bc", b"ab", b"abc", b"aa"])
    assert tokens._ids(loaded, "abcd") == [258, ord("d")]  # bc, and then a with it
    assert tokens._ids(loaded, "aaa1aaaa") == [259, ord("a"), ord("1"), 259, 259]


@pytest.mark.parametrize(
    "unit",
    ["a", " ", "\n", "\u0301", "1", "!", "視", "Aa", "\r\n", " a", " " * 1999 + "a", "A", "\u0301A",
     "\n ", "!\r"],
    ids=["a", "space", "newline", "marks", "digits", "marks of exclamation", "han", "case", "crlf",
         "letters", "gaps", "capitals", "marks and capitals", "lines", "ends"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(unit: str) -> None:
    assert assert_linear(count, lambda size: unit * (size // len(unit)), 2_000_000) > 0


def test_an_unknown_or_changed_tokenizer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no tokenizer named 'gpt'"):
        TokenCounter("gpt")
    monkeypatch.setitem(tokens.TOKENIZERS, "tekken_240911", "0" * 64)
    with pytest.raises(ConfigError, match="not the pinned file"):
        TokenCounter()
    monkeypatch.setitem(tokens.TOKENIZERS, "absent", "0" * 64)
    with pytest.raises(ConfigError, match="is not in the installed"):
        TokenCounter("absent")


def _same(one: Vocabulary, other: Vocabulary) -> bool:
    return all(
        np.array_equal(a, b) and typeof(a) == typeof(b)
        for a, b in zip(_arrays(one), _arrays(other), strict=True)
    )


def _arrays(found: Vocabulary) -> list[NDArray[Any]]:
    merges = found.merges
    tables = [found.classes, *found.whole, np.array(found.longest), merges.of_byte, merges.of_bytes]
    return [*tables, *merges.of_pair]


BYTES = [bytes([byte]) for byte in range(256)]


def test_kept_tables_are_those_that_were_made(tmp_path: Path) -> None:
    made = [vocabulary([*BYTES, b"ab", b"abc"])]
    first = kept(tmp_path, "one", made.pop)
    again = kept(tmp_path, "one", made.pop)  # would raise: nothing is left to make
    assert _same(first, again)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_damaged_tables_are_made_anew_and_kept(tmp_path: Path, damage: str) -> None:
    made = vocabulary([*BYTES, b"ab", b"abc"])
    kept(tmp_path, "one", lambda: made)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:middle],
            "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "empty": b"",
            "other": b"no archive at all",
        }[damage]
    )
    asked: list[int] = []
    assert _same(kept(tmp_path, "one", lambda: asked.append(1) or made), made)
    assert asked == [1]
    assert path.read_bytes() == content


def test_tables_that_cannot_be_kept_are_made(tmp_path: Path) -> None:
    made = vocabulary(BYTES)
    assert kept(None, "one", lambda: made) is made
    assert kept(tmp_path / "missing", "one", lambda: made) is made
