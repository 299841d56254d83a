"""MADLAD-400's rules on sentences; the test of a sentence's language is not among them."""

from collections.abc import Sequence

from filters.phrase_lists import PhraseLists, phrases
from filters.rules import Rule

PAPER = "Kudugunta et al. 2023, arXiv:2309.04662, section 2.3"

MADLAD: tuple[Rule, ...] = (
    Rule("madlad.sentence_count", "madlad_sentence_count", 5, None, PAPER),
    Rule(
        "madlad.questionable_sentences",
        "madlad_questionable_sentence_fraction",
        None,
        0.2,
        PAPER,
    ),
    Rule(
        "madlad.styled_sentences",
        "madlad_styled_sentence_fraction",
        None,
        0.2,
        f"{PAPER}; its tests of list case and cursed phrases alone, as Dolma 3 (OLMo 3) runs them",
    ),
)


def cursed_lists(langs: Sequence[str]) -> PhraseLists:
    """Return the cursed phrases for documents of these languages."""
    return phrases("cursed_phrases").lists(langs)
