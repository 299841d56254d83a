"""Every rule there is, by table and by name: for configurations, documentation and tests."""

from collections.abc import Mapping
from types import MappingProxyType

from filters.c4 import C4, C4_ORIGINAL
from filters.dclm import DCLM
from filters.fineweb import FINEWEB
from filters.fineweb2 import FINEWEB2
from filters.flagged_rules import C4_BAD_WORDS, FLAGGED
from filters.gopher import GOPHER_QUALITY
from filters.hplt import HPLT
from filters.language import LANGUAGE, LANGUAGE_FINEWEB2
from filters.madlad import MADLAD
from filters.nemo import NEMO
from filters.refinedweb import REFINEDWEB
from filters.repetition import GOPHER_REPETITION
from filters.rights_rules import RIGHTS
from filters.rules import Rule
from filters.url_rules import ROBOTS_RULE, RULE_OF_CATEGORY, URL

TABLES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "language": LANGUAGE,
        "language_fineweb2": LANGUAGE_FINEWEB2,
        "rights": RIGHTS,
        "url": URL,
        "gopher_repetition": GOPHER_REPETITION,
        "gopher_quality": GOPHER_QUALITY,
        "c4": C4,
        "c4_original": C4_ORIGINAL,
        "c4_bad_words": C4_BAD_WORDS,
        "words": FLAGGED,
        "fineweb": FINEWEB,
        "fineweb2": FINEWEB2,
        "hplt": HPLT,
        "refinedweb": REFINEDWEB,
        "nemo": NEMO,
        "madlad": MADLAD,
        "dclm": DCLM,
    }
)
"""Tables may share a rule; no two rules share a name."""

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.name: rule for table in TABLES.values() for rule in table}
)
"""Every rule by its name, in the order of the tables."""

OBJECTIONS: frozenset[str] = frozenset(
    (*(rule.name for rule in RIGHTS), RULE_OF_CATEGORY["optout"], ROBOTS_RULE)
)
"""Rules that act on an owner's objection: no copy of a page one rejects must resurface."""
