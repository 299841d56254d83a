"""E-mail addresses in text, found from the at sign outwards.

A pattern for the whole address rereads every word in search of an at sign and is quadratic on one
long word (100 KB of base64 took datatrove's 15 s). Here the at sign is found first; each side is
then read once, no further than RFC 5321 lets it reach, so time is linear in the text.

Not found: addresses written around the at sign ("name [at] example.org"), quoted local parts, and
numeric domains, whose address :mod:`filters.ip_addresses` finds. Internationalised addresses (RFC
6531) are found; a local part does not run on into Chinese or Thai words before it.
"""

import re
from typing import Final

from filters.urls import top_level_domains

_LOCAL_CHARS: Final = 64  # RFC 5321, section 4.5.3.1.1
# The at sign with the labels behind it: at most 10 labels of 63. Labels and dots share no
# character, so there is one way to match and no backtracking to speak of.
_DOMAIN = re.compile(r"[@＠]([^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,9})")
# Read backwards. RFC 5322 also allows ! / ` { | } * ? ^ # $ &, which in text are marks around it.
_LOCAL = re.compile(rf"[\w.%+'=~-]{{1,{_LOCAL_CHARS + 1}}}")
# The scripts written without spaces, from Thai to Tibetan and Myanmar, Khmer, kana and Han.
_UNSPACED: Final = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_SPACED_TAIL = re.compile(rf"[^{_UNSPACED}]{{1,{_LOCAL_CHARS + 1}}}")
_ASCII_HEAD = re.compile(r"[a-z]{2,63}(?![a-z0-9])")
_NAME_START = re.compile(r"[\w+]")


def spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every address, in code points, in order, not overlapping."""
    found: list[tuple[int, int]] = []
    if "@" not in text and "＠" not in text:
        return found
    for match in _DOMAIN.finditer(text):
        end = _domain_end(match)
        start = _local_start(text, match.start()) if end else match.start()
        if start < match.start() and (not found or start >= found[-1][1]):
            found.append((start, end))
    return found


def _domain_end(match: re.Match[str]) -> int:
    """Where the domain ends, at the last label that is a top-level domain; 0 if none is."""
    labels = match.group(1).split(".")
    end = match.end()
    for index in range(len(labels) - 1, 0, -1):
        label = labels[index].lower()
        if label in top_level_domains():
            return end
        ascii_head = _ASCII_HEAD.match(label)  # qq.com run on into Chinese, example.com-based
        if ascii_head and ascii_head.group() in top_level_domains():
            return end - len(label) + ascii_head.end()
        end -= len(label) + 1
    return 0


def _local_start(text: str, at: int) -> int:
    """Where the local part before ``at`` begins; ``at`` itself if there is none."""
    before = text[max(0, at - _LOCAL_CHARS - 1) : at][::-1]
    local = _LOCAL.match(before)
    if local is None:
        return at
    spaced = _SPACED_TAIL.match(local.group())
    backwards = spaced.group() if spaced else local.group()
    if len(backwards) > _LOCAL_CHARS or backwards[0] == ".":
        return at
    forwards = backwards[::-1]
    name = _NAME_START.search(forwards)
    return at - len(forwards) + name.start() if name else at
