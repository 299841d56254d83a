"""Every signal against plain Python that follows the published definitions, and hostile text."""

import math
import re
import unicodedata
from collections import Counter
from typing import Any

import numpy as np
import pytest
import regex
from c4_by_rules import CITATION, POLICIES, TERMINAL, ascii_lower
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_language_id_pieces import pieces_by_rules
from words_by_rules import UNSPACED

from filters.signals import SIGNALS, measure
from filters.stopwords import stop_words
from filters.word_lists import builtin, merged
from language_id.decoded import Characters, characters_of
from language_id.words import ALPHABETIC, LOWER, WORD, token_hashes, tokenize

FLAGGED = merged(builtin())
LINE_END = regex.compile("[\\p{STerm}\"']\\Z")


def measured_columns(characters: Characters, langs: list[str]) -> dict[str, np.ndarray]:
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens)
    return measure(characters, tokens, hashes, langs, FLAGGED, np.ones(len(characters.offsets) - 1))


def tokens_of(text: str) -> list[tuple[str, int]]:
    tokens = tokenize(characters_of([text]))
    return [
        (text[start:end], int(kind))
        for start, end, kind in zip(tokens.starts, tokens.ends, tokens.kinds, strict=True)
    ]


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def duplicates(pieces: list[str]) -> tuple[int, int]:
    """How many pieces came before, and their characters."""
    seen: set[str] = set()
    again = []
    for piece in pieces:
        if piece in seen:
            again.append(piece)
        seen.add(piece)
    return len(again), sum(map(len, again))


def entry_tokens(word: str) -> list[str]:
    """A stop word as tokens; one that ends in a hyphen as it stands before a word."""
    if word.endswith("-"):
        return [oracle_lower(token) for token, _ in tokens_of(f"{word}a")][:-1]
    return [oracle_lower(token) for token, _ in tokens_of(word)]


def oracle_lower(word: str) -> str:
    return "".join(chr(LOWER[ord(letter)]) for letter in word)


def is_all_caps(word: str) -> bool:
    small = any(unicodedata.category(letter) == "Ll" for letter in word)
    return not small and oracle_lower(word) != word


def piece_oracle(text: str, lang: str) -> dict[str, float]:
    pieces = pieces_by_rules(text, lang)
    words = [piece for piece, kind in pieces if kind & WORD]
    return {
        "char_count": len(text),
        "lexical_token_count": len(pieces),
        "word_count": len(words),
        "mean_word_chars": share(sum(map(len, words)), len(words)),
        "alphabetic_word_fraction": share(sum(k & ALPHABETIC > 0 for _, k in pieces), len(pieces)),
        "hash_ratio": share(text.count("#"), len(pieces)),
        "ellipsis_ratio": share(text.count("...") + text.count("…"), len(pieces)),
        "newline_word_ratio": text.count("\n") / max(len(pieces), 1),
    }


def word_oracle(text: str, lang: str) -> dict[str, float]:
    tokens = tokens_of(text)
    words = [token for token, kind in tokens if kind & WORD]
    lowered = [oracle_lower(token) for token, _ in tokens]
    listed = [entry_tokens(word) for word in stop_words().get(lang, ())]
    found = {
        tuple(entry)
        for entry in listed
        if entry
        and any(
            lowered[at : at + len(entry)] == entry for at in range(len(lowered) - len(entry) + 1)
        )
    }
    lower_words = Counter(oracle_lower(word) for word in words)
    spread = sum(count * math.log(count) for count in lower_words.values())
    occurrences = sum(
        len(entry)
        for entry in {tuple(entry) for entry in listed if entry}
        for at in range(len(lowered) - len(entry) + 1)
        if tuple(lowered[at : at + len(entry)]) == entry
    )
    return {
        "all_caps_word_fraction": share(sum(map(is_all_caps, words)), len(words)),
        "stop_word_fraction": min(share(occurrences, len(tokens)), 1.0),
        "unique_word_fraction": share(len(lower_words), len(words)),
        "unigram_entropy": math.log(len(words)) - spread / len(words) if words else 0.0,
        "stop_word_count": len(found) if lang in stop_words() else -1,
    }


def line_oracle(text: str, lang: str) -> dict[str, float]:
    lines = [line for line in re.split(r"\n+", text) if line]
    filled = [line for line in text.split("\n") if line.strip()]
    paragraphs = re.split(r"\n{2,}", text.strip())
    same_lines, same_line_chars = duplicates(lines)
    same_paragraphs, same_paragraph_chars = duplicates(paragraphs)
    words = sum(kind & WORD for _, kind in pieces_by_rules(text, lang))
    return {
        "line_count": len(lines),
        "bullet_line_fraction": share(sum(s.lstrip()[:1] in {"•", "-"} for s in lines), len(lines)),
        "ellipsis_line_fraction": share(
            sum(s.rstrip().endswith(("...", "…")) for s in lines), len(lines)
        ),
        "duplicate_line_fraction": share(same_lines, len(lines)),
        "duplicate_paragraph_fraction": same_paragraphs / len(paragraphs),
        "duplicate_line_char_fraction": share(same_line_chars, len(text)),
        "duplicate_paragraph_char_fraction": share(same_paragraph_chars, len(text)),
        "line_punctuation_fraction": share(
            sum(bool(LINE_END.search(s.rstrip())) for s in filled), len(filled)
        ),
        "short_line_fraction": share(sum(len(s) <= 30 for s in filled), len(filled)),
        "duplicate_char_ratio": share(duplicates(filled)[1], len(text.replace("\n", ""))),
        "mean_line_words": words / max(len(filled), 1),
        "mean_line_chars": share(sum(map(len, filled)), len(filled)),
    }


def repetition_oracle(text: str, lang: str) -> dict[str, float]:
    pieces = [piece for piece, _ in pieces_by_rules(text, lang)]
    found = {}
    for size in (2, 3, 4):
        ngrams = Counter(tuple(pieces[at : at + size]) for at in range(len(pieces) - size + 1))
        top, count = ngrams.most_common(1)[0] if ngrams else ((), 0)
        found[f"top_{size}gram_char_fraction"] = share(len(" ".join(top)) * count, len(text))
    for size in (5, 6, 7, 8, 9, 10):
        seen = set()
        at, chars = 0, 0
        while at <= len(pieces) - size:
            ngram = tuple(pieces[at : at + size])
            if ngram in seen:
                chars += len("".join(ngram))
                at += size
            else:
                seen.add(ngram)
                at += 1
        found[f"duplicate_{size}gram_char_fraction"] = share(chars, len(text))
    return found


def sentence_count(line: str) -> int:
    """Pieces with a letter or number between sentence ends; the ends found one by one."""
    pieces, start, at = [], 0, 0
    while at < len(line):
        marks = regex.compile(r"[\p{STerm}](?:[\p{STerm}\p{Pe}\p{Pi}\p{Pf}\"'])*").match(line, at)
        if not marks:
            at += 1
            continue
        at = marks.end()
        space = regex.compile(r"[\s\x1c-\x1f]*").match(line, at).end()
        wide = any(mark in "。｡！？．" for mark in marks[0])
        only_stops = set(regex.findall(r"\p{STerm}", marks[0])) == {"."}
        lower = bool(regex.compile(r"\p{Ll}").match(line, space))
        if space < len(line) and (space > at or wide) and not (only_stops and lower):
            pieces.append(line[start:space])
            start = space
    return sum(bool(regex.search(r"[\p{L}\p{N}]", piece)) for piece in [*pieces, line[start:]])


def c4_oracle(text: str) -> dict[str, float]:
    counts = Counter()
    for raw in text.split("\n"):
        line = raw.strip()
        words = UNSPACED.sub(lambda match: f" {match[0]} ", line).split()
        lower = ascii_lower(line)
        if not line:
            continue
        if any(len(word) > 1000 for word in words):
            counts["long_word_line_count"] += 1
        elif len(words) < 3:
            counts["few_words_line_count"] += 1
        elif "javascript" in lower:
            counts["javascript_line_count"] += 1
        elif any(policy in lower for policy in POLICIES):
            counts["policy_line_count"] += 1
        else:
            cited = CITATION.sub("", line).strip()
            ends = bool(TERMINAL.search(cited)) and not cited.endswith(("...", "…"))
            counts["no_terminal_line_count"] += not ends
            counts["sentence_count"] += sentence_count(cited)
            counts["terminal_sentence_count"] += ends * sentence_count(cited)
    counts["lorem_ipsum"] = int("lorem ipsum" in ascii_lower(text))
    counts["curly_bracket"] = int("{" in text)
    names = [signal.name for signal in SIGNALS if signal.name.startswith("c4_")]
    return {name: counts[name.removeprefix("c4_")] for name in names}


def oracle(text: str, lang: str) -> dict[str, float]:
    words = piece_oracle(text, lang) | word_oracle(text, lang)
    return words | line_oracle(text, lang) | repetition_oracle(text, lang) | c4_oracle(text)


def measured(texts: list[str], langs: list[str]) -> list[dict[str, Any]]:
    columns = measured_columns(characters_of(texts), langs)
    assert list(columns) == [signal.name for signal in SIGNALS]
    for signal in SIGNALS:
        assert columns[signal.name].dtype == np.dtype(signal.dtype)
        assert np.isfinite(columns[signal.name]).all()
    return [{name: column[at] for name, column in columns.items()} for at in range(len(texts))]


def agree(text: str, lang: str) -> None:
    (found,) = measured([text], [lang])
    expected = oracle(text, lang)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6), text


PIECES = st.one_of(
    st.sampled_from(["the ", "and ", "be ", "of ", "have ", "a b ", "word ", "l-", "Der ", "und "]),
    st.sampled_from(
        ["\n", "\n\n", "\n\n\n", " ", "\t", "\u00a0", "\r", "\x00", "\u200b", "\u0301"]
    ),
    st.sampled_from(
        [". ", "... ", "…", "!", "? ", ".", '."', "。", "！ ", "» ", ")", "[1]", "[edit]"]
    ),
    st.sampled_from(
        ["#", "- ", "• ", "--", "{", "[", "]", "[12", "日本語", "の", "สวัส", "Ünï", "😀"]
    ),
    st.sampled_from(["JavaScript ", "privacy Policy ", "Lorem ipsum ", "use of cookies", "1.5 "]),
    st.sampled_from(
        ["x" * 999, "x" * 1001, "日" * 1001, "a line of words.\n", "Sentence one. Two"]
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)
LANGS = st.sampled_from(["eng_Latn", "deu_Latn", "mlt_Latn", "tha_Thai", "jpn_Jpan", "und_Zyyy"])


@settings(deadline=None, max_examples=300)
@given(TEXTS, LANGS)
@example("", "eng_Latn")
@example("\n", "eng_Latn")
@example(" \n \n\n \n", "eng_Latn")
@example("\na\n\na\n\n\n a\na", "eng_Latn")
@example("a b a b a b a b a b a b a b a b a b a b a b a b", "eng_Latn")
@example("one two three. [1] Four five six.[2][citation needed]\nand so on, e.g. this. ...", "x")
@example("L-Ewropa u l-Mediterran tal-ġens il-kbir", "mlt_Latn")
@example("..[1].\n'foo bar baz' . . .", "eng_Latn")
def test_every_signal_is_that_of_plain_python(text: str, lang: str) -> None:
    agree(text, lang)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "a-b", "a:b", "b.", "日a"]), max_size=120).map(" ".join))
def test_repetition_in_small_alphabets(text: str) -> None:
    (found,) = measured([text], ["eng_Latn"])
    expected = repetition_oracle(text, "eng_Latn")
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, LANGS), max_size=4))
def test_a_document_measures_in_a_batch_what_it_does_alone(
    documents: list[tuple[str, str]],
) -> None:
    texts, langs = [text for text, _ in documents], [lang for _, lang in documents]
    together = measured(texts, langs)
    assert together == [measured([text], [lang])[0] for text, lang in documents]


HOSTILE = [
    "a",
    "a ",
    "ab cd ",
    "\n",
    "a\n",
    "a\n\n",
    " ",
    " \n",
    "\x00",
    "\u0301",
    "日",
    ".",
    ". ",
    "[1",
    "[",
    "[1]",
    "'",
    "-\n",
    "…",
    "lorem ",
    "privacy polic",
    "😀",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_of_a_kind_take_linear_time(piece: str) -> None:
    assert_linear(
        lambda characters: measured_columns(characters, ["eng_Latn"]),
        lambda count: characters_of([piece * count]),
        250_000,
    )


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_of_a_kind_agree_with_plain_python(piece: str) -> None:
    agree(piece * 1000, "tha_Thai")


def test_distinct_lines_and_words_take_linear_time() -> None:
    def made(count: int) -> Characters:
        lines = [f"line {number} of many {number * 7919 % 100_003}" for number in range(count)]
        return characters_of(["\n".join(lines)])

    columns = assert_linear(lambda made: measured_columns(made, ["eng_Latn"]), made, 100_000)
    assert columns["duplicate_line_fraction"][0] == 0


def test_stop_words_are_found_in_any_case_and_as_sequences() -> None:
    texts = ["The END of BE, ing", "ΤΟΥΣ ΚΑΙ ΤΟ ΤΗΣ", "L-Ewropa u tal-ġens", "x"]
    langs = ["eng_Latn", "ell_Grek", "mlt_Latn", "xxx_Latn"]
    assert [row["stop_word_count"] for row in measured(texts, langs)] == [3, 3, 3, -1]


def test_every_list_of_stop_words_finds_itself() -> None:
    langs = sorted(stop_words())
    texts = [" ".join(stop_words()[lang]) for lang in langs]
    for lang, row in zip(langs, measured(texts, langs), strict=True):
        assert row["stop_word_count"] >= min(2, len(stop_words()[lang])), lang


def test_as_many_labels_as_texts_are_asked_for() -> None:
    with pytest.raises(ValueError, match="1 labels, 2 texts"):
        measured_columns(characters_of(["a", "b"]), ["eng_Latn"])


def test_no_documents() -> None:
    assert measured([], []) == []


def test_signals_are_described() -> None:
    names = [signal.name for signal in SIGNALS]
    assert len(names) == len(set(names))
    assert {signal.dtype for signal in SIGNALS} == {"int32", "float32"}
    assert all(signal.unit and signal.meaning for signal in SIGNALS)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One sentence here. Another one there! A third?", 3),
        ("He said “it is so.” Then he left.", 2),
        ("See e.g. this and that etc. and more.", 1),
        ("Version 1.5 is out now.", 1),
        ("今天天气很好。我们去公园吧！好吗？", 3),
        ("A claim made here.[1] Another one.[citation needed]", 2),
        ("Wait... What now? !!!", 2),
        ("no mark at the end", 1),
    ],
)
def test_sentences(text: str, sentences: int) -> None:
    assert measured([text], ["eng_Latn"])[0]["c4_sentence_count"] == sentences
