"""Words in URLs: what counts, in which language, and that ordinary addresses have none."""

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters.url_names import URL_CHARS
from filters.url_rules import URL, URL_SIGNALS
from filters.url_word_kernel import suspects
from filters.url_words import UrlWord, UrlWords, builtin, counted, parsed
from language_id.labels import UNKNOWN, canonical

WORDS = UrlWords(
    [
        UrlWord("*", "strict", "strictword"),
        UrlWord("*", "soft", "common"),
        UrlWord("eng_Latn", "hard", "hard"),
        UrlWord("eng_Latn", "soft", "soft"),
        UrlWord("rus_Cyrl", "hard", "слово"),
    ]
)


@pytest.mark.parametrize(
    ("url", "lang", "counts"),
    [
        ("https://a.org/hard", "eng_Latn", (1, 0)),
        ("https://a.org/hard", "swe_Latn", (0, 0)),
        ("https://hard.org/", "eng_Latn", (1, 0)),
        ("https://a.org/hardly/orchard", "eng_Latn", (0, 0)),
        ("https://a.org/HARD_soft", "eng_Latn", (1, 1)),
        ("https://a.org/hard/hard?hard#hard", "eng_Latn", (1, 0)),
        ("https://soft.org/common", "eng_Latn", (0, 2)),
        ("https://soft.org/common", "swe_Latn", (0, 1)),
        ("http://st.rict-wo_rd.org/", "swe_Latn", (1, 0)),
        ("http://a.org/xxstrictwordxx", "swe_Latn", (1, 0)),
        ("http://a.org/st%72ictword", "swe_Latn", (1, 0)),
        ("http://a.org/%D1%81%D0%BB%D0%BE%D0%B2%D0%BE", "rus_Cyrl", (1, 0)),
        ("http://слово.example/", "rus_Cyrl", (1, 0)),
        ("http://xn--b1arjbl.example/", "rus_Cyrl", (1, 0)),
        ("hard://a.org/", "eng_Latn", (0, 0)),
        ("", "eng_Latn", (0, 0)),
    ],
)
def test_words_of_a_url(url, lang, counts):
    assert WORDS.count(url, lang) == counts


def test_counts_of_a_batch():
    found = counted(WORDS, ["http://a.org/hard-soft", None], ["eng_Latn", "eng_Latn"])
    assert {name: column.tolist() for name, column in found.items()} == {
        "url_hard_word_count": [1, 0],
        "url_soft_word_count": [1, 0],
    }
    assert all(column.dtype == np.int32 for column in found.values())
    assert [column.shape for column in counted(WORDS, [], []).values()] == [(0,), (0,)]


ENTRIES = [
    UrlWord("*", "strict", "glued"), UrlWord("*", "strict", "lute"), UrlWord("*", "strict", "тот"),
    UrlWord("*", "soft", "k9"), UrlWord("*", "hard", "слово"), UrlWord("*", "hard", "strasse"),
    UrlWord("swe_Latn", "hard", "sex"), UrlWord("eng_Latn", "soft", "é"),
]  # fmt: skip
SOME = UrlWords(ENTRIES)
MANY = UrlWords([*ENTRIES, *(UrlWord("*", "hard", f"w{n}") for n in range(5000))])
PIECES = [
    "glued", "gl-u.e_d", "GLUED", "glu", "lute", "k9", "K9", "\u212a9", "sex", "Sex", "\u017fex",
    "sexy", "слово", "тот", "т-от", "e\u0301", "é", "%C3%A9", "xn--b1arjbl", "XN--b1arjbl", "%73ex",
    "stra\u00dfe", "w77", "w5000", "_", "-", ".", "/", "://", "https", "\n", "\0", "\ud800",
    "x", "n-",
]  # fmt: skip
LONG = "a" * (URL_CHARS - 4)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES) | st.characters(), max_size=8), max_size=20))
@example([[LONG, "/sex"], [LONG, "/sexy"], [LONG, "y/sexy"], [], ["sex://sex"], ["://sex"]])
@example([["glute"], ["gl", "lute"], ["glu", "glued"]])
def test_words_of_many_urls_are_those_of_each(pages):
    urls = [None if not pieces else "".join(pieces) for pieces in pages]
    langs = [("swe_Latn", "eng_Latn")[page % 2] for page in range(len(urls))]
    for words in (SOME, MANY):
        found = [column.tolist() for column in counted(words, urls, langs).values()]
        each = [words.count(url or "", lang) for url, lang in zip(urls, langs, strict=True)]
        assert list(zip(*found, strict=True)) == each


def test_an_ordinary_url_is_no_suspect():
    urls = ["https://www.hardly.org/soft-ware/strict/word?common=1", "http://a.org/hard", ""]
    data = np.frombuffer("".join(urls).encode(), np.uint8)
    offsets = np.cumsum([0, *map(len, urls)])
    own = [
        UrlWord("*", "hard", "hard"),
        UrlWord("*", "soft", "soften"),
        UrlWord("*", "strict", "words"),
    ]
    found = suspects(data, offsets, URL_CHARS, *UrlWords(own).tables)
    assert found.tolist() == [False, True, False]


@pytest.mark.parametrize("line", ["", "a", "*\thard", "*\tweak\ta", "*\thard\ta b", "*\thard\t"])
def test_lines_that_are_no_entry(line):
    assert parsed(line) is None


def test_every_shipped_line_is_an_entry_of_a_known_language():
    assert len(builtin()) > 300
    assert len({(entry.lang, entry.word) for entry in builtin()}) == len(builtin())
    for entry in builtin():
        assert entry.lang == "*" or canonical(entry.lang) == entry.lang != UNKNOWN
        assert UrlWords([entry]).count(f"http://a.org/{entry.word}", entry.lang) in ((1, 0), (0, 1))


ORDINARY = [
    ("http://www.essex-campus.ac.uk/sussex-shopping", "eng_Latn"),
    ("http://www.middlesex.gov.uk/cockermouth/scunthorpe", "eng_Latn"),
    ("http://a.org/second-hand-jobs/boston-cream-pie", "eng_Latn"),
    ("http://a.org/assassin-therapist-analysis", "eng_Latn"),
    ("http://a.org/pornstar-martini-recipe", "eng_Latn"),
    ("http://a.org/revenge-porn-law", "eng_Latn"),
    ("http://a.se/sex-dagar-pa-fjallet", "swe_Latn"),
    ("http://a.no/sex-dager", "nob_Latn"),
    ("http://a.de/kurven-und-hurenkinder", "deu_Latn"),
    ("http://a.hr/pula/kurve", "hrv_Latn"),
    ("http://a.it/guerra-di-troia", "ita_Latn"),
    ("http://a.pt/cidade-de-boquete-panama", "por_Latn"),
    ("http://a.fi/kohentaisi-maukas", "fin_Latn"),
    ("http://a.fr/plan-culturel-baise", "fra_Latn"),
    ("http://a.org/xxx-olympiad", "eng_Latn"),
]


@pytest.mark.parametrize(("url", "lang"), ORDINARY)
def test_ordinary_addresses_pass_with_the_shipped_words(url, lang):
    hard, soft = UrlWords(builtin()).count(url, lang)
    assert (hard, soft <= 1) == (0, True)


@given(st.text(max_size=200), st.sampled_from(["eng_Latn", "und_Zyyy"]))
def test_any_url_has_finite_counts(url, lang):
    for text in (url, f"http://{url}/", f"http://xn--{url}", f"http://a/%{url}"):
        hard, soft = UrlWords(builtin()).count(text, lang)
        assert 0 <= hard <= len(builtin())
        assert 0 <= soft <= len(builtin())


@pytest.mark.parametrize("piece", ["a", "-", "%", "%61", "xn--a.", "sex-", "\u0301", "://"])
def test_hostile_urls_take_linear_time(piece):
    words = UrlWords(builtin())
    assert_linear(
        lambda url: words.count(url, "eng_Latn"), lambda n: "http://" + piece * n, 400_000
    )


def test_each_rule_has_its_signal():
    assert [rule.signal for rule in URL] == [signal.name for signal in URL_SIGNALS]
    assert all(signal.dtype == "int32" and signal.meaning for signal in URL_SIGNALS)
