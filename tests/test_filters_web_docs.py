"""The Web Docs Scorer against plain Python over all of Unicode, and hostile texts."""

import math
import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import regex
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters.compressibility import compressed_percent
from filters.web_docs import WEB_DOCS_SIGNALS, measure_web_docs
from filters.web_docs_classes import JOINERS, kind_counts
from filters.web_docs_table import GREATEST_FACTOR, LEAST_FACTOR, figures, rows
from language_id.decoded import Characters, characters_of

NAMES = [signal.name for signal in WEB_DOCS_SIGNALS]
PENALTIES = [
    NAMES.index(f"wds_{name}")
    for name in "url punctuation singular numbers repeated informativeness short".split()  # noqa: SIM905
]
LANGS = ("spa_Latn", "mlt_Latn", "cmn_Hani", "tha_Thai", "amh_Ethi", "und_Zyyy", "xyz_Cyrl")

SIGN = r"#%&*@/\\_•‣⁃†‡§¶※‰‱⁂⁎⁑٪＃％＆＊＠／＼＿﹟﹠﹡﹨﹪﹫"
JOINER = r"'’‘\-‐‑·־׳״＇－"
SELECTORS = r"\u180B-\u180D\u180F\uFE00-\uFE0F\U000E0100-\U000E01EF"
WORD = regex.compile(rf"[[\p{{L}}\p{{Mn}}\p{{Mc}}]--[{SELECTORS}]]", regex.VERSION1)
NUMERAL = regex.compile(r"\p{N}")
SYMBOL = regex.compile(rf"[\p{{S}}\p{{Co}}\p{{Me}}\p{{Cn}}{SIGN}]")
MARK = regex.compile(rf"[\p{{P}}--[{SIGN}{JOINER}\u0F0B\u0F0C\u1361]]", regex.VERSION1)
JOINED = regex.compile(rf"[{JOINER}]")


def kind(text: str, at: int) -> str:
    """w, p, x, n or nothing, as docs/web-docs-score.md defines them."""
    character = text[at]
    if WORD.match(character):
        return "w"
    if NUMERAL.match(character):
        return "n"
    if SYMBOL.match(character):
        return "x"
    if JOINED.match(character):
        inside = 0 < at < len(text) - 1
        return "" if inside and WORD.match(text[at - 1]) and WORD.match(text[at + 1]) else "p"
    return "p" if MARK.match(character) else ""


def line(points, value, scale=1.0):
    """The broken line through the points, flat beyond them."""
    places = [(place * scale, height) for place, height in points]
    if value <= places[0][0]:
        return places[0][1]
    for (left, low), (right, high) in pairwise(places):
        if value < right:
            return low + (high - low) * (value - left) / (right - left)
    return places[-1][1]


def ratio(part, whole):
    return part / whole if whole else (math.inf if part else 0.0)


def compressed(text: str) -> float:
    """Greedy matches of four characters against 2,048 remembered ones; bits in % of 8 each."""
    table: dict[int, tuple[int, int]] = {}
    at, matches, alone = 0, 0, Counter()
    while at < len(text):
        four = text[at : at + 4]
        if len(four) == 4:
            key = sum((ord(c) & 0xFFFF) << 16 * place for place, c in enumerate(four))
            slot = (key * 0x9E3779B97F4A7C15 % 2**64) >> 53
            known = table.get(slot)
            table[slot] = (key, at)
            if known and known[0] == key:
                length = 4
                while at + length < len(text) and text[known[1] + length] == text[at + length]:
                    length += 1
                matches += 1
                at += length
                continue
        alone[ord(text[at]) % 512] += 1
        at += 1
    total = alone.total()
    order_0 = sum(count * math.log2(total / count) for count in alone.values())
    return 100 * (16 * matches + order_0) / (8 * max(len(text), 1))


def limits(lang: str) -> dict[str, float]:
    """A language's limits by the Spanish ones, from the shipped figures."""
    own, spanish = figures(lang).values, rows()["spa_Latn"]
    scale = np.clip(own[:3] / spanish[:3], LEAST_FACTOR, GREATEST_FACTOR).tolist()
    return {"p": scale[0], "n": scale[1], "x": scale[2], "length": 1 / scale[0]}


def expected_compression(lang: str, chars: int) -> float:
    curve = figures(lang).values[3:].tolist()
    return line(list(zip(range(8, 15), curve, strict=True)), math.log2(chars))


def oracle(text: str, lang: str, language_share: float) -> list[float]:
    scale = limits(lang)
    kinds = [kind(text, at) for at in range(len(text))]
    lines, start = [], 0
    for piece in text.split("\n"):
        counts = Counter(kinds[start : start + len(piece)])
        if counts["w"] + counts["p"] + counts["x"] + counts["n"]:
            lines.append((piece, counts))
        start += len(piece) + 1
    total = sum((counts for _, counts in lines), Counter())
    words = total["w"]
    lengths = [counts["w"] / scale["length"] for _, counts in lines]
    long = [counts for (_, counts), length in zip(lines, lengths, strict=True) if length >= 250]
    bare = sum(100 * c["p"] / c["w"] < 0.3 * scale["p"] for c in long)
    great = [min((length - 250) / 750, 1) for length in lengths]
    great = [value for value in great if value > 0.5]
    again = Counter(piece for piece, _ in lines if len(piece) > 4)
    repeated = sum(count for count in again.values() if count > 1)
    short = ratio(sum(length <= 30 for length in lengths), len(lines))
    urls = len(regex.findall("www|http", text, regex.IGNORECASE | regex.ASCII))
    pages = words / (80 * 30 * scale["length"])
    off = abs(compressed(text) - expected_compression(lang, len(text))) if text else math.inf
    row = [
        language_share,
        line([(3, 1), (10, 0)], ratio(urls, pages)),
        min(
            line([(0.3, 0), (0.5, 0.5), (0.9, 1), (2.5, 1), (25, 0)],
                 100 * ratio(total["p"], words), scale["p"]),
            line([(0.05, 1), (0.4, 0)], ratio(bare, len(long))),
        ),
        line([(1, 1), (2, 0.7), (6, 0.5), (10, 0)], 100 * ratio(total["x"], words), scale["x"]),
        line([(1, 1), (30, 0)], 100 * ratio(total["n"], words), scale["n"]),
        1 - ratio(repeated, again.total()),
        min(len(long), 10) / 10,
        min(sum(great) / len(great) + 0.1, 1) if great else 0,
        line([(10, 1), (20, 0)], off),
        line([(0.5, 1), (1, 0.5)], short) if len(lines) >= 5 else 1,
    ]  # fmt: skip
    score = 0.8 * row[0] + 0.1 * row[6] + 0.1 * row[7]
    penalties = [row[at] for at in PENALTIES]
    if min(penalties) < 0.1:
        return [*row, 0.0]
    weights = [penalty**-2.9 for penalty in penalties]
    for penalty, weight in zip(penalties, weights, strict=True):
        score *= penalty ** (3 * weight / sum(weights))
    return [*row, score]


def measured(texts, langs, shares=None):
    shares = np.ones(len(texts)) if shares is None else np.array(shares, dtype=np.float64)
    found = measure_web_docs(*characters_of(texts), langs, shares)
    assert found.shape == (len(texts), len(WEB_DOCS_SIGNALS))
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
    return found


def agree(text: str, lang: str, language_share: float) -> None:
    found = measured([text], [lang], [language_share])[0]
    expected = oracle(text, lang, language_share)
    assert dict(zip(NAMES, found, strict=True)) == pytest.approx(
        dict(zip(NAMES, expected, strict=True)), rel=1e-9, abs=1e-9
    )


WORDS = ("the ", "river ", "comes ", "down ", "from ", "hills ", "to ", "town ")
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.builds(lambda words, mark: "".join(words) + mark,
              st.lists(st.sampled_from(WORDS), min_size=3, max_size=60),
              st.sampled_from([". ", ", ", "! ", "", "? - ", " (so) "])),
    st.sampled_from(["\n", "\n\n", "\r\n", "\t", "\x00", "\x00" * 9, "\u2028", "\ufeff"]),
    st.sampled_from(["menu\n", "Home\n", "a\n", "....\n", "-----\n", "2024\n", "x" * 260 + "\n"]),
    st.sampled_from(["http://www.a.b ", "HTTPS ", "wwww", "wwwwww", "hhttp", "ww"]),
    st.sampled_from(["w\nww", "http", "ht\ntp", "WwW"]),
    st.sampled_from(["l'uomo ", "il-bniedem ", "rock 'n' roll", "-", "'", "a-", "-a"]),
    st.sampled_from(["a-\nb", "a--b", "a-1", "é-é", "’a", "p-w"]),
    st.sampled_from(["日本語、", "。", "ሰላም፡ልዑል።", "བོད་ཡིག།", "สวัสดี", "1,234.5 ", "٣٤", "Ⅷ½"]),
    st.sampled_from(["😀", "😀\ufe0f", "1\ufe0f\u20e3", "\U000e0100", "\ue000"]),
    st.sampled_from(["\U0003ffff", "€5 ", "a_b", "50%"]),
    st.characters(exclude_categories=["Cs"]),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=60).map("".join)


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.sampled_from(LANGS), st.floats(0, 1))
@example("", "spa_Latn", 1.0)
@example("\n \n", "spa_Latn", 0.0)
@example("12 34", "spa_Latn", 1.0)
@example("http", "spa_Latn", 1.0)
@example("\x00" * 40, "spa_Latn", 1.0)
@example("\U0001f600\U0001f601\U0001f602\U0001f603" * 9, "spa_Latn", 1.0)
@example(("a paragraph of the text, " * 40 + "\n") * 12, "spa_Latn", 0.9)
def test_every_score_is_that_of_plain_python(text: str, lang: str, language_share: float) -> None:
    agree(text, lang, language_share)


@settings(deadline=None)
@given(st.lists(st.sampled_from("ab \n"), max_size=400).map("".join))
def test_small_alphabets_compress_as_in_plain_python(text: str) -> None:
    assert compressed_percent(*characters_of([text]))[0] == pytest.approx(compressed(text))


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, st.sampled_from(LANGS), st.floats(0, 1)), max_size=4))
def test_a_document_measures_in_a_batch_what_it_does_alone(documents) -> None:
    together = measured(*map(list, zip(*documents, strict=True))) if documents else measured([], [])
    alone = [measured([text], [lang], [part])[0] for text, lang, part in documents]
    assert np.array_equal(together, np.array(alone).reshape(-1, len(NAMES)))


def test_every_character_is_of_the_kind_plain_python_finds() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for prefix, tested, suffix in (
        ("", characters, ""),
        ("a", characters[::97], "b"),
        ("p", JOINERS, " "),
        (" ", JOINERS, "w"),
        ("\u0301", JOINERS, "\u0301"),
    ):
        texts = [f"{prefix}{character}{suffix}" for character in tested]
        counts = kind_counts(*characters_of(texts))
        counts[:, 1] -= sum(bool(WORD.match(each)) for each in prefix + suffix)
        for text, row in zip(texts, counts[:, 1:].tolist(), strict=True):
            found = "".join(name for name, count in zip("wpxn", row, strict=True) if count)
            assert found == kind(text, len(prefix)), ascii(text)


def test_unassigned_characters_are_symbols() -> None:
    assert kind_counts(*characters_of(["\u0378\U000effff"])).tolist() == [[0, 0, 0, 2, 0]]


HOSTILE = ["a", "a ", "\n", "a\n", "abcde\n", "\x00", "\u0301", "日", ".", "'", "a'", "w", "www ",
           "http", "htt", "😀", "\ue000", "1", "ab" * 300 + "\n"]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_of_a_kind_take_linear_time(piece: str) -> None:
    assert_linear(
        lambda characters: measure_web_docs(*characters, ["mlt_Latn"], np.ones(1)),
        lambda size: characters_of([piece * (size // len(piece))]),
        400_000,
    )


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_of_a_kind_agree_with_plain_python(piece: str) -> None:
    agree(piece * 600, "tha_Thai", 0.5)


def test_texts_without_repetition_take_linear_time() -> None:
    def made(size: int) -> Characters:
        generator = random.Random(5)
        text = "".join(chr(generator.randrange(0x4E00, 0x9FFF)) for _ in range(size))
        lines = "\n".join(f"line {number * 7919 % 1_000_003}" for number in range(size // 10))
        return characters_of([text, lines])

    langs = ["cmn_Hani", "eng_Latn"]
    assert_linear(lambda made: measure_web_docs(*made, langs, np.ones(2)), made, 800_000)
