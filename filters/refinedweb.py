"""RefinedWeb's rule on what its line rules would remove, and the counter words these know.

DCLM and OLMo 3 run the same rules. The text is edited only where a configuration asks for it
(``filters.line_edits``); the rule judges what would go.
"""

from collections.abc import Sequence
from functools import cache

from filters.phrase_lists import ANY, PhraseLists, Phrases, phrases
from filters.rules import Rule

PAPER = "Penedo et al. 2023, arXiv:2306.01116, appendix G.2; also DCLM and OLMo 3"

REFINEDWEB: tuple[Rule, ...] = (
    Rule("refinedweb.removed_words", "refinedweb_removed_word_fraction", None, 0.05, PAPER),
)


@cache
def _counters() -> Phrases:
    """Counter words of each language, also behind a unit: "tys. wyświetleń"."""
    words, units = phrases("counter_words"), phrases("counter_units")
    found: dict[str, tuple[str, ...]] = {}
    for lang, listed in words.items():
        before = (*units.get(lang, ()), *units[ANY])
        found[lang] = (*listed, *(f"{unit} {word}" for unit in before for word in listed))
    return Phrases(found)


def counter_lists(langs: Sequence[str]) -> PhraseLists:
    """Return the counter words for documents of these languages."""
    return _counters().lists(langs)
