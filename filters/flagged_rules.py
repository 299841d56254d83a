"""Rules on flagged words: columns measured at extraction, by the lists it ran with."""

from filters.rules import Rule
from filters.signal import Signal

FLAGGED_SIGNALS: tuple[Signal, ...] = (
    Signal(
        "flagged_word_count",
        "words",
        "int32",
        "flagged words and phrases of the document's language that occur; -1: it has no list",
    ),
    Signal(
        "flagged_word_fraction",
        "per word",
        "float32",
        "flagged words and phrases, 0 where they are fewer than 3",
    ),
)

FLAGGED: tuple[Rule, ...] = (
    Rule(
        "words.flagged",
        "flagged_word_fraction",
        None,
        0.01,
        "share of flagged words as in ROOTS, Laurençon et al. 2022, arXiv:2303.03915; the bound is "
        "the project's: one word in 100, and 3 of them at least",
    ),
)
C4_BAD_WORDS: tuple[Rule, ...] = (
    Rule(
        "c4.bad_words",
        "flagged_word_count",
        None,
        0,
        "Raffel et al. 2020, arXiv:1910.10683, section 2.2: any page with a word of LDNOOBW's list",
    ),
)
"""As published one word rejects a page, for whatever it is said: an alternative, in no preset."""
