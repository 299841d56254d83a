"""C4's phrases, marks and letters as regular expressions, for oracles of its rules."""

import re

import regex

POLICIES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
UNSPACED = regex.compile(
    r"[[\p{L}\p{Nl}]&&[\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}"
    r"\p{sc=Mymr}\p{sc=Tibt}\p{wb=Katakana}]--\p{wb=Extend}]",
    regex.VERSION1,
)
TERMINAL = regex.compile("[\\p{STerm}\\p{Pi}\\p{Pf}\"'…]\\Z")
CITATION = re.compile(r"\[[0-9]*]|\[edit]|\[citation needed]")


def ascii_lower(text: str) -> str:
    return re.sub("[A-Z]", lambda match: match[0].lower(), text)
