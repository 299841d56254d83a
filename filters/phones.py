"""Telephone numbers in text, checked against every country's numbering plan.

The plans are those of libphonenumber (``phonenumbers``); its own matcher takes 140 microseconds a
number and is not bounded on hostile text, so candidates are found and checked here: a bounded
pattern for a chain of digit groups, then the plan's own patterns on the digits.

An international number (``+`` or ``00`` and a calling code) is taken wherever it stands. A
national one is taken only when the page's country is known, and only with a sign that it is a
telephone number and not an amount, a date or an id: the trunk prefix or a bracketed area code, the
groups its country writes, or a word like "Tel." before it.
"""

import re
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_MAX_DIGITS: Final = 17  # E.164 allows 15, plus the trunk zero and a 00 that people write along
_BETWEEN = "[ \\t\u00a0\u2009\u202f().\\-/\u2010-\u2015\u2212]"
_CHAIN: Final = rf"\d(?:{_BETWEEN}{{0,3}}\d){{5,{_MAX_DIGITS - 1}}}"
_INTERNATIONAL = re.compile(rf"[+＋]{_BETWEEN}{{0,2}}{_CHAIN}|00{_BETWEEN}{{0,2}}(?=[1-9]){_CHAIN}")
# Stricter within a country: one space or mark, so the cells of a table and minus signs end it.
_SPACE = "[ \t\u00a0\u2009\u202f]"
_DASH = "[\\-/\u2010-\u2015]"
_STEP: Final = rf"(?:\) ?{_DASH}?|{_SPACE}{_DASH}{_SPACE}|{_SPACE}\(?|{_DASH}|\(|\.)?"
_NATIONAL = re.compile(rf"\d(?:{_STEP}\d){{5,{_MAX_DIGITS - 1}}}")
_GROUP = re.compile(r"\d+")
_AREA_IN_BRACKETS = re.compile(r"\((?!19\d\d|20\d\d)\d{2,5}\)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DATE_OR_HOURS = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d\d(?!\d)|(?:19|20)\d\d([./-])\d\d\2\d\d"
    r"|\d{1,2}\.\d\d ?[-\u2013] ?\d{1,2}\.\d\d|0\."
)
_TRUNK_IN_BRACKETS = re.compile(r"\(\d\)")
_KEYWORD = re.compile(
    r"(?:phone|tel|tél|fax|faks|mobil|mobile|móvil|cell|gsm|handy|tlf|puh|puhelin|telefon|telef"
    r"|telefono|telefone|teléfono|téléphone|telefoon|telefonas|tālr|τηλ|тел|call|hotline|whatsapp"
    r"|sms|電話|电话|☎|☏|📞)\w{0,4}[^\w\n]{0,4}(?:\w{1,10}[^\w\n]{1,3})?\Z",
    re.IGNORECASE,
)
_KEYWORD_CHARS: Final = 32
_GLUE: Final = "_+＋.,/-=#$€£%"  # before a number, part of a longer one, an address or an amount
_TYPES: Final = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number"),
    *("voip", "pager", "uan", "voicemail"),
)


class _Plan(NamedTuple):
    valid: re.Pattern[str]  # national significant numbers of every type
    prefix: str  # the trunk prefix as written, mostly "0"
    prefix_pattern: re.Pattern[str] | None
    prefix_rule: str | None
    groupings: frozenset[tuple[int, ...]]  # digits per group, as the country writes numbers


def spans(text: str, region: str | None) -> list[tuple[int, int]]:
    """Return start and end of every telephone number, in code points, in order, not overlapping.

    ``region`` is the ISO 3166 code of the country national numbers are read in; with None only
    international ones are found.
    """
    found = _international(text)
    plan = _plan(region) if region else None
    if plan is None:
        return found
    taken = iter([*found, (len(text) + 1, len(text) + 1)])
    start, end = next(taken)
    for chain in _NATIONAL.finditer(text):
        while end <= chain.start():
            start, end = next(taken)
        if chain.end() <= start:
            found.extend(_national(text, chain, plan))
    return sorted(found)


def _international(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    if "+" not in text and "＋" not in text and "00" not in text:
        return found
    for match in _INTERNATIONAL.finditer(text):
        start = match.start()
        before = text[max(0, start - 2) : start]
        if before[-1:].isdigit() or (match.group()[0] == "0" and not _may_precede_00(before)):
            continue
        groups = [(group.start(), group.end()) for group in _GROUP.finditer(match.group())]
        for _, stop in reversed(groups):
            end = start + stop
            if not text[end : end + 1].isalnum() and _is_international(match.group()[:stop]):
                found.append((start, end))
                break
    return found


def _may_precede_00(before: str) -> bool:
    """Whether the two characters before "00" leave it the start of a number."""
    glued = before[-1:].isalnum() or (before[-1:] and before[-1:] in _GLUE)
    return not glued and not (before[:1].isdigit() and before[-1:].isspace())


def _is_international(written: str) -> bool:
    digits = _digits(_TRUNK_IN_BRACKETS.sub("", written))
    if written[0] == "0":
        digits = digits[2:]
    for size in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:size] or 0))
        if regions:
            return any(
                _is_valid(plan, digits[size:])
                for region in regions
                if (plan := _plan(region, int(digits[:size])))
            )
    return False


def _national(text: str, chain: re.Match[str], plan: _Plan) -> list[tuple[int, int]]:
    """Return the national numbers in one chain of digit groups, from the left."""
    at = chain.start()
    before, after = text[at - 1 : at], text[chain.end() : chain.end() + 1]
    if before.isalnum() or (before and before in _GLUE) or after.isalnum() or after == "_":
        return []
    groups = [group.span() for group in _GROUP.finditer(text, at, chain.end())]
    keyword: bool | None = None
    found = []
    first = 0
    while first < len(groups):
        count, signed = _groups_of_number(text, groups[first : first + 7], plan)
        if count and not signed:
            keyword = _has_keyword(text, at) if keyword is None else keyword
        taken = count if signed or keyword else 0
        if taken:
            start = groups[first][0]
            found.append((start - (text[start - 1 : start] == "("), groups[first + taken - 1][1]))
        first += taken or 1
    return found


def _groups_of_number(text: str, groups: list[tuple[int, int]], plan: _Plan) -> tuple[int, bool]:
    """Return how many groups from the first on are a number (0 if none), and if signs say so.

    The most groups with a sign are taken, else the most that the plan allows.
    """
    start = groups[0][0]
    if text[start - 1 : start] in tuple("./-"):  # within a date or a reference
        return 0, False
    sizes = tuple(end - begin for begin, end in groups)
    unsigned = 0
    for count in range(len(groups), 0, -1):
        total = sum(sizes[:count])
        if total < 6:
            break
        if total < 2 * count - 2:
            continue  # nobody writes a number digit by digit, but tables hold such rows
        end = groups[count - 1][1]
        written = text[start:end]
        if not _is_valid(plan, _digits(written)) or _DATE_OR_HOURS.match(written):
            continue
        if text[end : end + 1] in tuple("./-") and text[end + 1 : end + 2].isdigit():
            continue
        if _is_signed(text, start, written, sizes[:count], plan):
            return count, True
        unsigned = unsigned or count
    return unsigned, False


def _is_signed(text: str, start: int, written: str, sizes: tuple[int, ...], plan: _Plan) -> bool:
    """Whether a number is written as a telephone number is: by its area code or its groups."""
    if _AREA_IN_BRACKETS.match(text, max(0, start - 1)):
        return sum(sizes) >= 7
    if plan.prefix and written.startswith(plan.prefix) and not written.startswith("00"):
        return len(sizes) > 1 or sum(sizes) > 9
    # Where numbers begin with a 0, two or three groups that do not are amounts and references.
    if len(sizes) < (4 if plan.prefix == "0" else 2) or sizes not in plan.groupings:
        return False
    thousands = set(sizes[1:]) == {3} and sizes[0] <= 3 and "-" not in written
    one_mark = len(set(_GROUP.split(written)[1:-1])) == 1 and not set("/.") & set(written)
    return one_mark and not thousands and not _YEAR.search(written)


def _has_keyword(text: str, at: int) -> bool:
    return _KEYWORD.search(text[max(0, at - _KEYWORD_CHARS) : at].rstrip("( ")) is not None


def _is_valid(plan: _Plan, digits: str) -> bool:
    """Whether digits are a number of the plan, as they are or without the trunk prefix."""
    if plan.valid.fullmatch(digits):
        return True
    if plan.prefix_pattern is None:
        return False
    prefix = plan.prefix_pattern.match(digits)
    if prefix is None or prefix.end() == 0:
        return False
    if plan.prefix_rule and prefix.lastindex and prefix.group(prefix.lastindex):
        stripped = prefix.expand(plan.prefix_rule) + digits[prefix.end() :]
    else:
        stripped = digits[prefix.end() :]
    return plan.valid.fullmatch(stripped) is not None


def _digits(written: str) -> str:
    """Return the digits alone, in ASCII whatever script they are of."""
    return "".join(str(int(character)) for character in written if character.isdecimal())


@lru_cache(maxsize=512)
def _plan(region: str, calling_code: int = 0) -> _Plan | None:
    """Return a region's numbering plan; "001" is that of a calling code without a country."""
    if region == "001":
        metadata = PhoneMetadata.metadata_for_nongeo_region(calling_code, None)
    else:
        metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    kinds = [getattr(metadata, kind) for kind in _TYPES]
    patterns = {kind.national_number_pattern for kind in kinds if kind} - {None, "NA"}
    prefix_pattern = metadata.national_prefix_for_parsing
    return _Plan(
        re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns))),
        metadata.national_prefix or "",
        re.compile(prefix_pattern) if prefix_pattern else None,
        metadata.national_prefix_transform_rule,
        frozenset(
            shape for form in metadata.number_format for shape in _shapes(form.pattern or "")
        ),
    )


def _shapes(pattern: str) -> list[tuple[int, ...]]:
    r"""Return the group sizes of a format like ``(\d{2})(\d{3,4})``."""
    sizes = [
        range(int(low), int(high or low) + 1)
        for low, high in re.findall(r"\\d\{(\d+)(?:,(\d+))?\}", pattern)
    ]
    return [tuple(shape) for shape in product(*sizes)]
