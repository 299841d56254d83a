"""Which lines of a document are asked for their language, and what comes of the answers."""

from collections.abc import Sequence

import numpy as np
import pytest
import regex
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from language_id.decoded import characters_of
from language_id.identify import Identifier
from language_id.labels import canonical
from language_id.lines import (
    MAX_LINE_CHARS,
    MAX_LINES,
    RELATED,
    line_language_shares,
    same_language,
)
from language_id.models import REGISTRY, load

WORD = regex.compile(
    r"[[\p{L}\p{Mn}\p{Mc}]--[\u180B-\u180D\u180F\uFE00-\uFE0F\U000E0100-\U000E01EF]]",
    regex.VERSION1,
)
MALTESE = "Il-pont baqa' magħluq għat-tiswijiet sal-aħħar tal-ġimgħa, qalet il-gazzetta."
GERMAN = "Die Brücke blieb wegen Reparaturen bis zum Ende der Woche gesperrt, schrieb die Zeitung."


class Reader:
    """A model that calls a line with "ü" German, others Maltese, and keeps what it was asked."""

    def __init__(self, score: float = 0.9) -> None:
        self.asked: list[str] = []
        self.score = score

    def predict_all(
        self, texts: Sequence[str], k: int, threshold: float = 0.0
    ) -> list[tuple[Sequence[str], Sequence[float]]]:
        if k == 1:  # asked again without a threshold where none reaches it
            self.asked += texts
        if self.score < threshold:
            return [((), ())] * len(texts)
        return [(("deu_Latn" if "ü" in text else "mlt_Latn",), (self.score,)) for text in texts]


def identifier(model: Reader) -> Identifier:
    return Identifier(model, "plain", scripted=True, overrides={})


def shares(model, texts, langs, menu_chars=None):
    found = line_language_shares(model, *characters_of(texts), langs, menu_chars)
    assert found.shape == (len(texts),)
    assert ((found >= 0) & (found <= 1)).all()
    return found.tolist()


@pytest.fixture(scope="module")
def lid() -> Identifier:
    return load(REGISTRY["lid.176"])


def asked_in_plain_python(text: str, menu_chars: float) -> list[tuple[str, int]]:
    lines = [(line, len(WORD.findall(line))) for line in text.split("\n")]
    long = [(line, words) for line, words in lines if words > menu_chars]
    wanted = min(len(long), MAX_LINES)
    chosen = [long[place * len(long) // wanted] for place in range(wanted)]
    return [(line[:MAX_LINE_CHARS], words) for line, words in chosen]


PIECES = st.one_of(
    st.sampled_from(
        [MALTESE, GERMAN, "kelma ", "Wörter und ü ", "\n", "\n\n", " ", "12, ", "日本語"]
    ),
    st.characters(exclude_categories=["Cs"]),
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=80).map("".join), st.sampled_from([0.0, 9.5, 30.0]))
@example("", 30.0)
@example("\n" * 60, 0.0)
@example((MALTESE + "\n") * 120 + GERMAN, 30.0)
def test_lines_are_those_of_plain_python(text: str, menu_chars: float) -> None:
    model = Reader()
    found = shares(identifier(model), [text], ["mlt_Latn"], np.array([menu_chars]))
    lines = asked_in_plain_python(text, menu_chars)
    own = sum(
        words
        for line, words in lines
        if "ü" not in line or sum(map(str.isalpha, line)) < 10  # too few letters to be asked
    )
    total = sum(words for _, words in lines)
    assert found == pytest.approx([own / total if total else 0.0])
    assert len(model.asked) <= len(lines) <= MAX_LINES


def test_lines_weigh_their_word_characters() -> None:
    text = f"{MALTESE * 2}\n{GERMAN}"
    own, other = (len(WORD.findall(part)) for part in (MALTESE * 2, GERMAN))
    found = shares(identifier(Reader()), [text, text], ["mlt_Latn", "deu_Latn"])
    assert found == pytest.approx([own / (own + other), other / (own + other)])


def test_an_unsure_answer_does_not_speak_against_the_document() -> None:
    assert shares(identifier(Reader(0.49)), [GERMAN], ["mlt_Latn"]) == [1.0]
    assert shares(identifier(Reader(0.5)), [GERMAN], ["mlt_Latn"]) == [0.0]


def test_a_text_of_menu_lines_has_no_share() -> None:
    model = Reader()
    menu = "\n".join(["Il-paġna ewlenija", "Aħbarijiet", "x" * 30, "1234567890" * 9])
    assert shares(identifier(model), [menu, ""], ["mlt_Latn", "mlt_Latn"]) == [0.0, 0.0]
    assert not model.asked
    assert shares(identifier(model), ["x" * 31], ["mlt_Latn"]) == [1.0]


def test_many_lines_are_asked_evenly() -> None:
    model = Reader()
    lines = [f"{MALTESE} {number}" for number in range(1000)]
    shares(identifier(model), ["\n".join(lines)], ["mlt_Latn"])
    assert model.asked == lines[:: 1000 // MAX_LINES]


def test_a_line_is_read_from_its_start_and_not_to_its_end() -> None:
    model = Reader()
    shares(identifier(model), [MALTESE * 99], ["mlt_Latn"])
    assert model.asked == [(MALTESE * 99)[:MAX_LINE_CHARS]]


def test_documents_of_a_batch_do_not_mix() -> None:
    texts = [MALTESE, "", f"{GERMAN}\n{GERMAN}", "kort", MALTESE]
    langs = ["mlt_Latn", "mlt_Latn", "mlt_Latn", "swe_Latn", "deu_Latn"]
    assert shares(identifier(Reader()), texts, langs) == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert shares(identifier(Reader()), [], []) == []


def test_as_many_labels_as_texts_are_asked_for() -> None:
    with pytest.raises(ValueError, match="1 labels, 2 line lengths, 2 texts"):
        line_language_shares(identifier(Reader()), *characters_of(["a", "b"]), ["eng_Latn"])


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("bos_Latn", "hrv_Latn", True),
        ("srp_Cyrl", "hbs_Cyrl", True),
        ("srp_Cyrl", "srp_Latn", False),
        ("srp_Cyrl", "hrv_Latn", False),
        ("nno_Latn", "dan_Latn", True),
        ("glg_Latn", "por_Latn", True),
        ("mlt_Latn", "eng_Latn", False),
        ("ekk_Latn", "fin_Latn", False),
        ("swe_Latn", "nob_Latn", False),
        ("und_Zyyy", "und_Zyyy", True),
        ("und_Zyyy", "eng_Latn", False),
    ],
)
def test_near_languages_in_one_script_are_one(first: str, second: str, same: bool) -> None:
    assert same_language(first, second) == same_language(second, first) == same


def test_no_language_is_in_two_groups_and_all_are_known() -> None:
    codes = [code for group in RELATED for code in group]
    assert len(codes) == len(set(codes))
    assert all(canonical(code).partition("_")[0] == code for code in codes)


def test_a_page_half_in_another_language_is_seen(lid: Identifier) -> None:
    pages = [f"{MALTESE}\n{MALTESE}", f"{MALTESE}\n{GERMAN}", f"{GERMAN}\n{GERMAN}"]
    found = shares(lid, pages, ["mlt_Latn"] * 3)
    assert found[0] == 1
    assert 0.4 < found[1] < 0.6
    assert found[2] == 0


@pytest.mark.parametrize("piece", ["a", "\n", "a\n", f"{MALTESE}\n", "\x00", "日", "</s>"])
def test_many_of_a_kind_take_linear_time(lid: Identifier, piece: str) -> None:
    assert_linear(
        lambda text: shares(lid, [text], ["mlt_Latn"], np.zeros(1)),
        lambda size: piece * (size // len(piece)),
        800_000,
    )


@pytest.mark.real
def test_press_releases_are_in_their_language(shared_data, lid: Identifier) -> None:
    from filters.data.web_docs_sources import press_releases
    from filters.web_docs_table import menu_chars

    for own, texts in press_releases(shared_data / "europa", fitted=False).items():
        found = shares(lid, texts, [own] * len(texts), menu_chars([own] * len(texts)))
        if len(texts) >= 15:
            assert np.median(found) > 0.95, own
            assert np.mean(found) > 0.9, own
