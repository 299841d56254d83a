"""DCLM's rule on the score of its quality classifier: column ``quality_score``.

The classifier (fastText, trained on OpenHermes 2.5 and ELI5 against web pages) is English; without
one in ``[quality]`` the column is empty, and the rule rejects every document visibly.
"""

from filters.rules import Rule

PAPER = "Li et al. 2024, arXiv:2406.11794, section 4.4"

DCLM: tuple[Rule, ...] = (
    Rule(
        "dclm.quality",
        "quality_score",
        0.018112,
        None,
        f"{PAPER}; the bound of DCLM-Baseline's published code, its best 10 % of documents",
    ),
)
