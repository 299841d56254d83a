"""Rules on how sure the language is: column ``lang_score``, 0 to 1."""

from math import inf

from filters.fineweb2 import PAPER, published, with_medians
from filters.rules import ANY, Rule

UNDETERMINED = "und_Zyyy"

UNKNOWN_LANGUAGE = Rule(
    "language.undetermined",
    "lang_score",
    {UNDETERMINED: inf},
    None,
    "ISO 639-3: und is no language; every system read drops what it cannot label",
)

LANGUAGE: tuple[Rule, ...] = (
    UNKNOWN_LANGUAGE,
    Rule("language.score", "lang_score", 0.5, None, "HPLT v3 and v4: confidence of at least .5"),
)
"""One bound for all languages."""

LANGUAGE_FINEWEB2: tuple[Rule, ...] = (
    UNKNOWN_LANGUAGE,
    Rule(
        "fineweb2.language_score",
        "lang_score",
        {"eng_Latn": 0.65, ANY: 0.5} | with_medians(published("language_score")),
        None,
        f"{PAPER}; English: Penedo et al. 2024, arXiv:2406.17557, section 3.3",
    ),
)
"""Per language max(.3, min(.9, median - standard deviation)) of GlotLID's scores: another model's
scores lie elsewhere."""
