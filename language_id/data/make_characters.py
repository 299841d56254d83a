"""Write ``characters.tsv`` and ``lower.tsv`` from the ``regex`` module's Unicode database.

Run once per Unicode version, by hand: ``python language_id/data/make_characters.py``. The tables
are kept as data so that a document's words, and with them every hash, do not depend on the Python
that runs. Properties: General_Category, Word_Break, Script, Sentence_Terminal (UAX #44, #29, #24).
"""

import sys
from itertools import groupby
from pathlib import Path

import regex  # type: ignore[import-untyped]

FOLDER = Path(__file__).parent
PLANES = range(sys.maxunicode + 1)
GENERAL_CATEGORIES = [
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "Mn",
    "Mc",
    "Me",
    "Nd",
    "Nl",
    "No",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Zs",
    "Zl",
    "Zp",
    "Cc",
    "Cf",
    "Co",
]
WORD_BREAKS = [
    "ALetter",
    "Double_Quote",
    "Extend",
    "ExtendNumLet",
    "Format",
    "Hebrew_Letter",
    "Katakana",
    "MidLetter",
    "MidNum",
    "MidNumLet",
    "Numeric",
    "Single_Quote",
    "ZWJ",
]


def script_codes() -> list[str]:
    """Return every ISO 15924 code the ``regex`` module knows, without private-use aliases."""
    names = regex._regex_core.PROPERTIES["SCRIPT"][1]
    by_value: dict[int, list[str]] = {}
    for name, value in names.items():
        if len(name) == 4 and not name.startswith("Q"):
            by_value.setdefault(value, []).append(name.title())
    # where the long name has four letters too (Cham, Lisu), both are the same string
    codes = sorted(min(found) for found in by_value.values())
    return [code for code in codes if code not in {"Zzzz", "Hrkt"}]


def property_values(name: str, values: list[str], default: str) -> list[str]:
    """Return the value of one property for each code point."""
    text = "".join(map(chr, PLANES))
    found = [default] * len(PLANES)
    for value in values:
        for match in regex.finditer(rf"\p{{{name}={value}}}+", text):
            found[match.start() : match.end()] = [value] * (match.end() - match.start())
    return found


def write_characters() -> None:
    """Write a line per run of code points with the same properties, none for unassigned ones."""
    categories = property_values("gc", GENERAL_CATEGORIES, "Cn")
    breaks = property_values("wb", WORD_BREAKS, "Other")
    scripts = property_values("sc", script_codes(), "Zzzz")
    terminal = property_values("STerm", ["Y"], "N")
    rows = zip(categories, breaks, scripts, terminal, strict=True)
    lines = ["first\tlast\tcategory\tword_break\tscript\tsentence_terminal"]
    first = 0
    for properties, run in groupby(rows):
        last = first + len(list(run)) - 1
        if properties[0] != "Cn":
            lines.append("\t".join((f"{first:04X}", f"{last:04X}", *properties)))
        first = last + 1
    (FOLDER / "characters.tsv").write_text("\n".join(lines) + "\n", encoding="ascii")


def simple_lower(character: str) -> str:
    """Return the simple lower case; the dotted capital I gives a plain i, as in UnicodeData.txt."""
    return character.lower()[0]


def write_lower() -> None:
    """Write a line per code point whose simple lower case is another."""
    lines = ["character\tlower"]
    for code in PLANES:
        lower = ord(simple_lower(chr(code)))
        if lower != code:
            lines.append(f"{code:04X}\t{lower:04X}")
    (FOLDER / "lower.tsv").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    write_characters()
    write_lower()
