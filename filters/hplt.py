"""HPLT's rules on length: words a line, but characters for Chinese, Japanese and Korean."""

from filters.rules import ANY, Rule, above

SOURCE = "Burchell et al. 2025, arXiv:2503.10267, section 3; HPLT v3 cleaning"
CJK = ("Hani", "Hans", "Hant", "Jpan", "Hang", "Kore")

HPLT: tuple[Rule, ...] = (
    Rule("hplt.length_500", "char_count", 501, None, SOURCE),
    Rule(
        "hplt.word_avg_5",
        "mean_line_words",
        {ANY: above(5), **{f"{ANY}_{script}": 0.0 for script in CJK}},
        None,
        SOURCE,
    ),
    Rule(
        "hplt.char_avg_10",
        "mean_line_chars",
        {f"{ANY}_{script}": above(10) for script in CJK},
        None,
        SOURCE,
    ),
)
"""Each drops the value in its name, too: "at most 500 characters"."""

WEB_DOCS_SCORE = Rule(
    "hplt.web_docs_score",
    "wds_score",
    0.5,
    None,
    "HPLT v3 cleaning: Web Docs Scorer of at least 5 of 10; rebuilt, docs/web-docs-score.md",
)
"""Ours is 0 to 1."""
