"""Flagged words: how they are listed, counted and bounded, against plain Python."""

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.flagged_kernel import FEWEST, count_flagged_words
from filters.flagged_rules import C4_BAD_WORDS, FLAGGED, FLAGGED_SIGNALS
from filters.rules import judge
from filters.word_lists import WordLists, builtin, merged, parsed
from language_id.decoded import characters_of
from language_id.labels import UNKNOWN, canonical
from language_id.words import WORD, token_hashes, tokenize

LISTS = WordLists(
    {
        "eng_Latn": ["bad", "very bad", "bad very bad word", "b-word", "Caps", "naïve"],
        "ell_Grek": ["κακός"],
        "tha_Thai": ["เลว"],
        "jpn_Jpan": ["悪い"],
    }
)


def tokenized(texts):
    characters = characters_of(texts)
    tokens = tokenize(characters)
    return tokens, token_hashes(characters, tokens).lower


def counted(texts, langs, lists=LISTS):
    tokens, hashes = tokenized(texts)
    out = np.zeros((len(texts), 2))
    count_flagged_words(hashes, tokens.kinds, tokens.doc_offsets, *lists.of(langs), out)
    return [tuple(row) for row in out.tolist()]


def words_of(text):
    tokens, _ = tokenized([text])
    spans = zip(tokens.starts, tokens.ends, strict=True)
    lower = [text[s:e].lower().replace("ς", "σ") for s, e in spans]
    return list(zip(lower, (tokens.kinds & WORD) != 0, strict=True))


def oracle(text, lang, lists=LISTS):
    if lang not in lists.words:
        return (-1, 0)
    tokens = words_of(text)
    entries = {tuple(token for token, _ in words_of(word)) for word in lists.words[lang]}
    longest = max(map(len, entries), default=0)
    found = at = 0
    while at < len(tokens):
        length = next(
            (
                n
                for n in range(longest, 0, -1)
                if tuple(t for t, _ in tokens[at : at + n]) in entries
            ),
            0,
        )
        found += length > 0
        at += length or 1
    words = sum(is_word for _, is_word in tokens)
    return (found, found / max(words, 1) if found >= FEWEST else 0)


PIECES = st.sampled_from(
    ["bad", "very", "word", "b-word", "b", "-", " ", "BAD ", "badly ", ".", "naïve ", "\n", "\x00",
     "เลว", "悪い", "悪", "ΚΑΚΌΣ ", "κακός ", "bad very bad ", "\u0301", "😀", "CAPS "]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.characters(exclude_categories=["Cs"]), max_size=40).map("".join)
LANGS = st.sampled_from(["eng_Latn", "ell_Grek", "tha_Thai", "jpn_Jpan", "und_Zyyy"])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(TEXTS, LANGS), max_size=4))
def test_counts_are_those_of_plain_python(documents):
    texts, langs = [text for text, _ in documents], [lang for _, lang in documents]
    expected = [oracle(text, lang) for text, lang in documents]
    np.testing.assert_allclose(counted(texts, langs), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "lang", "count"),
    [
        ("Bad, badly, BADLY, embadded: bad.", "eng_Latn", 2),
        ("very bad very bad word", "eng_Latn", 2),
        ("bad very bad word", "eng_Latn", 1),
        ("a b-word and a b word", "eng_Latn", 1),
        ("bad", "fin_Latn", -1),
        ("", "eng_Latn", 0),
    ],
)
def test_whole_words_count_and_the_longest_entry_once(text, lang, count):
    assert counted([text], [lang])[0][0] == count


def test_few_occurrences_have_no_share():
    assert counted(["bad bad ok ok"], ["eng_Latn"]) == [(2, 0)]
    assert counted(["bad bad bad ok , ."], ["eng_Latn"]) == [(3, 0.75)]


@pytest.mark.parametrize(
    "piece", ["a", "bad ", "very ", "bad very ", "b-", ".", "\n", "\x00", "悪", "\u0301"]
)
def test_many_of_a_kind_take_linear_time(piece):
    def count(made):
        (tokens, hashes), out = made, np.zeros((1, 2))
        count_flagged_words(hashes, tokens.kinds, tokens.doc_offsets, *LISTS.of(["eng_Latn"]), out)
        return out

    out = assert_linear(count, lambda count: tokenized([piece * count]), 250_000)
    assert np.isfinite(out).all()


def test_no_documents_and_no_lists():
    assert counted([], []) == []
    assert counted(["bad"], ["eng_Latn"], WordLists({})) == [(-1, 0)]
    assert counted(["bad"], ["eng_Latn"], WordLists({"eng_Latn": ["", " "]})) == [(0, 0)]


@pytest.mark.parametrize(
    ("line", "lang", "entry"),
    [
        ("fin_Latn\tsana", None, ("fin_Latn", "sana")),
        ("fi\ttwo words", None, ("fin_Latn", "two words")),
        ("sana", "fi", ("fin_Latn", "sana")),
        ("sana", None, None),
        ("qqq9\tsana", None, None),
        ("sana", "none", None),
        ("fi\t ", None, None),
        ("fi\ta\tb", None, None),
    ],
)
def test_lines_of_lists(line, lang, entry):
    assert parsed(line, lang) == entry


def test_lists_are_merged_by_language():
    lists = merged({"fin_Latn": ["a", "b"]}, {"fin_Latn": ["b", "c"], "eng_Latn": ["d"]})
    assert lists.words == {"fin_Latn": ("a", "b", "c"), "eng_Latn": ("d",)}


def test_every_shipped_word_is_of_a_known_language_and_finds_itself():
    lists = WordLists(builtin())
    for lang, words in builtin().items():
        assert canonical(lang) == lang != UNKNOWN
        assert len(set(words)) == len(words)
        assert all(counted([word], [lang], lists)[0][0] == 1 for word in words), lang


EUROPE = (
    "bul_Cyrl ces_Latn dan_Latn deu_Latn ell_Grek eng_Latn ekk_Latn fin_Latn fra_Latn gle_Latn "
    "hrv_Latn hun_Latn ita_Latn lvs_Latn lit_Latn mlt_Latn nld_Latn pol_Latn por_Latn ron_Latn "
    "slk_Latn slv_Latn spa_Latn swe_Latn als_Latn bos_Latn mkd_Cyrl srp_Cyrl srp_Latn cnr_Latn "
    "tur_Latn ukr_Cyrl kat_Geor"
)


def test_the_union_and_its_candidates_have_lists():
    assert set(EUROPE.split()) <= builtin().keys()


PROSE = [
    ("eng_Latn", "Scunthorpe, Penistone and Essex: cock-a-hoop tits (great tits, Parus major), a "
     "pussy willow, a rooster and cock, Dick Cheney, cum laude, anal fin, sex education, HIV."),
    ("deu_Latn", "Das Dorf Fucking, heute Fugging; Sex, Hure, Nutte, geil, Muschi, blasen"),
    ("swe_Latn", "Sex dagar, slut på filmen, fart, kock, bög, porr"),
    ("dan_Latn", "Slut med fart, sex, luder, pik i snapsen"),
    ("fra_Latn", "La chatte dort, une bite d'amarrage, la queue, baiser la main, con, cul-de-sac"),
    ("ita_Latn", "La guerra di Troia, un finocchio, la fica del Sinai, il cazzo di Pasolini"),
    ("spa_Latn", "Coger el autobús, una polla de agua, la concha, la pija, el pico"),
    ("por_Latn", "Um rapaz, a bicha do cinema, o pinto, a rola, a pica"),
    ("fin_Latn", "Pillu, kulli, perse, vittu: sanoja sanakirjasta"),
    ("ces_Latn", "Kozy na louce, prdel, pták na stromě"),
    ("pol_Latn", "Ptak, laska, pała, cipka w słowniku"),
    ("hrv_Latn", "Pula, kurac u rječniku, pičkin dim, karati se"),
    ("ron_Latn", "Pula, oraș; curbe și curele"),
    ("tur_Latn", "Am sık, göt, yarak"),
    ("nld_Latn", "Een kutweer, de lul, de pik, geil"),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "text"), PROSE)
def test_words_that_are_others_too_are_not_shipped(lang, text):
    assert counted([text], [lang], WordLists(builtin()))[0][0] == 0


def test_the_rule_asks_for_three_in_a_hundred():
    few = counted(["word " * 97 + "bad " * 2], ["eng_Latn"])[0]
    edge = counted(["word " * 297 + "bad " * 3], ["eng_Latn"])[0]
    more = counted(["word " * 296 + "bad " * 3], ["eng_Latn"])[0]
    columns = {
        signal.name: np.array([row[at] for row in (few, edge, more)]).astype(signal.dtype)
        for at, signal in enumerate(FLAGGED_SIGNALS)
    }
    rules = (*FLAGGED, *C4_BAD_WORDS)
    assert judge(rules, columns, ["eng_Latn"] * 3).failed == [
        ["c4.bad_words"],
        ["c4.bad_words"],
        ["words.flagged", "c4.bad_words"],
    ]
