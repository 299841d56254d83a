"""NeMo Curator's heuristic filters, with its default bounds.

Its classes of characters are ASCII; the signals here know every script, see
``filters.character_kernel``. "Non-alphanumeric" counts white space other than newlines, and its
bound was set on English, for which NeMo means it. NeMo's share of unique lines, at least .7, is
here the share of lines that came before, at most .3; its share of sentences without an end mark
that of lines with one.
"""

from filters.rules import Rule

CODE = "NVIDIA NeMo Curator, nemo_curator/stages/text/filters/heuristic"

NEMO: tuple[Rule, ...] = (
    Rule("nemo.non_alphanumeric", "non_alphanumeric_fraction", None, 0.25, CODE),
    Rule("nemo.symbols", "symbol_word_ratio", None, 0.1, CODE),
    Rule("nemo.digits", "digit_fraction", None, 0.15, CODE),
    Rule("nemo.url_chars", "url_char_fraction", None, 0.2, CODE),
    Rule("nemo.white_space", "white_space_fraction", None, 0.25, CODE),
    Rule("nemo.parentheses", "parenthesis_fraction", None, 0.1, CODE),
    Rule("nemo.boilerplate_lines", "boilerplate_line_fraction", None, 0.4, CODE),
    Rule("nemo.repeated_lines", "duplicate_line_fraction", None, 0.3, CODE),
    Rule("nemo.word_count", "word_count", 50, 100_000, CODE),
    Rule("nemo.line_punctuation", "line_punctuation_fraction", 0.15, None, CODE),
    Rule("nemo.mean_word_chars", "mean_word_chars", 3, 10, CODE),
    Rule("nemo.longest_word", "longest_word_chars", None, 1000, CODE),
)
