"""Words against UAX #29, a regular expression that says the same, and hostile text."""

import unicodedata

import numpy as np
import pytest
import regex
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from language_id.characters import CODE_POINTS, lower_table, runs
from language_id.decoded import Characters, _decode, characters_of, decoded
from language_id.words import (
    ALPHABETIC,
    JOINED,
    NO_SPACE,
    WORD,
    Tokens,
    _hash_tokens,
    _tokenize,
    token_hashes,
    tokenize,
)

UNSPACED = (
    r"[[\p{L}\p{Nl}]&&[\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}"
    r"\p{sc=Mymr}\p{sc=Tibt}\p{wb=Katakana}]--[\p{wb=Extend}]]"
)
NUMBER = rf"[[\p{{N}}[\p{{Cf}}&&\p{{wb=Numeric}}]]--{UNSPACED}]"
HEBREW = r"\p{wb=Hebrew_Letter}"
LETTER = rf"[[\p{{L}}[[\p{{P}}\p{{S}}]&&\p{{wb=ALetter}}]]--[{UNSPACED}\p{{wb=Extend}}]]"
MARK = r"[\p{M}[\p{Lm}&&\p{wb=Extend}]]"
IGNORED = rf"[{MARK}[\p{{Cf}}--[\u200b\p{{wb=Numeric}}]]]"
JOINER = r"[\p{wb=ExtendNumLet}--\p{Z}]"
MID_LETTERS = r"[\p{wb=MidLetter}\p{wb=MidNumLet}\p{wb=Single_Quote}:]"
MID_NUMBERS = r"[\p{wb=MidNum}\p{wb=MidNumLet}\p{wb=Single_Quote}--:]"


def with_marks(characters: str) -> str:
    return rf"(?:{characters}{IGNORED}*+)"


# A word, character by character: each alternative looks back at what it may follow.
MID_LETTER = rf"{with_marks(MID_LETTERS)}(?=[{LETTER}])"
HYPHENS = r"[-\u2010\u2011]"
HYPHEN = rf"{with_marks(HYPHENS)}(?=[{LETTER}])"
WORD_TOKEN = (
    rf"(?:{with_marks(MARK)}{HYPHEN}|(?:{with_marks(rf'[{LETTER}{NUMBER}{JOINER}]')}|{with_marks(MARK)}(?:{MID_LETTER})?)"
    rf"(?:{with_marks(rf'[{LETTER}{NUMBER}{JOINER}]')}"
    rf"|(?<={LETTER}{IGNORED}*){MID_LETTER}"
    rf"|(?<={HEBREW}{IGNORED}*){with_marks(chr(34))}(?={HEBREW})"
    rf"|(?<={NUMBER}{IGNORED}*){with_marks(MID_NUMBERS)}(?={NUMBER})"
    rf")*+(?:(?<={HEBREW}{IGNORED}*){with_marks(chr(39))}|(?<={LETTER}{IGNORED}*){HYPHEN})?+)"
)
SPACE = rf"(?:[[\p{{Z}}\p{{Cc}}\u200b]{IGNORED}]+?)"
TOKEN = regex.compile(
    rf"(?P<unspaced>{with_marks(UNSPACED)})|(?P<word>{WORD_TOKEN})|(?P<space>{SPACE})"
    rf"|(?P<symbol>(?P<first>.){IGNORED}*+(?:(?P=first){IGNORED}*+)*+)",
    regex.VERSION1 | regex.DOTALL,
)


def tokens_by_expression(text: str) -> list[tuple[str, int]]:
    found = []
    for match in TOKEN.finditer(text):
        if match.lastgroup == "space":
            continue
        kind = 0
        if match["unspaced"]:
            kind = WORD | ALPHABETIC | NO_SPACE
        elif match["word"]:
            # marks count where nothing stands before them
            first_is_mark = regex.match(MARK, match[0], regex.VERSION1)
            said = regex.search(rf"[[\p{{L}}\p{{N}}]{NUMBER}--{MARK}]", match[0], regex.VERSION1)
            letter = regex.search(rf"[\p{{L}}--{MARK}]", match[0], regex.VERSION1)
            joint = regex.search("['’:]", match[0])
            kind = WORD * bool(first_is_mark or said) | ALPHABETIC * bool(letter)
            kind |= JOINED * bool(joint)
        found.append((match[0], kind))
    return found


def tokens_of(text: str) -> list[tuple[str, int]]:
    tokens = tokenize(characters_of([text]))
    return [
        (text[start:end], int(kind))
        for start, end, kind in zip(tokens.starts, tokens.ends, tokens.kinds, strict=True)
    ]


def words_of(text: str) -> list[str]:
    return [token for token, _ in tokens_of(text)]


STORED_HASHES = [12285101086370613378, 7626304448533912715]

PIECES = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from(list("aZß19½_.,:;·'\"’`-‐# \n\u00a0\u202f\u00ad\u200b\u200d\u0301…日の語ーสกั")),
    st.sampled_from(["'a", "1.5", "..", "l·l", 'צ"ל', "ג'", "\u0301\u0301", "👩\u200d👧", "ﾞ", "Ⓐ"]),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@settings(deadline=None)
@given(TEXTS)
@example("a'b 'a a' a''b a.\u0301b 1'000 a:b 1:2 1.a a.1 \u0301'a")
@example("ג' ג'ב ג\"ב ג\" a\"b ג'5 _a_1_.b _'a")
@example("a-b a--b -a a- a-1 1-a a\u0301-\u0301b \u0301-b _-a Ⓐ-Ⓐ א-ב")
@example("-\u0301\u0301- \u00ad\u0301x \u0600\u0661 \ue000\ue000 \U000e0001")
def test_tokens_are_those_of_the_expression(text: str) -> None:
    assert tokens_of(text) == tokens_by_expression(text)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from(list("bcßдхç'’·,.;_019 \n")), max_size=60))
def test_boundaries_are_uax_29s_where_the_docstring_names_no_difference(text: str) -> None:
    pieces = regex.split(r"\b", text, flags=regex.VERSION1 | regex.WORD)
    expected = [piece for piece in pieces if regex.search(r"[\p{L}\p{N}]", piece)]
    assert [token for token, kind in tokens_of(text) if kind & WORD] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L’homme n'est qu'un roseau.", ["L’homme", "n'est", "qu'un", "roseau", "."]),
        ("EU:n kl. 10:30, 3,14 €", ["EU:n", "kl", ".", "10", ":", "30", ",", "3,14", "€"]),
        ("col·lecció l-Ewropa m²", ["col·lecció", "l-", "Ewropa", "m²"]),
        ("wait... what?! -- no", ["wait", "...", "what", "?", "!", "--", "no"]),
        ("日本語のABC。", ["日", "本", "語", "の", "ABC", "。"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("a\u00adb\ufeff \u200bc\x00d", ["a\u00adb\ufeff", "c", "d"]),
        ("où\u202f!", ["où", "!"]),
        ("snake_case __init__ ___", ["snake_case", "__init__", "___"]),
        ("", []),
        (" \n\t\u3000\u200b\x00\u00ad", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_kinds() -> None:
    assert tokens_of("a 1 ! 日 Ⅷ Ⓐ ½x ❤️ \u0301 ___ _a c'è EU:n 1.5 ':'") == [
        ("a", WORD | ALPHABETIC),
        ("1", WORD),
        ("!", 0),
        ("日", WORD | ALPHABETIC | NO_SPACE),
        ("Ⅷ", WORD),
        ("Ⓐ", 0),
        ("½x", WORD | ALPHABETIC),
        ("❤️", 0),
        ("\u0301", WORD),
        ("___", 0),
        ("_a", WORD | ALPHABETIC),
        ("c'è", WORD | ALPHABETIC | JOINED),
        ("EU:n", WORD | ALPHABETIC | JOINED),
        ("1.5", WORD),
        ("'", 0),
        (":", 0),
        ("'", 0),
    ]


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_a_document_has_the_tokens_it_has_alone(texts: list[str]) -> None:
    tokens = tokenize(characters_of(texts))
    assert tokens.starts.dtype == tokens.ends.dtype == np.int32
    assert tokens.doc_offsets.dtype == np.int64
    assert tokens.kinds.dtype == np.uint8
    for document, text in enumerate(texts):
        own = slice(tokens.doc_offsets[document], tokens.doc_offsets[document + 1])
        spans = zip(tokens.starts[own], tokens.ends[own], strict=True)
        assert ["".join(texts)[start:end] for start, end in spans] == words_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        " ",
        "\n",
        "\x00",
        "\u0301",
        "日",
        "'",
        "a'",
        "a'\u0301",
        "1.",
        '"ג',
        "_",
        "\u00ad",
        "-",
        "😀",
        "a ",
    ],
)
def test_many_of_a_kind_take_linear_time(text: str) -> None:
    def cut(characters: Characters) -> Tokens:
        tokens = tokenize(characters)
        token_hashes(characters, tokens)
        return tokens

    tokens = assert_linear(cut, lambda count: characters_of([text * count]), 400_000)
    assert tokens.doc_offsets[-1] == len(tokens.starts) <= len(text) * 400_000


def test_a_batch_whose_places_need_more_than_32_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="2147483648 bytes"):
        decoded(np.zeros(0, np.uint8), np.array([0, 1 << 31]))


def hashes_of(text: str, *, lower: bool) -> list[int]:
    characters = characters_of([text])
    hashes = token_hashes(characters, tokenize(characters))
    return [int(value) for value in (hashes.lower if lower else hashes.exact)]


def test_the_hash_is_of_the_token_alone_and_of_all_of_it() -> None:
    assert hashes_of("un deux un", lower=False)[0] == hashes_of("xyz un", lower=False)[1]
    words = [
        chr(97 + a) + chr(97 + b) + tail
        for a in range(26)
        for b in range(26)
        for tail in ("", "a", "é", "ж")
    ]
    assert len(set(hashes_of(" ".join(words), lower=False))) == len(set(words))


def test_hashes_are_those_stored_tables_were_made_with() -> None:
    """Signatures and text hashes are made of them: a change makes stored tables worthless."""
    assert hashes_of("Straße 日", lower=True) == STORED_HASHES


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("ÄÖÅ", "äöå"),
        ("ΟΔΟΣ", "οδος"),
        ("ΟΔΟΣ", "οδοσ"),
        ("Ж", "ж"),
        ("İ", "i"),
        ("ǅ", "ǆ"),
        ("Ⴀ", "ⴀ"),
    ],
)
def test_lower_case(upper: str, lower: str) -> None:
    assert hashes_of(upper, lower=True) == hashes_of(lower, lower=True)
    assert hashes_of(upper, lower=False) != hashes_of(lower, lower=False)


def test_lower_case_is_pythons_where_both_know_the_character() -> None:
    table = lower_table()
    for code in range(CODE_POINTS):
        expected = chr(code).lower()
        if len(expected) == 1 and code != 0x3C2 and unicodedata.category(chr(code)) != "Cn":
            assert table[code] == ord(expected)


def test_hash_bits_are_balanced_and_independent() -> None:
    values = np.array(
        hashes_of(" ".join(f"w{n}" for n in range(20_000)), lower=False), dtype=np.uint64
    )
    bits = (values[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    deviation = np.sqrt(len(values)) / 2
    assert np.abs(bits.sum(axis=0) - len(values) / 2).max() < 5 * deviation
    assert np.abs(np.corrcoef(bits.T.astype(float)) - np.eye(64)).max() < 5 / np.sqrt(len(values))


def test_the_tables_agree_with_pythons_older_unicode() -> None:
    known = {code: run.category for run in runs() for code in range(run.first, run.last + 1)}
    changed = [
        code
        for code in range(CODE_POINTS)
        if unicodedata.category(chr(code)) not in {"Cn", "Cs", known.get(code)}
    ]
    assert len(changed) < 20  # Unicode moves a few characters between categories


def test_writable_memory_compiles_no_second_kernel() -> None:
    data = np.frombuffer(b"one two", dtype=np.uint8)
    offsets = np.array([0, 7], dtype=np.int64)
    for memory in (data, data.copy()):
        characters = decoded(memory, offsets)
        token_hashes(characters, tokenize(characters))
    kernels = (_decode, _tokenize, _hash_tokens)
    assert [len(kernel.signatures) for kernel in kernels] == [1, 1, 1]


def test_no_documents() -> None:
    tokens = tokenize(characters_of([]))
    assert isinstance(tokens, Tokens)
    assert [len(part) for part in tokens] == [0, 0, 0, 1]
