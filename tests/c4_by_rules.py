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
TERMINAL = regex.compile("[\\p{STerm}\\p{Pi}\\p{Pf}\"'…]\\Z")
CITATION = re.compile(r"\[[0-9]*]|\[edit]|\[citation needed]")


def ascii_lower(text: str) -> str:
    return re.sub("[A-Z]", lambda match: match[0].lower(), text)
