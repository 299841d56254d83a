"""Payment card numbers (ISO/IEC 7812): issuer, length, usual grouping, Luhn digit."""

import re
from typing import Final

# First digits (from, to) -> lengths. The networks' published ranges; of Visa's 13 digits see
# below. UATP (1..., 15 digits) is left out: an airline account, and the shape of any long id.
ISSUERS: Final = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),  # Mastercard
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14, 16, 19)),  # Diners Club
    ("3095", "3095", (14, 16, 19)),
    ("36", "36", (14, 16, 19)),
    ("38", "39", (14, 16, 19)),
    ("6011", "6011", (16, 19)),  # Discover
    ("644", "659", (16, 19)),
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("81", "81", (16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
    ("50", "50", (13, 14, 15, 16, 17, 18, 19)),  # Maestro, Dankort
    ("56", "58", (13, 14, 15, 16, 17, 18, 19)),
    ("6304", "6304", (13, 14, 15, 16, 17, 18, 19)),
    ("67", "67", (13, 14, 15, 16, 17, 18, 19)),
    ("60", "60", (16,)),  # RuPay
    ("9792", "9792", (16,)),  # Troy
)
# The same by the first four digits, so that most numbers are put aside at once.
_SIZES: Final = {
    str(lead): sizes
    for first, last, sizes in reversed(ISSUERS)
    for lead in range(int(first.ljust(4, "0")), int(last.ljust(4, "9")) + 1)
}
_SEPARATOR: Final = "[ \u00a0\u202f-]"
# In one run, or in the groups a card is printed with: 4-4-4-4(-1..3), 4-6-5 and 4-6-4.
_RUN = re.compile("[0-9]{13,19}")
_GROUPED: Final = (
    re.compile(f"[0-9]{{4}}({_SEPARATOR})[0-9]{{4}}\\1[0-9]{{4}}\\1[0-9]{{4}}(?:\\1[0-9]{{1,3}})?"),
    re.compile(f"[0-9]{{4}}({_SEPARATOR})[0-9]{{4}}\\1[0-9]{{4}}\\1[0-9]{{4}}"),
    re.compile(f"[0-9]{{4}}({_SEPARATOR})[0-9]{{6}}\\1[0-9]{{4,5}}"),
)
_START = re.compile(f"[0-9]{{4}}(?=[0-9]{{9}}|{_SEPARATOR}[0-9]{{4}})")
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")  # digit sum of twice the digit
_GLUE: Final = frozenset("_.,-/=+")


def spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every card number, in code points, in order, not overlapping.

    A number that is part of a longer one, of a word, a path or a decimal is not one. 13 digits
    that are also a valid EAN-13 (as German ones are that begin with 4) are taken for a bar code.
    """
    found: list[tuple[int, int]] = []
    for start in _START.finditer(text):
        at = start.start()
        if start.group() not in _SIZES:
            continue
        if (found and at < found[-1][1]) or not _is_free(text[max(0, at - 2) : at][::-1]):
            continue
        for shape in (_RUN,) if text[start.end()].isdigit() else _GROUPED:
            match = shape.match(text, at)
            if match and _is_free(text[match.end() : match.end() + 2]) and _is_card(match.group()):
                found.append(match.span())
                break
    return found


def _is_free(beside: str) -> bool:
    """Whether the two characters beside a number, nearest first, let it stand alone."""
    if beside[:1].isalnum():
        return False
    return not (beside[:1] in _GLUE and beside[1:2].isalnum())


def _is_card(written: str) -> bool:
    number = "".join(filter(str.isdigit, written))
    size = len(number)
    return size in _SIZES[number[:4]] and is_luhn(number) and not (size == 13 and _is_ean(number))


def is_luhn(number: str) -> bool:
    """Whether the last digit is the Luhn digit of those before (ISO/IEC 7812-1, annex B).

    >>> is_luhn("4111111111111111"), is_luhn("4111111111111112")
    (True, False)
    """
    doubled = number[-2::-2].translate(_DOUBLED)
    return (sum(map(int, number[::-2])) + sum(map(int, doubled))) % 10 == 0


def _is_ean(number: str) -> bool:
    digits = [int(digit) for digit in number]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0
