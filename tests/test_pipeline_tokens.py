"""Token counts: the same as the tokenizer's own code gives, and linear on hostile text."""

from functools import lru_cache
from importlib.resources import as_file, files

import pytest
from growth import assert_linear
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

from pipeline import tokens
from pipeline.errors import ConfigError
from pipeline.tokens import MAX_RUN_CHARS, TokenCounter, _pieces


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    return TokenCounter()


SENTENCES = [
    "Metsässä oli hiljaista, ja lumi narisi kenkien alla.",
    "Η θάλασσα ήταν ήρεμη εκείνο το πρωί.\n\nΚανείς δεν μιλούσε.",
    "Numbers: 3,141.59 and 2024-05-01; <s>[INST] is text here, not a command.",
    "村の図書館は、火曜日から土曜日まで開いています。",
    "naïve café 👩‍🚀\t\ttabs  and   spaces \n \n end ",
    "कल शाम को गाँव का पुस्तकालय फिर खुला।",
    "",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_ids_agree_with_the_tokenizers_own_code(counter: TokenCounter, text: str) -> None:
    own = _own()
    special = own.num_special_tokens
    assert counter.ids(text) == [rank - special for rank in own.encode(text, bos=False, eos=False)]
    assert counter.count(text) == len(counter.ids(text))


@lru_cache(maxsize=1)
def _own() -> Tekkenizer:
    with as_file(files("mistral_common") / "data" / "tekken_240911.json") as path:
        return Tekkenizer.from_file(path)


def test_pieces_are_the_text_and_only_long_runs_are_cut() -> None:
    prose = "word " * 5000 + "\n" * 1999 + "x" * MAX_RUN_CHARS
    assert _pieces(prose) == [prose]
    for text in ("y" * 4001, "a b " + " " * 7000 + "c" * 2001 + " d", "\n" * 2001, "\u0301" * 9999):
        pieces = _pieces(text)
        assert "".join(pieces) == text
        assert len(pieces) > 1
        assert all(len(run) <= MAX_RUN_CHARS for piece in pieces for run in piece.split())


def test_a_cut_costs_next_to_nothing(counter: TokenCounter) -> None:
    prose = "昨天傍晚村里的图书馆重新开放" * 1000
    whole = len(counter._encoding.encode_ordinary(prose))
    assert whole <= counter.count(prose) <= whole + 2 * len(_pieces(prose))


@pytest.mark.parametrize(
    "unit",
    ["a", " ", "\n", "\u0301", "1", "!", "視", "Aa", "\r\n", " a", " " * 1999 + "a", "\ud800"],
    ids=["a", "space", "newline", "marks", "digits", "marks of exclamation", "han", "case", "crlf",
         "letters", "gaps", "surrogates"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(counter: TokenCounter, unit: str) -> None:
    assert assert_linear(counter.count, lambda size: unit * (size // len(unit)), 400_000) > 0


def test_an_unknown_or_changed_tokenizer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no tokenizer named 'gpt'"):
        TokenCounter("gpt")
    monkeypatch.setitem(tokens.TOKENIZERS, "tekken_240911", "0" * 64)
    with pytest.raises(ConfigError, match="not the pinned file"):
        TokenCounter()
    monkeypatch.setitem(tokens.TOKENIZERS, "absent", "0" * 64)
    with pytest.raises(ConfigError, match="is not in the installed"):
        TokenCounter("absent")
