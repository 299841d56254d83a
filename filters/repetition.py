"""Gopher's repetition rules."""

from filters.rules import Rule

PAPER = "Rae et al. 2021, arXiv:2112.11446, A1.1, table A1"
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}

GOPHER_REPETITION: tuple[Rule, ...] = (
    Rule("repetition.duplicate_lines", "duplicate_line_fraction", None, 0.30, PAPER),
    Rule("repetition.duplicate_paragraphs", "duplicate_paragraph_fraction", None, 0.30, PAPER),
    Rule("repetition.duplicate_line_chars", "duplicate_line_char_fraction", None, 0.20, PAPER),
    Rule(
        "repetition.duplicate_paragraph_chars",
        "duplicate_paragraph_char_fraction",
        None,
        0.20,
        PAPER,
    ),
    *(
        Rule(f"repetition.top_{size}gram", f"top_{size}gram_char_fraction", None, high, PAPER)
        for size, high in TOP.items()
    ),
    *(
        Rule(
            f"repetition.duplicate_{size}gram",
            f"duplicate_{size}gram_char_fraction",
            None,
            high,
            PAPER,
        )
        for size, high in DUPLICATE.items()
    ),
)
