"""Character and boilerplate signals against plain Python, and hostile text."""

import numpy as np
import pytest
import regex
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from words_by_rules import PHRASE_WORD, UNSPACED

from filters.boilerplate import BOILERPLATE_SIGNALS, boilerplate_lists, measure_boilerplate
from filters.character_kernel import CHARACTER_SIGNALS, measure_characters
from filters.lines import lines_of
from filters.phrase_lists import Phrases, first_tokens, phrases
from filters.traits import TRAITS
from language_id.decoded import Characters, characters_of
from language_id.words import LOWER, token_hashes, tokenize

PLAIN = regex.compile(r"[\p{L}\p{M}\p{N}\p{STerm}\n,،，、､﹐﹑߸፣᠂᠈꓾꘍]")
BRACKETS = "()[]{}⟨⟩〈〉（）［］｛｝【】〔〕｟｠"
URL = regex.compile(r"(?<![\p{L}\p{M}\p{N}])(?:[Hh][Tt][Tt][Pp][Ss]?://|[Ww]{3}\.)[^\s\x1c-\x1f]*")


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def character_oracle(text: str) -> dict[str, float]:
    size = len(text)
    lines = [line for line in text.split("\n") if line.strip()]
    digits = [share(len(regex.findall(r"\p{Nd}", line)), len(line)) for line in lines]
    upper = [share(len(regex.findall(r"\p{Lu}", line)), len(line)) for line in lines]
    words = UNSPACED.sub(lambda match: f" {match[0]} ", text).split()
    return {
        "non_alphanumeric_fraction": share(size - len(PLAIN.findall(text)), size),
        "white_space_fraction": share(sum(character.isspace() for character in text), size),
        "digit_fraction": share(len(regex.findall(r"\p{Nd}", text)), size),
        "upper_case_fraction": share(len(regex.findall(r"\p{Lu}", text)), size),
        "parenthesis_fraction": share(sum(character in BRACKETS for character in text), size),
        "url_char_fraction": share(sum(map(len, URL.findall(text))), size),
        "longest_word_chars": max(map(len, words), default=0),
        "symbol_word_ratio": symbols_of(text) / max(len(text.split()), 1),
        "mean_line_digit_fraction": share(sum(digits), len(lines)),
        "mean_line_upper_fraction": share(sum(upper), len(lines)),
    }


def symbols_of(text: str) -> int:
    return text.count("#") + text.count("…") + text.count("...")


def measure_all_characters(characters, symbols, words, out) -> None:
    found = lines_of(characters)
    lines = (found.starts, found.ends, found.counts, found.doc_offsets)
    measure_characters(*characters, *lines, symbols, words, TRAITS, out)


def count_boilerplate(characters, lists, out) -> None:
    tokens, found = tokenize(characters), lines_of(characters)
    hashes = token_hashes(characters, tokens).lower
    lines = (found.starts, found.ends, found.counts, found.doc_offsets)
    measure_boilerplate(
        *characters, tokens.starts, hashes, tokens.doc_offsets, *lines, *lists, TRAITS, LOWER, out
    )


def measured(texts: list[str], langs: list[str]) -> list[dict[str, float]]:
    characters = characters_of(texts)
    words = np.array([len(text.split()) for text in texts], dtype=np.float64)
    out = np.full((len(texts), len(CHARACTER_SIGNALS) + 1), np.nan)
    symbols = np.array([float(symbols_of(text)) for text in texts])
    measure_all_characters(characters, symbols, words, out[:, :-1])
    count_boilerplate(characters, boilerplate_lists(langs), out[:, -1:])
    assert np.isfinite(out).all()
    names = [signal.name for signal in (*CHARACTER_SIGNALS, *BOILERPLATE_SIGNALS)]
    return [dict(zip(names, row, strict=True)) for row in out.tolist()]


def lowered(text: str) -> str:
    return "".join(chr(LOWER[ord(character)]) for character in text)


def holds_phrase(line: str, listed: set[tuple[str, ...]], firsts: set[str]) -> bool:
    found = [(word.start(), word.end(), lowered(word[0])) for word in PHRASE_WORD.finditer(line)]
    tokens = tokenize(characters_of([line]))
    spans = zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    starts = {start for start, end in spans if lowered(line[start:end]) in firsts}
    for first in range(len(found)):
        if found[first][0] not in starts:
            continue
        for last in range(first, min(first + 10, len(found))):
            if last > first and found[last][0] - found[last - 1][1] > 3:
                break
            if tuple(word for *_, word in found[first : last + 1]) in listed:
                return True
    return False


def boilerplate_oracle(text: str, lang: str) -> float:
    lists = [phrases("boilerplate").get(key, ()) for key in (lang, "*")]
    every = [phrase for phrases_ in lists for phrase in phrases_]
    listed = {tuple(map(lowered, PHRASE_WORD.findall(phrase))) for phrase in every}
    firsts = {lowered(token) for phrase in every for token in first_tokens(phrase)}
    lines = [line for line in text.split("\n") if line.strip()]
    return share(sum(holds_phrase(line, listed, firsts) for line in lines), len(lines))


PIECES = st.one_of(
    st.sampled_from(
        ["the ", "A B ", "word ", "Wörter. ", "ÄÖÜ ", "x" * 1001, "日本語", "のカ", "ก็า"]
    ),
    st.sampled_from(
        ["\n", "\n\n", " ", "\t", "\u00a0", "\r", "\x00", "\u200b", "\u0301", "\u2028"]
    ),
    st.sampled_from(["#", "...", "..", "…", "(", "）", "[1]", "{", "„", "1.5 ", "٣٤", "½", "², "]),
    st.sampled_from(["http://", "HTTPS://a.b/c", "www.", "WWW.x.y ", "http:/", "ahttp://", " www"]),
    st.sampled_from(
        ["privacy policy", "Log-In ", "READ\u00a0MORE", "log ", "in ", "lue lisää ", "隐私政策"]
    ),
    st.sampled_from(
        [
            "read  -  more",
            "read\nmore",
            "policy ",
            "uses, cookies",
            "隐 私,政策",
            "プライバシーポリシー",
        ]
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)
LANGS = st.sampled_from(["eng_Latn", "fin_Latn", "cmn_Hani", "jpn_Jpan", "und_Zyyy"])


@settings(deadline=None, max_examples=400)
@given(TEXTS, LANGS)
@example("", "eng_Latn")
@example("\n", "eng_Latn")
@example("see http://a.b and(www.c.d) or www.", "eng_Latn")
@example("httpshttps://a http://http://b\u00a0c", "eng_Latn")
@example("a" * 5000 + "\n" + "B1(" * 5000, "eng_Latn")
@example("日x\u0301本 ab abc a abcd", "jpn_Jpan")
def test_every_signal_is_that_of_plain_python(text: str, lang: str) -> None:
    (found,) = measured([text], [lang])
    expected = character_oracle(text) | {
        "boilerplate_line_fraction": boilerplate_oracle(text, lang)
    }
    assert found == pytest.approx(expected, rel=1e-9), text


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, LANGS), max_size=4))
def test_a_document_measures_in_a_batch_what_it_does_alone(
    documents: list[tuple[str, str]],
) -> None:
    texts, langs = [text for text, _ in documents], [lang for _, lang in documents]
    together = measured(texts, langs)
    assert together == [measured([text], [lang])[0] for text, lang in documents]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "ab", "abc" * 7, " ", "  ", "日"]), max_size=200).map("".join)
)
def test_the_longest_word_is_found_among_short_ones(text: str) -> None:
    expected = character_oracle(text)["longest_word_chars"]
    assert measured([text], ["x"])[0]["longest_word_chars"] == expected


@pytest.mark.parametrize("name", ["boilerplate", "counter_words", "cursed_phrases"])
def test_every_phrase_is_found_in_any_case(name: str) -> None:
    for lang, listed in phrases(name).items():
        lists = phrases(name).lists([lang])
        for phrase in listed:
            out = np.zeros((1, 1))
            upper = phrase.upper()  # the capital of Turkish ı is that of i
            text = f"Xx ({upper if lowered(upper) == lowered(phrase) else phrase})!"
            count_boilerplate(characters_of([text]), lists, out)
            assert out[0, 0] == 1, phrase


def test_phrases_are_lower_case_and_named_once() -> None:
    for name in ("boilerplate", "counter_words", "counter_units", "cursed_phrases"):
        for listed in phrases(name).values():
            assert len(set(listed)) == len(listed)
            assert all(phrase == phrase.lower().strip() for phrase in listed)


def test_a_phrase_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="has no words or is too long"):
        Phrases({"*": ("…",)}).lists([])
    with pytest.raises(ValueError, match="has no words or is too long"):
        Phrases({"*": ("x" * 80,)}).lists([])


@pytest.mark.parametrize(
    ("line", "lang"),
    [
        ("We use cookies to improve your experience.", "fin_Latn"),
        ("Lue lisää »", "fin_Latn"),
        ("© 2020 Tüm hakları saklıdır.", "tur_Latn"),
        ("Id-drittijiet kollha riżervati", "mlt_Latn"),
        ("S’inscrire", "fra_Latn"),
        ("ΔΙΑΒΆΣΤΕ ΠΕΡΙΣΣΌΤΕΡΑ", "ell_Grek"),
        ("查看更多", "cmn_Hani"),
    ],
)
def test_boilerplate(line: str, lang: str) -> None:
    text = f"{line}\nA line of its own that says nothing.\n"
    assert measured([text], [lang])[0]["boilerplate_line_fraction"] == 0.5


HOSTILE = [
    "a", "a ", "A", "1", "\n", "a\n", " ", "\x00", "\u0301", "日", ".", "...", ":", "http://",
    "http:// ", "www. ", "w", "#", "(", "😀", "privacy ", "privacy policy ", "read ", "隐私政",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_of_a_kind_take_linear_time(piece: str) -> None:
    (found,) = measured([piece * 2000], ["cmn_Hani"])
    expected = character_oracle(piece * 2000)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    lists = boilerplate_lists(["cmn_Hani"])

    def measure(characters: Characters) -> None:
        out = np.zeros((1, len(CHARACTER_SIGNALS)))
        measure_all_characters(characters, np.ones(1), np.ones(1), out)
        count_boilerplate(characters, lists, out[:, :1])

    assert_linear(measure, lambda count: characters_of([piece * count]), 250_000)


def test_no_documents() -> None:
    assert measured([], []) == []


def test_signals_are_described() -> None:
    signals = (*CHARACTER_SIGNALS, *BOILERPLATE_SIGNALS)
    assert len({signal.name for signal in signals}) == len(signals)
    assert all(signal.unit and signal.meaning for signal in signals)
