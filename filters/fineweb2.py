"""FineWeb-2's rules, with its thresholds for 1,929 languages.

``data/thresholds.csv`` holds them as published. English is not in it and has the values of
FineWeb and Gopher; a language it does not know has the median of its script's languages, and one
whose script it does not know has English's. In scripts without spaces a segmenter's words were
counted there; pieces (``language_id.pieces``) are about as long.
"""

import csv
from functools import cache
from pathlib import Path
from statistics import median

from filters.gopher import (
    BULLET_LINES,
    ELLIPSIS_LINES,
    ELLIPSIS_RATIO,
    HASH_RATIO,
    STOP_WORDS,
    WORD_COUNT,
)
from filters.rules import ANY, UNSPACED, Bounds, Rule

DATA = Path(__file__).parent / "data" / "thresholds.csv"
PAPER = "Penedo et al. 2025, arXiv:2506.20920, section 4; huggingface/fineweb-2 configs"

ENGLISH = {
    "dup_line_frac": 0.3,
    "top_2gram": 0.2,
    "top_3gram": 0.18,
    "top_4gram": 0.16,
    "dup_5gram": 0.15,
    "dup_6gram": 0.14,
    "dup_7gram": 0.13,
    "dup_8gram": 0.12,
    "dup_9gram": 0.11,
    "dup_10gram": 0.1,
    "line_punct_thr": 0.12,
    "new_line_ratio": 0.3,
    "min_avg_word_length": 3.0,
    "max_avg_word_length": 10.0,
    "max_non_alpha_words_ratio": 0.8,
}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def published(column: str) -> dict[str, float]:
    """Return a column of the thresholds, by language, as published."""
    return {row["lang"]: float(row[column]) for row in _rows()}


def with_medians(values: dict[str, float]) -> dict[str, float]:
    """Return the values, and each script's median under "*_Script"."""
    scripts: dict[str, list[float]] = {}
    for lang, value in values.items():
        scripts.setdefault(lang.rpartition("_")[2], []).append(value)
    return values | {f"{ANY}_{script}": median(found) for script, found in scripts.items()}


def _bounds(column: str) -> dict[str, float]:
    english = ENGLISH[column]
    return with_medians(published(column)) | {"eng_Latn": english, ANY: english}


def _duplicate_lines() -> dict[str, float]:
    """Bounds on duplicate lines; those published as 0 are none.

    The code that made FineWeb-2 asks ``if self.dup_line_frac and ...``, so that 0 switches the rule
    off (huggingface/datatrove, gopher_repetition_filter.py). Six languages have it.
    """
    values = {lang: value for lang, value in published("dup_line_frac").items() if value > 0}
    unasked = dict.fromkeys(published("dup_line_frac").keys() - values.keys(), float("inf"))
    return (
        with_medians(values)
        | unasked
        | {"eng_Latn": ENGLISH["dup_line_frac"], ANY: ENGLISH["dup_line_frac"]}
    )


def _shortest() -> dict[str, float]:
    """Lower bounds on the mean word length.

    Above 1 in a script without spaces they are of a segmenter's words, or of what spaces part
    (S'gaw Karen: 4 to 76 characters), which are longer than pieces there; so they are not asked.
    """
    return {
        key: 0.0 if value > 1 and key.rpartition("_")[2] in UNSPACED else value
        for key, value in _bounds("min_avg_word_length").items()
    }


def _rule(name: str, signal: str, low: Bounds, high: Bounds) -> Rule:
    return Rule(f"fineweb2.{name}", signal, low, high, PAPER)


FINEWEB2: tuple[Rule, ...] = (
    _rule("duplicate_lines", "duplicate_line_fraction", None, _duplicate_lines()),
    *(
        _rule(f"top_{size}gram", f"top_{size}gram_char_fraction", None, _bounds(f"top_{size}gram"))
        for size in (2, 3, 4)
    ),
    *(
        _rule(
            f"duplicate_{size}gram",
            f"duplicate_{size}gram_char_fraction",
            None,
            _bounds(f"dup_{size}gram"),
        )
        for size in (5, 6, 7, 8, 9, 10)
    ),
    _rule("line_punctuation", "line_punctuation_fraction", _bounds("line_punct_thr"), None),
    _rule("duplicate_chars", "duplicate_char_ratio", None, 0.1),
    _rule("newlines", "newline_word_ratio", None, _bounds("new_line_ratio")),
    WORD_COUNT,
    _rule(
        "mean_word_chars",
        "mean_word_chars",
        _shortest(),
        _bounds("max_avg_word_length"),
    ),
    HASH_RATIO,
    ELLIPSIS_RATIO,
    BULLET_LINES,
    ELLIPSIS_LINES,
    _rule(
        "alphabetic_words",
        "alphabetic_word_fraction",
        _bounds("max_non_alpha_words_ratio"),  # a minimum, despite its name
        None,
    ),
    STOP_WORDS,
)
"""In FineWeb-2's order: repetition, FineWeb, Gopher; rules it takes unchanged keep their names."""
