"""Gopher's quality rules, with the readings FineWeb runs.

Two bounds depend on how a language is written: 3 characters a word is English, and no page in a
script without spaces has them, so they are not asked there; and a language without a list of stop
words is not asked for any.
"""

from filters.rules import ANY, UNSPACED, Rule
from filters.stopwords import stop_words

PAPER = "Rae et al. 2021, arXiv:2112.11446, A1.1"
NO_LENGTH = {f"{ANY}_{script}": 0.0 for script in UNSPACED}


def stop_word_minimum(count: float) -> dict[str, float]:
    """``count`` for every language with a list."""
    return dict.fromkeys(stop_words(), count)


WORD_COUNT = Rule("gopher.word_count", "word_count", 50, 100_000, PAPER)
HASH_RATIO = Rule("gopher.hash_ratio", "hash_ratio", None, 0.1, PAPER)
ELLIPSIS_RATIO = Rule("gopher.ellipsis_ratio", "ellipsis_ratio", None, 0.1, PAPER)
BULLET_LINES = Rule("gopher.bullet_lines", "bullet_line_fraction", None, 0.9, PAPER)
ELLIPSIS_LINES = Rule("gopher.ellipsis_lines", "ellipsis_line_fraction", None, 0.3, PAPER)
STOP_WORDS = Rule("gopher.stop_words", "stop_word_count", stop_word_minimum(2), None, PAPER)

GOPHER_QUALITY: tuple[Rule, ...] = (
    WORD_COUNT,
    Rule("gopher.mean_word_chars", "mean_word_chars", {ANY: 3.0, **NO_LENGTH}, 10, PAPER),
    HASH_RATIO,
    ELLIPSIS_RATIO,
    BULLET_LINES,
    ELLIPSIS_LINES,
    Rule("gopher.alphabetic_words", "alphabetic_word_fraction", 0.8, None, PAPER),
    STOP_WORDS,
)
