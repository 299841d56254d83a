"""What datatrove says of each document: every rule's value, and its filters' own decision.

Runs in datatrove's environment, not in Corpusmill's, and imports nothing of the latter. A line of
the input is a document: ``doc_id``, ``lang``, ``text``, Corpusmill's ``words`` (which its rules
count) and ``tokens`` (among which it looks for stop words), ``sentences`` (its count for each line
of the text) and ``rejected`` (the rules that fail there). A line of the output has ``row``, the
SHA-256 of the input's line, and the two readings of it:
``own`` with datatrove's segmentation, ``given`` with Corpusmill's put in its place. A reading holds
``values`` and ``dropped``, both by rule, or an ``error``.

Values are computed by datatrove's functions where it has them, decisions by its filter classes with
one rule switched on. ``given`` also holds ``variants``: decisions of the same filters with one
known difference mended, by rule and name of the difference (``benchmarks/explained.py``). So does
``own`` where a decision is another one than Corpusmill's.
"""

import argparse
import csv
import hashlib
import json
import math
import re
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters import c4_filters as c4
from datatrove.pipeline.filters import fineweb_quality_filter as fineweb
from datatrove.pipeline.filters import gopher_quality_filter as quality
from datatrove.pipeline.filters import gopher_repetition_filter as repetition
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION, split_into_words

TOP = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
OFF = 1e9
WITH_WORDS = (quality, repetition, fineweb)

QUALITY_OFF = dict.fromkeys(
    (
        "min_doc_words",
        "max_doc_words",
        "min_avg_word_length",
        "max_avg_word_length",
        "max_symbol_word_ratio",
        "max_bullet_lines_ratio",
        "max_ellipsis_lines_ratio",
        "max_non_alpha_words_ratio",
        "min_stop_words",
    )
)
REPETITION_OFF: dict[str, Any] = {
    "dup_line_frac": None,
    "dup_para_frac": None,
    "dup_line_char_frac": None,
    "dup_para_char_frac": None,
    "top_n_grams": (),
    "dup_n_grams": (),
}
FINEWEB_OFF = {
    "line_punct_thr": -1,
    "short_line_thr": OFF,
    "char_duplicates_ratio": OFF,
    "new_line_ratio": OFF,
}
C4_OFF = {"min_num_sentences": -1, "filter_lorem_ipsum": False, "filter_curly_bracket": False}


class Published:
    """FineWeb-2's thresholds and stop words, and for English those of Gopher and FineWeb."""

    def __init__(self, folder: Path) -> None:
        with (folder / "thresholds.csv").open(encoding="utf-8", newline="") as file:
            self.thresholds = {row["lang"]: row for row in csv.DictReader(file)}
        self.stop_words = json.loads((folder / "stopwords.json").read_text("utf-8"))
        self.stop_words["eng_Latn"] = quality.STOP_WORDS

    def of(self, lang: str) -> dict[str, float] | None:
        row = self.thresholds.get(lang)
        return row and {name: float(value) for name, value in row.items() if name != "lang"}


@cache
def quality_filter(lang: str, stop_words: tuple[str, ...], **on: Any) -> GopherQualityFilter:
    return GopherQualityFilter(**(QUALITY_OFF | on), stop_words=list(stop_words), language=lang)


@cache
def repetition_filter(lang: str, **on: Any) -> GopherRepetitionFilter:
    return GopherRepetitionFilter(**(REPETITION_OFF | on), language=lang)


@cache
def fineweb_filter(lang: str, **on: Any) -> FineWebQualityFilter:
    return FineWebQualityFilter(**(FINEWEB_OFF | on), language=lang)


@cache
def c4_filter(lang: str, **on: Any) -> C4QualityFilter:
    return C4QualityFilter(**(C4_OFF | on), language=lang)


def quality_values(text: str, lang: str, stop_words: tuple[str, ...]) -> dict[str, float]:
    words = quality.split_into_words(text, lang)
    lines = text.splitlines()
    spoken = [w for w in words if any(c not in PUNCTUATION_SET for c in w)]
    bullets = sum(s.lstrip().startswith("•") or s.lstrip().startswith("-") for s in lines)
    ends = sum(s.rstrip().endswith("...") or s.rstrip().endswith("…") for s in lines)
    ellipses = text.count("...") + text.count("…")
    return {
        "gopher.word_count": len(spoken),
        "gopher.mean_word_chars": ratio(sum(map(len, spoken)), len(spoken)),
        "gopher.hash_ratio": ratio(text.count("#"), len(words)),
        "gopher.ellipsis_ratio": ratio(ellipses, len(words)),
        "gopher.bullet_lines": ratio(bullets, len(lines)),
        "gopher.ellipsis_lines": ratio(ends, len(lines)),
        "gopher.alphabetic_words": ratio(
            sum(any(c.isalpha() for c in w) for w in words), len(words)
        ),
        "gopher.stop_words": len(set(stop_words).intersection(words)),
    }


def repetition_values(text: str, lang: str) -> dict[str, float]:
    words = repetition.split_into_words(text, lang)
    plain = repetition_filter(lang)
    paragraphs = plain.paragraph_exp.split(text.strip())
    lines = plain._line_splitter.split(text)
    same_paragraphs, paragraph_chars = repetition.find_duplicates(paragraphs)
    same_lines, line_chars = repetition.find_duplicates(lines)
    values = {
        "repetition.duplicate_paragraphs": ratio(same_paragraphs, len(paragraphs)),
        "repetition.duplicate_paragraph_chars": ratio(paragraph_chars, len(text)),
        "repetition.duplicate_lines": ratio(same_lines, len(lines)),
        "repetition.duplicate_line_chars": ratio(line_chars, len(text)),
    }
    for size in TOP:
        ngrams = repetition.get_n_grams(words, size)
        top = repetition.find_top_duplicate(ngrams) if ngrams else 0
        values[f"repetition.top_{size}gram"] = ratio(top, len(text))
    for size in DUPLICATE:
        found = repetition.find_all_duplicate(words, size)
        values[f"repetition.duplicate_{size}gram"] = ratio(found, len(text))
    return values


def fineweb_values(text: str, lang: str) -> dict[str, float]:
    words = fineweb.split_into_words(text, lang)
    lines = [line for line in text.split("\n") if line.strip() != ""]
    ends = tuple(TERMINAL_PUNCTUATION)
    duplicates = repetition.find_duplicates(lines)[1]
    return {
        "fineweb.line_punctuation": ratio(sum(line.endswith(ends) for line in lines), len(lines)),
        "fineweb.short_lines": ratio(sum(len(line) <= 30 for line in lines), len(lines)),
        "fineweb.duplicate_chars": ratio(duplicates, len(text.replace("\n", ""))),
        "fineweb.newlines": ratio(text.count("\n"), len(words)),
    }


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def quality_rules() -> dict[str, dict[str, Any]]:
    return {
        "gopher.word_count": {"min_doc_words": 50, "max_doc_words": 100_000},
        "gopher.mean_word_chars": {"min_avg_word_length": 3, "max_avg_word_length": 10},
        "gopher.symbols": {"max_symbol_word_ratio": 0.1},
        "gopher.bullet_lines": {"max_bullet_lines_ratio": 0.9},
        "gopher.ellipsis_lines": {"max_ellipsis_lines_ratio": 0.3},
        "gopher.alphabetic_words": {"max_non_alpha_words_ratio": 0.8},
        "gopher.stop_words": {"min_stop_words": 2},
    }


def repetition_rules() -> dict[str, dict[str, Any]]:
    return {
        "repetition.duplicate_lines": {"dup_line_frac": 0.3},
        "repetition.duplicate_paragraphs": {"dup_para_frac": 0.3},
        "repetition.duplicate_line_chars": {"dup_line_char_frac": 0.2},
        "repetition.duplicate_paragraph_chars": {"dup_para_char_frac": 0.2},
        **{f"repetition.top_{n}gram": {"top_n_grams": ((n, high),)} for n, high in TOP.items()},
        **{
            f"repetition.duplicate_{n}gram": {"dup_n_grams": ((n, high),)}
            for n, high in DUPLICATE.items()
        },
    }


FINEWEB_RULES = {
    "fineweb.line_punctuation": {"line_punct_thr": 0.12},
    "fineweb.short_lines": {"short_line_thr": 0.67},
    "fineweb.duplicate_chars": {"char_duplicates_ratio": 0.01},
    "fineweb.newlines": {"new_line_ratio": 0.3},
}


def fineweb2_rules(bounds: dict[str, float]) -> dict[str, tuple[str, dict[str, Any]]]:
    """For each rule of FineWeb-2 its filter and what is switched on, as its pipeline does."""
    sized = {
        f"fineweb2.top_{n}gram": ("repetition", {"top_n_grams": ((n, bounds[f"top_{n}gram"]),)})
        for n in TOP
    } | {
        f"fineweb2.duplicate_{n}gram": (
            "repetition",
            {"dup_n_grams": ((n, bounds[f"dup_{n}gram"]),)},
        )
        for n in DUPLICATE
    }
    lengths = {
        "min_avg_word_length": bounds["min_avg_word_length"],
        "max_avg_word_length": bounds["max_avg_word_length"],
    }
    letters = {"max_non_alpha_words_ratio": bounds["max_non_alpha_words_ratio"]}
    return sized | {
        "fineweb2.duplicate_lines": ("repetition", {"dup_line_frac": bounds["dup_line_frac"]}),
        "fineweb2.line_punctuation": ("fineweb", {"line_punct_thr": bounds["line_punct_thr"]}),
        "fineweb2.duplicate_chars": ("fineweb", {"char_duplicates_ratio": 0.1}),
        "fineweb2.newlines": ("fineweb", {"new_line_ratio": bounds["new_line_ratio"]}),
        "fineweb2.mean_word_chars": ("quality", lengths),
        "fineweb2.alphabetic_words": ("quality", letters),
    }


C4_RULES = {
    "c4.lorem_ipsum": {"filter_lorem_ipsum": True, "filter_no_terminal_punct": False},
    "c4.curly_bracket": {"filter_curly_bracket": True, "filter_no_terminal_punct": False},
    "c4.sentence_count": {"min_num_sentences": 5, "filter_no_terminal_punct": False},
    "c4.terminal_sentence_count": {"min_num_sentences": 5, "filter_no_terminal_punct": True},
}


def decided(one: Any, text: str) -> bool | None:
    """Whether the filter drops the text; None where it raises."""
    try:
        found = one.filter(Document(text=text, id="0"))
    except ZeroDivisionError:
        return None
    return not (found[0] if isinstance(found, tuple) else found)


QUOTES = "\"'‘’“”‚„‟‹›«»…"
CITATION_AND_SPACE = re.compile(rf"\s*(?:{c4.CITATION_REGEX.pattern})")
EVERY_MARK = (*TERMINAL_PUNCTUATION, *QUOTES.removesuffix("…"))


def in_a_row(tokens: list[str], most: int = 8) -> set[str]:
    """Up to ``most`` tokens in a row, as one string each."""
    return {
        "".join(tokens[at : at + size])
        for size in range(2, most + 1)
        for at in range(len(tokens) - size + 1)
    }


def duplicated(words: list[str], size: int) -> int:
    """Characters of the n-grams seen before, as datatrove walks them, but told apart by words."""
    seen: set[tuple[str, ...]] = set()
    characters, at = 0, 0
    while at + size <= len(words):
        gram = tuple(words[at : at + size])
        characters += len("".join(gram)) if gram in seen else 0
        at += size if gram in seen else 1
        seen.add(gram)
    return characters


def variants(
    document: dict[str, Any], stop_words: tuple[str, ...], bounds: Any, split: Any
) -> dict[str, dict[str, bool | None]]:
    """Decisions with known differences mended; the words are the given ones."""
    text, lang = document["text"], document["lang"]
    lines = [line for line in text.split("\n") if line.strip()]
    ends = ratio(
        sum(s.rstrip().endswith((*TERMINAL_PUNCTUATION, *QUOTES)) for s in lines), len(lines)
    )
    spoken = [w for w in document["words"] if any(unicodedata.category(c)[0] in "LMN" for c in w)]
    bullets = ratio(sum(s.lstrip().startswith(("•", "-")) for s in lines), len(lines))
    ellipses = ratio(sum(s.rstrip().endswith(("...", "…")) for s in lines), len(lines))
    mean = ratio(sum(map(len, spoken)), len(spoken))
    lowered = {token.lower() for token in document["tokens"]}
    several = lowered | in_a_row([token.lower() for token in document["tokens"]])
    found: dict[str, dict[str, bool | None]] = {
        "fineweb.line_punctuation": {"quotes": ends < 0.12},
        "gopher.bullet_lines": {"blank lines": bullets > 0.9},
        "gopher.ellipsis_lines": {"blank lines": ellipses > 0.3},
        "gopher.word_count": {"symbols": not 50 <= len(spoken) <= 100_000},
        "gopher.mean_word_chars": {"symbols": not 3 <= mean <= 10},
        "gopher.stop_words": {
            "case": len(lowered.intersection(stop_words)) < 2,
            "case, several tokens": len(several.intersection(stop_words)) < 2,
        },
        "c4.lorem_ipsum": {"whole page": "lorem ipsum" in text.lower()},
        "c4.curly_bracket": {"whole page": "{" in text},
        "c4.sentence_count": {},
        "c4.terminal_sentence_count": {},
    }
    repeated = {size: ratio(duplicated(document["words"], size), len(text)) for size in DUPLICATE}
    for size, high in DUPLICATE.items():
        found[f"repetition.duplicate_{size}gram"] = {"boundaries": repeated[size] > high}
    if bounds:
        for size in DUPLICATE:
            beyond = repeated[size] > bounds[f"dup_{size}gram"]
            found[f"fineweb2.duplicate_{size}gram"] = {"boundaries": beyond}
        found["fineweb2.line_punctuation"] = {"quotes": ends < bounds["line_punct_thr"]}
        low, high = bounds["min_avg_word_length"], bounds["max_avg_word_length"]
        found["fineweb2.mean_word_chars"] = {"symbols": not low <= mean <= high}
    few = {"min_words_per_line": -1, "max_word_length": -1}
    on = C4_RULES["c4.sentence_count"]
    with patch.object(c4, "split_into_sentences", split):
        found["c4.sentence_count"]["white space"] = decided(c4_filter(lang, **on, **few), text)
    on = C4_RULES["c4.terminal_sentence_count"]
    mended = {
        "marks": (c4.CITATION_REGEX, EVERY_MARK, {}),
        "citations": (CITATION_AND_SPACE, c4.END_PUNCTUATION, {}),
        "marks, citations": (CITATION_AND_SPACE, EVERY_MARK, {}),
        "marks, white space": (CITATION_AND_SPACE, EVERY_MARK, few),
    }
    for name, (citation, marks, more) in mended.items():
        with (
            patch.object(c4, "split_into_sentences", split),
            patch.object(c4, "CITATION_REGEX", citation),
            patch.object(c4, "END_PUNCTUATION", marks),
        ):
            decision = decided(c4_filter(lang, **on, **more), text)
            found["c4.terminal_sentence_count"][name] = decision
    return found


@cache
def unusable(lang: str) -> str | None:
    """Why datatrove cannot split this language here, or None; asked once, as a model is sought."""
    try:
        split_into_words("a b.", lang)
        c4.split_into_sentences("a b.", lang)
    except Exception as error:  # whatever a tokeniser raises: it is told
        return f"{type(error).__name__}: {str(error)[:120]}"
    return None


class Sentences:
    """In the place of ``split_into_sentences``: remembers, and counts."""

    def __init__(self, split: Callable[[str, str], Any]) -> None:
        self.split, self.known, self.count = split, {}, 0

    def __call__(self, line: str, lang: str) -> Any:
        if line not in self.known:
            self.known[line] = self.split(line, lang)
        self.count += len(self.known[line])
        return self.known[line]


def reading(document: dict[str, Any], published: Published, split: Callable[..., Any]) -> Any:
    """One reading of a document: every rule's value and decision."""
    text, lang = document["text"], document["lang"]
    stop_words = tuple(published.stop_words.get(lang, ()))
    values = quality_values(text, lang, stop_words) | repetition_values(text, lang)
    values |= fineweb_values(text, lang)
    dropped = {
        name: decided(quality_filter(lang, stop_words, **on), text)
        for name, on in quality_rules().items()
    }
    dropped |= {
        name: decided(repetition_filter(lang, **on), text)
        for name, on in repetition_rules().items()
    }
    dropped |= {
        name: decided(fineweb_filter(lang, **on), text) for name, on in FINEWEB_RULES.items()
    }
    bounds = published.of(lang)
    if bounds:
        for name, (kind, on) in fineweb2_rules(bounds).items():
            if kind == "quality":
                dropped[name] = decided(quality_filter(lang, stop_words, **on), text)
            elif kind == "repetition":
                dropped[name] = decided(repetition_filter(lang, **on), text)
            else:
                dropped[name] = decided(fineweb_filter(lang, **on), text)
    sentences = Sentences(split)
    with patch.object(c4, "split_into_sentences", sentences):
        for name, on in C4_RULES.items():
            sentences.count = 0
            dropped[name] = decided(c4_filter(lang, **on), text)
            if "min_num_sentences" in on:
                values[name] = sentences.count
    if not stop_words:
        values.pop("gopher.stop_words"), dropped.pop("gopher.stop_words")
    symbols = dropped.pop("gopher.symbols")
    for name in ("gopher.hash_ratio", "gopher.ellipsis_ratio"):
        dropped[name] = values[name] > 0.1 if symbols is not None else None
    assert symbols in (None, dropped["gopher.hash_ratio"] or dropped["gopher.ellipsis_ratio"])
    return {"values": values, "dropped": dropped}


@contextmanager
def given_words(document: dict[str, Any]) -> Iterator[None]:
    """Corpusmill's tokens in the place of datatrove's."""
    with ExitStack() as patches:
        for module in WITH_WORDS:
            words = document["words"]
            patches.enter_context(
                patch.object(module, "split_into_words", lambda _text, _lang, words=words: words)
            )
        yield


def read(document: dict[str, Any], published: Published) -> dict[str, Any]:
    """Both readings of a document."""
    counts, lang, rejected = document["sentences"], document["lang"], set(document["rejected"])
    stop_words = tuple(published.stop_words.get(lang, ()))

    def split(line: str, _lang: str) -> range:
        return range(counts.get(line.strip(), 0))

    with given_words(document):
        given = reading(document, published, split)
    if stop_words:
        on = quality_filter(lang, stop_words, min_stop_words=2)
        tokens = document["tokens"]
        with patch.object(quality, "split_into_words", lambda _text, _lang: tokens):
            given["dropped"]["gopher.stop_words"] = decided(on, document["text"])
        given["values"]["gopher.stop_words"] = len(set(stop_words).intersection(tokens))
    given["variants"] = variants(document, stop_words, published.of(lang), split)
    problem = unusable(lang)
    own: dict[str, Any] = {"error": problem}
    if not problem:
        try:
            own = reading(document, published, c4.split_into_sentences)
            if any(bool(drops) != (rule in rejected) for rule, drops in own["dropped"].items()):
                words = split_into_words(document["text"], lang)
                theirs = document | {"words": words, "tokens": words}
                own["variants"] = variants(
                    theirs, stop_words, published.of(lang), c4.split_into_sentences
                )
        except Exception as error:  # some fail on some texts only
            own = {"error": type(error).__name__}
    return {"doc_id": document["doc_id"], "own": own, "given": given}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--published", type=Path, required=True, help="FineWeb-2's two files")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    published = Published(arguments.published)
    with arguments.input.open() as lines, arguments.output.open("w") as out:
        for count, line in enumerate(lines, 1):
            found = read(json.loads(line), published)
            found["row"] = hashlib.sha256(line.encode()).hexdigest()
            print(json.dumps(found), file=out, flush=True)
            if count % 200 == 0:
                print(f"{count} documents", file=sys.stderr)


if __name__ == "__main__":
    main()
