"""FineWeb's own rules, fitted on English; for other languages see ``filters.fineweb2``."""

from filters.rules import Rule

PAPER = "Penedo et al. 2024, arXiv:2406.17557, section 3.6"

FINEWEB: tuple[Rule, ...] = (
    Rule("fineweb.line_punctuation", "line_punctuation_fraction", 0.12, None, PAPER),
    Rule("fineweb.short_lines", "short_line_fraction", None, 0.67, PAPER),
    Rule(
        "fineweb.duplicate_chars",
        "duplicate_char_ratio",
        None,
        0.01,
        f"{PAPER}; 0.01 as in the code that made the corpus, the text of the paper says 0.1",
    ),
    Rule("fineweb.newlines", "newline_word_ratio", None, 0.3, PAPER),
)
"""The newlines rule is of the code that made the corpus."""
