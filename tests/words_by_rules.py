"""Letters and words of scripts with and without spaces as regular expressions, for oracles."""

import regex

SINGLE = (
    r"[[\p{L}\p{Nl}]&&[\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}"
    r"\p{sc=Mymr}\p{sc=Tibt}\p{wb=Katakana}]--\p{wb=Extend}]"
)
UNSPACED = regex.compile(SINGLE, regex.VERSION1)
PHRASE_WORD = regex.compile(
    rf"{SINGLE}\p{{M}}*|(?:(?!{SINGLE})[\p{{L}}\p{{M}}\p{{N}}])+", regex.VERSION1
)
