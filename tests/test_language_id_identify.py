"""What is asked of a model, and what is made of its answer."""

import html
import json
import lzma
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import regex
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from language_id.identify import MAX_CHARS, MIN_LETTERS, Identification, Identifier, openlid, plain
from language_id.labels import canonical
from language_id.models import REGISTRY, load

UNIDENTIFIED = Identification(("und_Zyyy",), (0.0,))
GERMAN = "Die Brücke blieb wegen Reparaturen bis zum Ende der Woche gesperrt."


@pytest.fixture(scope="module")
def lid() -> Identifier:
    return load(REGISTRY["lid.176"])


class Recorded:
    """A model with one answer, which keeps what it was asked."""

    def __init__(self, labels: Sequence[str], scores: Sequence[float]) -> None:
        self.answer = (tuple(labels), tuple(scores))
        self.asked: list[str] = []

    def predict_all(
        self, texts: Sequence[str], k: int, threshold: float = 0.0
    ) -> list[tuple[Sequence[str], Sequence[float]]]:
        self.asked += texts
        sure = [n for n, score in enumerate(self.answer[1]) if score >= threshold][: k % 1000]
        labels, scores = self.answer
        return [(tuple(labels[n] for n in sure), tuple(scores[n] for n in sure))] * len(texts)


def identifier(model: Recorded, *, scripted: bool = True) -> Identifier:
    return Identifier(model, "plain", scripted=scripted, overrides={"als": "gsw_Latn"})


@pytest.mark.parametrize("text", ["", " \n\t", "12345 678 !!", "abc", "ab 12 cd 34 ef", "日本"])
def test_a_text_with_hardly_a_letter_has_no_language(lid, text):
    assert lid.identify([text]) == [UNIDENTIFIED]


def test_the_floor_is_exact(lid):
    assert lid.identify(["a1" * (MIN_LETTERS - 1)]) == [UNIDENTIFIED]
    assert lid.identify(["a1" * MIN_LETTERS])[0].labels[0] != "und_Zyyy"


@pytest.mark.parametrize(
    "prefix", ["", "</s> ", "__label__en ", "\n", "</s></s>\n\r\u2028", " " * 9999]
)
def test_marks_before_a_text_do_not_change_its_language(lid, prefix):
    assert lid.identify([prefix + GERMAN])[0].labels[0] == "deu_Latn"


def test_answers_are_three_sorted_scores_within_one(lid):
    for one in lid.identify([GERMAN, "Мост је био затворен због поправке до краја недеље."]):
        assert len(one.labels) == len(one.scores) == 3
        assert list(one.scores) == sorted(one.scores, reverse=True)
        assert all(0 <= score <= 1 for score in one.scores)


def test_order_and_company_change_nothing(lid):
    texts = [
        GERMAN,
        "",
        "The bridge was closed until the end of the week.",
        "橋は修理のため閉鎖。" * 3,
    ]
    alone = [lid.identify([text])[0] for text in texts]
    assert lid.identify(texts) == alone
    assert lid.identify(texts[::-1]) == alone[::-1]
    assert lid.identify([]) == []


def test_the_script_of_the_text_decides_where_the_model_names_none(lid):
    cyrillic, latin = (
        "Мост је био затворен због поправке до краја недеље, рекао је министар.",
        "Most je bio zatvoren zbog popravke do kraja nedelje, rekao je ministar.",
    )
    first, second = lid.identify([cyrillic, latin])
    assert first.labels[0] == "srp_Cyrl"
    assert "srp_Latn" in second.labels
    assert "srp_Cyrl" not in second.labels


def test_labels_of_one_language_are_added():
    model = Recorded(
        ["__label__deu_Latn", "__label__pes_Arab", "__label__prs_Arab"], [0.4, 0.3, 0.3]
    )
    (found,) = identifier(model).identify([GERMAN])
    assert found.labels == ("fas_Arab", "deu_Latn")
    assert found.scores == pytest.approx((0.6, 0.4))


def test_a_models_own_meaning_of_a_label_goes_first():
    (found,) = identifier(Recorded(["__label__als"], [1.00001]), scripted=False).identify([GERMAN])
    assert found == Identification(("gsw_Latn",), (1.0,))


def test_no_more_than_the_first_characters_are_read():
    model = Recorded(["__label__deu_Latn"], [1.0])
    identifier(model).identify(["  " + "abc " * 3_000_000])
    assert model.asked == [("abc " * 3_000_000)[:MAX_CHARS]]


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_what_fasttext_is_asked_it_can_take(text):
    model = Recorded(["__label__deu_Latn"], [1.0])
    identifier(model, scripted=False).identify([text])
    for asked in model.asked:
        asked.encode("utf-8")
        assert not re.search(r"\n|</s>|__label__", asked)


# The reference cleaning of https://github.com/hplt-project/openlid, with its own patterns.
NONWORD = regex.compile(r"[^\p{Word}\p{Zs}]|\d")
SPACES = regex.compile(r"\s\s+")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "So", "Sk"]), max_size=200))
def test_openlid_text_is_cleaned_as_its_authors_clean_it(text):
    # Unassigned code points and enclosed letters differ with the Unicode version of the reader.
    text = text.replace("\u2028", " ").replace("\u2029", " ")
    expected = NONWORD.sub("", SPACES.sub(" ", text.strip().lower()))
    assert openlid(text) == expected


def test_plain_keeps_all_but_marks():
    assert plain("A1, b\nc </s> __label__x") == "A1, b c    x"
    assert openlid("Das ist\n\n1 Beispiel: नमस्ते, l’été!") == "das ist  beispiel नमस्ते lété"


MARKS = re.compile(r"[\t\n\v\f\r\0\x85\u2028\u2029]|</s>|__label__")


@given(st.lists(st.sampled_from("a \t\n\v\f\r\0\x85\u2028\u2029</s>_label") | st.just("__label__")))
def test_every_mark_becomes_a_space(pieces):
    text = "".join(pieces)
    assert plain(text) == MARKS.sub(" ", text)


@pytest.mark.parametrize("unit", ["a", " ", "</s>", "\u0300"])
def test_time_is_linear(lid, unit):
    assert_linear(lambda text: lid.identify([text]), lambda count: unit * count, 2_000_000)


@pytest.mark.real
def test_european_press_releases(lid, shared_data: Path):
    """1,110 texts in 22 languages, 99.6 % right; the lowest language has 46 of 47."""
    europa = shared_data / "europa"
    suspects = (europa / "label_suspects.tsv").read_text("utf-8").split()
    with lzma.open(europa / "gold.jsonl.xz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    kept = [row for row in rows if row["url"].rsplit("/", 1)[1] + "l" not in suspects]
    texts = [html.unescape(re.sub(r"<[^>]+>", " ", row["gold"])) for row in kept]
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for row, found in zip(kept, lid.identify(texts), strict=True):
        label = canonical(row["lang"])
        seen[label] += 1
        right[label] += found.labels[0] == label
    assert len(kept) > 1_000
    assert sum(right.values()) / len(kept) >= 0.99
    assert min(right[label] / seen[label] for label in seen if seen[label] >= 10) >= 0.95
