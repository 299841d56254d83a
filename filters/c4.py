"""C4's document rules, over the lines its line rules would leave.

The text is not edited here: the rules judge what C4 would have left of it.
"""

from filters.rules import Rule

PAPER = "Raffel et al. 2020, arXiv:1910.10683, section 2.2"

LOREM_IPSUM = Rule("c4.lorem_ipsum", "c4_lorem_ipsum", None, 0, PAPER)
CURLY_BRACKET = Rule("c4.curly_bracket", "c4_curly_bracket", None, 0, PAPER)

C4: tuple[Rule, ...] = (
    LOREM_IPSUM,
    CURLY_BRACKET,
    Rule(
        "c4.sentence_count",
        "c4_sentence_count",
        5,
        None,
        f"{PAPER}; without the terminal mark, as Penedo et al. 2024, arXiv:2406.17557, section 3.5",
    ),
)
"""As FineWeb runs it: a line needs no terminal mark."""

C4_ORIGINAL: tuple[Rule, ...] = (
    LOREM_IPSUM,
    CURLY_BRACKET,
    Rule("c4.terminal_sentence_count", "c4_terminal_sentence_count", 5, None, PAPER),
)
"""As published: only lines that end in a terminal mark count."""
