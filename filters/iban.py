"""International bank account numbers (ISO 13616), by country, structure and check digits."""

import re
from functools import cache
from typing import Final

# Country -> structure of the part after the check digits, as SWIFT's IBAN registry writes it:
# n digits, a letters, c either.
_REGISTRY: Final = """
AD:8n12c AE:19n AL:8n16c AT:16n AZ:4a20c BA:16n BE:12n BG:4a6n8c BH:4a14c BI:23n BR:23n1a1c
BY:4c4n16c CH:5n12c CR:18n CY:8n16c CZ:20n DE:18n DJ:23n DK:14n DO:4c20n EE:16n EG:25n
ES:20n FI:14n FK:2a12n FO:14n FR:10n11c2n GB:4a14n GE:2a16n GI:4a15c GL:14n GR:7n16c GT:24c
HN:4a20n HR:17n HU:24n IE:4a14n IL:19n IQ:4a15n IS:22n IT:1a10n12c JO:4a4n18c KW:4a22c
KZ:3n13c LB:4n20c LC:4a24c LI:5n12c LT:16n LU:3n13c LV:4a13c LY:21n MC:10n11c2n MD:20c
ME:18n MK:3n10c2n MN:16n MR:23n MT:4a5n18c MU:4a19n3a NI:4a20n NL:4a10n NO:11n OM:3n16c
PK:4a16c PL:24n PS:4a21c PT:21n QA:4a21c RO:4a16c RS:18n RU:14n15c SA:2n18c SC:4a20n3a
SD:14n SE:20n SI:15n SK:20n SM:1a10n12c SO:19n ST:21n SV:4a20n TL:19n TN:20n TR:6n16c
UA:6n19c VA:18n VG:4a16n XK:16n YE:4a4n18c
"""
STRUCTURES: Final = {entry[:2]: entry[3:] for entry in _REGISTRY.split()}
_SEPARATOR: Final = "[ \u00a0\u202f-]?"  # one between any two characters, so any grouping is read
_CLASSES: Final = {"n": "[0-9]", "a": "[A-Za-z]", "c": "[0-9A-Za-z]"}
_PART = re.compile(r"([0-9]+)([nac])")
_START = re.compile(f"[A-Za-z]{{2}}{_SEPARATOR}[0-9]{{2}}")


@cache
def _pattern(country: str) -> re.Pattern[str]:
    """One way to match, at most 34 characters and as many separators: linear."""
    parts = _PART.findall(f"2n{STRUCTURES[country]}")
    characters = [_CLASSES[kind] for count, kind in parts for _ in range(int(count))]
    return re.compile("[A-Za-z]{2}" + "".join(_SEPARATOR + one for one in characters))


def spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every valid IBAN, in code points; grouped or not, in either case."""
    found: list[tuple[int, int]] = []
    for start in _START.finditer(text):
        country = start.group()[:2].upper()
        at = start.start()
        if country not in STRUCTURES or (at and text[at - 1].isalnum()):
            continue
        match = _pattern(country).match(text, at)
        if match is None or text[match.end() : match.end() + 1].isalnum():
            continue
        if is_valid("".join(filter(str.isalnum, match.group()))):
            found.append(match.span())
    return found


def is_valid(iban: str) -> bool:
    """Whether the check digits of an IBAN without separators are right (ISO 7064, MOD 97-10).

    >>> is_valid("GB82WEST12345698765432"), is_valid("GB82WEST12345698765433")
    (True, False)
    """
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
