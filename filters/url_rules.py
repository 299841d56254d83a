"""Rules on addresses. Their signals are derived when a page is judged, from its stored address.

Lists change and owners' objections come late: a page is looked up when its fate is decided, so a
new list needs no archive read again. What a list or word says of a page is no column of a table.
"""

from filters.rules import Rule
from filters.signal import Signal
from filters.url_lists import CATEGORIES

REFINEDWEB = "Penedo et al. 2023, arXiv:2306.01116, appendix G.1"


def signal_of(category: str) -> str:
    """Return the signal that tells whether a list of the category names a page.

    >>> signal_of("adult"), signal_of("other")
    ('url_adult', 'url_listed_other')
    """
    return "url_listed_other" if category == "other" else f"url_{category}"


RULE_OF_CATEGORY = {name: signal_of(name).replace("_", ".", 1) for name in CATEGORIES}
"""Name of the rule that looks at the lists of each category."""
ROBOTS_RULE = "url.robots"

_LISTED = {
    "adult": "host, a domain above it or the page is on a list of adult sites",
    "gambling": "… on a list of gambling sites",
    "malware": "… on a list of sites that spread malware",
    "phishing": "… on a list of phishing sites",
    "dating": "… on a list of dating sites",
    "optout": "… on a list of sites whose owners object to the use of their pages",
    "other": "… on another list of the configuration",
}
URL_SIGNALS: tuple[Signal, ...] = (
    *(Signal(signal_of(name), "0 or 1", "int32", _LISTED[name]) for name in CATEGORIES),
    Signal(
        "url_hard_word_count",
        "words",
        "int32",
        "strict sub-words and hard words of every language and the page's own in its URL",
    ),
    Signal(
        "url_soft_word_count",
        "words",
        "int32",
        "soft words of every language and the page's own in its URL",
    ),
    Signal(
        "url_robots_disallowed",
        "0 or 1",
        "int32",
        "the site's robots.txt forbids the page to one of the configuration's crawlers, or a table "
        "of documents says that it does",
    ),
)
"""Derived from ``url``, ``host``, ``lang`` and ``rights`` by ``pipeline.derived``; in no table."""

_SOURCES = {
    "adult": f"UT1 blacklist, category adult, as in {REFINEDWEB}, and HPLT v3",
    "gambling": f"UT1 blacklist, category gambling, as in {REFINEDWEB}",
    "malware": "UT1 blacklist, category malware",
    "phishing": f"UT1 blacklist, category phishing, as in {REFINEDWEB}",
    "dating": f"UT1 blacklist, category dating, as in {REFINEDWEB}",
    "optout": "owners' objections by domain: Directive (EU) 2019/790, article 4(3)",
    "other": "lists named in the configuration",
}
URL: tuple[Rule, ...] = (
    *(
        Rule(RULE_OF_CATEGORY[name], signal_of(name), None, 0, source)
        for name, source in _SOURCES.items()
    ),
    Rule("url.hard_words", "url_hard_word_count", None, 0, REFINEDWEB),
    Rule(
        "url.soft_words",
        "url_soft_word_count",
        None,
        1,
        f"{REFINEDWEB}: two soft words reject a page",
    ),
    Rule(
        ROBOTS_RULE,
        "url_robots_disallowed",
        None,
        0,
        "RFC 9309; HPLT v3 cleaning drops what robots.txt disallows",
    ),
)
