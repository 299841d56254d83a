"""Public IP addresses in text. Private, reserved and documentation ranges name no one and stay."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

# Four numbers, not inside a longer dotted or hyphened one: 1.2.3.4.5 is a version, not an address.
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_])(?!\.[0-9A-Za-z])(?!-[0-9])")
_GLUE_BEFORE = re.compile(r"[\w.]\Z|[0-9]-\Z")
# Dotted numbers of four parts are as often a version or a section ("Chrome/91.0.4472.124").
_NO_ADDRESS = re.compile(
    r"(?:\b(?:v|ver|vers|version|versio|versión|versione|verze|wersja|release|rev|build|firmware"
    r"|update|section|sec|art|article|artikel|clause|chapter|annex|table|figure|no|nr)[.:]?\s?"
    r"|§\s?|[A-Za-z][/-])\Z",
    re.IGNORECASE,
)
_WORDY = re.compile(r"[A-Za-z§]")
_CONTEXT_CHARS: Final = 12

# Every IPv6 address that is routed today lies in 2000::/3, so begins with four digits from 2000 to
# 3fff (RFC 4291, section 2.4; IANA's registry). "::", "a::b" and times of day never look like it.
_IPV6 = re.compile(r"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:.]{1,41}")


def ipv4_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every public IPv4 address, in code points."""
    found = []
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - _CONTEXT_CHARS) : match.start()]
        if _GLUE_BEFORE.search(before) or not _is_public_v4(match.group()):
            continue
        if not (_WORDY.search(before) and _NO_ADDRESS.search(before)):
            found.append(match.span())
    return found


def ipv6_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every public IPv6 address, in code points."""
    found = []
    for match in _IPV6.finditer(text):
        start, end = match.span()
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if before.isalnum() or before in "_:." or after.isalnum() or after == "_":
            continue
        candidate = match.group().rstrip(".")
        if not candidate.endswith("::"):
            candidate = candidate.rstrip(":")
        if _is_public_v6(candidate):
            found.append((start, start + len(candidate)))
    return found


@lru_cache(maxsize=1 << 12)
def _is_public_v4(candidate: str) -> bool:
    try:
        address = IPv4Address(candidate)
    except AddressValueError:  # a number over 255, or with a leading zero as in 01.02.03.04
        return False
    return address.is_global and not address.is_multicast


def _is_public_v6(candidate: str) -> bool:
    if candidate.count(":") < 2:
        return False
    try:
        return IPv6Address(candidate).is_global
    except AddressValueError:
        return False
