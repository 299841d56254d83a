"""What line edits remove, against plain Python over lines; and what spans of a text become."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import regex
from c4_by_rules import CITATION, POLICIES, TERMINAL, ascii_lower
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from words_by_rules import PHRASE_WORD, UNSPACED

from filters.line_edits import STEPS, Removed, line_edits, moved, removed, without
from filters.line_edits_kernel import KINDS
from filters.lines import lines_of
from filters.phrase_lists import phrases
from filters.pii import Span, find, mask
from filters.refinedweb import counter_lists
from filters.refinedweb_kernel import REFINEDWEB_SIGNALS, measure_refinedweb
from filters.signals import measure
from filters.traits import TRAITS
from filters.word_lists import builtin, merged
from language_id.decoded import Characters, characters_of
from language_id.words import LOWER, token_hashes, tokenize


def texts_of(characters: Characters) -> list[str]:
    codes, offsets = characters
    return ["".join(map(chr, codes[start:end])) for start, end in pairwise(offsets)]


def edit(text: str, lang: str, *steps: str) -> tuple[str, list[Removed]]:
    characters = characters_of([text])
    edits = line_edits(characters, [lang], steps)
    return texts_of(without(characters, edits))[0], removed(characters, edits)[0]


def words_of(line: str) -> list[str]:
    return UNSPACED.sub(lambda match: f" {match[0]} ", line).split()


def c4_fate(line: str, ask_terminal: bool) -> str | None:
    words, lower = words_of(line), ascii_lower(line)
    cited = CITATION.sub("", line).strip()
    if any(len(word) > 1000 for word in words):
        return "c4.long_word"
    if len(words) < 3:
        return "c4.few_words"
    if "javascript" in lower:
        return "c4.javascript"
    if any(policy in lower for policy in POLICIES):
        return "c4.policy"
    ends = TERMINAL.search(cited) and not cited.endswith(("...", "…"))
    return "c4.no_terminal" if ask_terminal and not ends else None


def lowered(text: str) -> str:
    return "".join(chr(LOWER[ord(character)]) for character in text)


def phrase_words(text: str) -> tuple[str, ...]:
    return tuple(lowered(word) for word in PHRASE_WORD.findall(text))


def counter_phrases(lang: str) -> set[tuple[str, ...]]:
    found = set()
    for key in {lang, "*"} & phrases("counter_words").keys():
        units = [
            *phrases("counter_units").get(key, ()),
            *phrases("counter_units")["*"],
        ]
        for word in phrases("counter_words")[key]:
            found |= {phrase_words(word), *(phrase_words(f"{unit} {word}") for unit in units)}
    return found


def longest_phrase(line: str, at: int, listed: set[tuple[str, ...]]) -> int:
    """Where the longest phrase that starts at the word at ``at`` ends, else -1."""
    found, words, end = -1, [], at
    for word in PHRASE_WORD.finditer(line[: at + 80], at):
        if words and (word.start() - end > 3 or "\n" in line[end : word.start()]):
            break
        words.append(lowered(word[0]))
        end = word.end()
        if tuple(words) in listed:
            found = end
    return found


def is_counter(line: str, lang: str) -> bool:
    listed, at, numbers, counters = counter_phrases(lang), 0, 0, 0
    while word := PHRASE_WORD.search(line, at):
        if regex.fullmatch(r"\p{Nd}.*", word[0]):
            if not regex.fullmatch(r"\p{Nd}+[\p{L}\p{M}\p{N}]?", word[0]):
                return False
            numbers, at = numbers + 1, word.end()
        else:
            at = longest_phrase(line, word.start(), listed)
            if at < 0:
                return False
            counters += 1
    return numbers > 0 and counters > 0


def refinedweb_fate(line: str, lang: str) -> str | None:
    filled = "".join(line.split())
    words = len(words_of(line))
    if 2 * len(regex.findall(r"\p{Lu}", filled)) > len(filled):
        return "refinedweb.upper_case"
    if regex.fullmatch(r"\p{Nd}+", filled):
        return "refinedweb.numeric"
    has_digit = regex.search(r"\p{Nd}", line)
    if has_digit and words <= 6 and len(line) <= 120 and is_counter(line, lang):
        return "refinedweb.counter"
    return "refinedweb.few_words" if words < 2 else None


def filled_lines(text: str) -> list[tuple[int, int]]:
    bounds = [0, *(match.end() for match in re.finditer("\n", text))]
    stops = [*(match.start() for match in re.finditer("\n", text)), len(text)]
    return [
        (start, stop) for start, stop in zip(bounds, stops, strict=True) if text[start:stop].strip()
    ]


def left(text: str, fates: list[str | None]) -> str:
    """The text without the lines that have a fate: the wider gap stays between kept lines."""
    lines = filled_lines(text)
    kept = [place for place, fate in enumerate(fates) if fate is None]
    if not kept:
        return "" if lines else text
    parts = [text[: lines[0][0]] if kept[0] == 0 else ""]
    for place, following in zip(kept, [*kept[1:], None], strict=True):
        start, stop = lines[place]
        parts.append(text[start:stop])
        if following is None:
            parts.append(text[stop:] if place == len(lines) - 1 else "")
        elif following == place + 1:
            parts.append(text[stop : lines[following][0]])
        else:
            before = text[stop : lines[place + 1][0]]
            after = text[lines[following - 1][1] : lines[following][0]]
            parts.append(before if len(before) >= len(after) else after)
    return "".join(parts)


def oracle(text: str, lang: str, step: str) -> tuple[str, Counter[str]]:
    lines = [text[start:stop] for start, stop in filled_lines(text)]
    if step == "refinedweb":
        fates = [refinedweb_fate(line, lang) for line in lines]
        return left(text, fates), Counter(fate for fate in fates if fate)
    fates = [c4_fate(line.strip(), step == "c4_original") for line in lines]
    kept = [line for line, fate in zip(lines, fates, strict=True) if fate is None]
    found = Counter(fate for fate in fates if fate)
    found["c4.citation"] += sum(len(CITATION.findall(line)) for line in kept)
    return CITATION.sub("", left(text, fates)), +found


PIECES = st.one_of(
    st.sampled_from(["the ", "a b ", "word ", "two words here.\n", "Der Satz hier. ", "A", "B c "]),
    st.sampled_from(
        ["\n", "\n\n", "\n\n\n", " ", "\t", "\u00a0", "\r", "\x00", "\u200b", "\u0301"]
    ),
    st.sampled_from(
        [". ", "... ", "…", "!", "? ", '."', "。", "[1]", "[edit]", "[citation needed]"]
    ),
    st.sampled_from(["[", "]", "[12", "[1", "日本語", "の", "สวัส", "Ünï", "😀", "ABC DEF\n", "ÄÖ"]),
    st.sampled_from(["JavaScript ", "privacy Policy ", "use of cookies", "1.5 ", "12\n", "٣٤ "]),
    st.sampled_from(
        ["3 likes\n", "Kommentare: 5\n", "5K ", "1,5 tys. ", "wyświetleń ", "mal geteilt"]
    ),
    st.sampled_from(
        ["x" * 999, "x" * 1001, "日" * 1001, "a line of words.\n", "个赞", "gefällt mir"]
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.lists(PIECES, max_size=50).map("".join)
LANGS = st.sampled_from(["eng_Latn", "deu_Latn", "pol_Latn", "cmn_Hani", "und_Zyyy"])


@settings(deadline=None, max_examples=300)
@given(TEXTS, LANGS, st.sampled_from(STEPS))
@example("", "eng_Latn", "c4")
@example("\n \n", "eng_Latn", "c4")
@example("\n\nshort\n\na line of words\n\nshort\nx\n\n\nanother line of words\nx\n", "x", "c4")
@example("12 条评论\n日本語の\n目\n", "cmn_Hani", "refinedweb")
@example("1,5 tys. wyświetleń · 3 komentarze\nAla ma kota", "pol_Latn", "refinedweb")
@example("THE END\n1 2 3\none\nISO 9001:2015", "eng_Latn", "refinedweb")
@example("เทศ\nกา", "tha_Thai", "refinedweb")
def test_one_step_is_that_of_plain_python(text: str, lang: str, step: str) -> None:
    found, spans = edit(text, lang, step)
    expected, counts = oracle(text, lang, step)
    assert found == expected
    assert Counter(span.kind for span in spans) == counts


@settings(deadline=None, max_examples=200)
@given(TEXTS, LANGS, st.lists(st.sampled_from(STEPS), max_size=3))
def test_what_stays_and_what_goes_are_the_text(text: str, lang: str, steps: list[str]) -> None:
    found, spans = edit(text, lang, *steps)
    at, kept = 0, []
    for span in spans:
        assert at <= span.start < span.end <= len(text)
        assert span.kind in KINDS
        kept.append(text[at : span.start])
        at = span.end
    assert "".join([*kept, text[at:]]) == found


@settings(deadline=None, max_examples=200)
@given(TEXTS, LANGS, st.lists(st.sampled_from(STEPS), min_size=2, max_size=3))
def test_steps_work_on_what_the_steps_before_left(text: str, lang: str, steps: list[str]) -> None:
    by_hand = text
    for step in steps:
        by_hand, _ = edit(by_hand, lang, step)
    assert edit(text, lang, *steps)[0] == by_hand


@settings(deadline=None, max_examples=200)
@given(TEXTS.map(lambda text: text.replace("[", "")), LANGS, st.sampled_from(STEPS))
def test_without_citations_editing_twice_is_editing_once(text: str, lang: str, step: str) -> None:
    """A citation mark counts as a word of its line; without it the line may be too short."""
    once, _ = edit(text, lang, step)
    assert edit(once, lang, step) == (once, [])


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, LANGS), max_size=4))
def test_a_document_is_edited_in_a_batch_as_alone(documents: list[tuple[str, str]]) -> None:
    texts, langs = [text for text, _ in documents], [lang for _, lang in documents]
    characters = characters_of(texts)
    edits = line_edits(characters, langs, ("c4", "refinedweb"))
    alone = [edit(text, lang, "c4", "refinedweb") for text, lang in documents]
    together = zip(texts_of(without(characters, edits)), removed(characters, edits), strict=True)
    assert list(together) == alone


@settings(deadline=None)
@given(TEXTS)
def test_what_c4_removes_is_what_its_signals_count(text: str) -> None:
    characters = characters_of([text])
    tokens = tokenize(characters)
    hashes = token_hashes(characters, tokens)
    signals = measure(characters, tokens, hashes, ["eng_Latn"], merged(builtin()), np.ones(1))
    counts = Counter(span.kind for span in edit(text, "eng_Latn", "c4_original")[1])
    for name in ("long_word", "few_words", "javascript", "policy", "no_terminal"):
        assert signals[f"c4_{name}_line_count"][0] == counts[f"c4.{name}"]


def count_refinedweb(characters, lang: str, out) -> None:
    found = lines_of(characters)
    lines = (found.starts, found.ends, found.counts, found.doc_offsets)
    measure_refinedweb(characters.codes, *lines, *counter_lists([lang])[:4], TRAITS, LOWER, out)


def refinedweb_signals(text: str, lang: str) -> dict[str, float]:
    out = np.zeros((1, len(REFINEDWEB_SIGNALS)))
    count_refinedweb(characters_of([text]), lang, out)
    return dict(zip((signal.name for signal in REFINEDWEB_SIGNALS), out[0].tolist(), strict=True))


@settings(deadline=None, max_examples=200)
@given(TEXTS, LANGS)
def test_refinedweb_signals_are_those_of_plain_python(text: str, lang: str) -> None:
    lines = [text[start:stop] for start, stop in filled_lines(text)]
    fates = [refinedweb_fate(line, lang) for line in lines]
    counts = Counter(fates)
    words = [len(words_of(line)) for line in lines]
    gone = sum(count for count, fate in zip(words, fates, strict=True) if fate)
    assert refinedweb_signals(text, lang) == pytest.approx(
        {
            "refinedweb_upper_line_count": counts["refinedweb.upper_case"],
            "refinedweb_numeric_line_count": counts["refinedweb.numeric"],
            "refinedweb_counter_line_count": counts["refinedweb.counter"],
            "refinedweb_few_words_line_count": counts["refinedweb.few_words"],
            "refinedweb_removed_word_fraction": gone / sum(words) if sum(words) else 0,
        }
    )


@pytest.mark.parametrize(
    ("line", "lang"),
    [
        ("3 likes", "eng_Latn"),
        ("1.5K Views!", "fin_Latn"),
        ("(10M views)", "eng_Latn"),
        ("12,345 followers · 17 following", "eng_Latn"),
        ("Likes: 3", "eng_Latn"),
        ("Gefällt mir 12 Mal geteilt 3", "deu_Latn"),
        ("23 mal geteilt", "deu_Latn"),
        ("1,5 tys. wyświetleń", "pol_Latn"),
        ("2,3 mln odsłon", "pol_Latn"),
        ("14 commentaires", "fra_Latn"),
        ("3 mentions J’aime", "fra_Latn"),
        ("12 páči sa mi to", "slk_Latn"),
        ("5 коментарів", "ukr_Cyrl"),
        ("Σχόλια (4)", "ell_Grek"),
        ("7 tweġibiet", "mlt_Latn"),
        ("12条评论", "cmn_Hani"),
    ],
)
def test_counters(line: str, lang: str) -> None:
    assert refinedweb_fate(line, lang) == "refinedweb.counter"
    assert edit(f"A line of words.\n{line}", lang, "refinedweb")[0] == "A line of words."


@pytest.mark.parametrize(
    ("line", "lang"),
    [
        ("Hello, world with 3 views.", "eng_Latn"),
        ("He shares 3 apples", "eng_Latn"),
        ("3 Kommentare", "fin_Latn"),
        ("12345 67890 11", "eng_Latn"),
        ("3 likes 4 shares 5 views 6 votes", "eng_Latn"),
        ("views and comments", "eng_Latn"),
        ("第2章", "cmn_Hani"),
        ("你好", "cmn_Hani"),
        ("ISO 9001:2015 в силе", "rus_Cyrl"),
    ],
)
def test_lines_that_are_no_counters(line: str, lang: str) -> None:
    assert "refinedweb.counter" not in {span.kind for span in edit(line, lang, "refinedweb")[1]}


def test_unknown_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="no line edits are called 'c5'"):
        edit("a", "eng_Latn", "c5")


PAGE = """Contact
We are glad to hear from you about the mill.

Write to jane.doe@example.org or to us.[1]
SEND MAIL TO JOHN.DOE@EXAMPLE.ORG NOW
12 likes
The other address is mill@example.com, of course.
"""


def test_masks_land_where_the_data_went() -> None:
    spans = find(PAGE, None)
    text, gone = edit(PAGE, "eng_Latn", "c4", "refinedweb")
    assert [span.kind for span in gone] == [
        "c4.few_words", "c4.citation", "refinedweb.upper_case", "c4.few_words",
    ]  # fmt: skip
    places = moved(spans, gone)
    assert [text[place.start : place.end] for place in places] == [
        "jane.doe@example.org",
        "mill@example.com",
    ]
    masked, placed = mask(text, places)
    assert "@" not in masked
    assert [masked[place.start : place.end] for place in placed] == ["<EMAIL>"] * 2


@settings(deadline=None)
@given(st.text("ab", max_size=30), st.data())
def test_spans_move_with_their_characters(text: str, data: st.DataObject) -> None:
    def spans(kind: str) -> list[Span]:
        bounds = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        return [Span(start, end, kind) for start, end in pairs]

    pieces, gone = spans("email"), [Removed(*span) for span in spans("c4.citation")]
    kept = [at for at in range(len(text)) if not any(e.start <= at < e.end for e in gone)]
    expected = []
    for piece in pieces:
        inside = [place for place, at in enumerate(kept) if piece.start <= at < piece.end]
        if inside:
            expected.append(Span(inside[0], inside[-1] + 1, "email"))
    assert moved(pieces, gone) == expected


HOSTILE = [
    "a", "a ", "A", "1", "1 ", "\n", "a\n", "A\n", "1 like\n", " ", " \n", "\x00", "\u0301", "日",
    "日\n", ".", "[1", "[", "[1]", "[1] ", "privacy polic", "gefällt ", "1 likes", "😀", "me ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_many_of_a_kind_take_linear_time(piece: str) -> None:
    def count(characters: Characters) -> np.ndarray:
        out = np.zeros((1, len(REFINEDWEB_SIGNALS)))
        without(characters, line_edits(characters, ["deu_Latn"], STEPS))
        count_refinedweb(characters, "deu_Latn", out)
        return out

    out = assert_linear(count, lambda count: characters_of([piece * count]), 250_000)
    assert np.isfinite(out).all()
    for step in STEPS:
        assert edit(piece * 500, "deu_Latn", step)[0] == oracle(piece * 500, "deu_Latn", step)[0]
