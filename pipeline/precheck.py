"""What a page must pass before any parser sees it: every check is one linear scan.

HTML parsers and extractors are quadratic, or worse, in attributes per tag, nesting depth, distinct
tags, broken JSON-LD and runs of combining marks; a few kilobytes keep them busy for a minute. So
what holds no text (scripts, styles, comments, drawings, data: URIs, overlong tags) goes first, and
what is left is bounded. What was done to a page is said in its reasons.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from pipeline.clean import MAX_MARKS, cap_marks
from pipeline.nesting import MAX_DEPTH, depth

MAX_BODY_BYTES: Final = 16 << 20
MAX_HTML_CHARS: Final = 2 << 20
MAX_TAGS: Final = 80_000
MAX_TAG_CHARS: Final = 16 << 10
MAX_JSON_CHARS: Final = 64 << 10

REASONS: Final = {
    "cut_16mib": "body cut to its first 16 MiB",
    "cut_2mi_chars": "text, or markup without scripts, cut to its first 2,097,152 characters",
    "cut_tags": "more than 524,288 tags: what follows them is not read",
    "data_uri": "data: URIs over 1 KiB removed",
    "long_tag": "tags over 16 KiB removed",
    "unclosed_raw": "a comment, script or style without its end took the rest of the page with it",
    "long_text": "text of more than 1,048,576 characters without a tag cut to that",
    "formatting_removed": "more than 80,000 tags: those of character formatting removed",
    "flattened": "nested deeper than 400 elements: self-closed tags removed, or wrappers replaced",
    "mojibake": "lines of UTF-8 that had been read as another encoding made whole",
    "entity_run": "runs of more than 30 character references to combining marks cut",
}
"""Notes: the page went on, changed."""
REFUSALS: Final = {
    "not_text": "binary content, or too little of it is characters",
    "too_many_tags": "more than 80,000 tags even without formatting",
    "too_deep": "nested deeper than 400 elements even without wrappers",
}
"""Refusals: the page is not parsed."""

_MAGIC: Final = (
    b"%PDF-", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x7fELF",
    b"Rar!\x1a", b"7z\xbc\xaf", b"OggS", b"\xd0\xcf\x11\xe0", b"\x28\xb5\x2f\xfd", b"wOFF", b"wOF2",
)  # fmt: skip
_UNREADABLE: Final = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_RAW: Final = re.compile(
    r"<(!--|(?:script|style|svg|math)(?=[\s/>])|!doctype|\?xml)", re.IGNORECASE | re.ASCII
)
_RAW_END: Final = {
    "!--": re.compile("-->"),
    "script": re.compile(r"</script[^<>]{0,99}>", re.IGNORECASE),
    "style": re.compile(r"</style[^<>]{0,99}>", re.IGNORECASE),
    "svg": re.compile(r"</svg[^<>]{0,99}>", re.IGNORECASE),
    "math": re.compile(r"</math[^<>]{0,99}>", re.IGNORECASE),
    "!doctype": re.compile("(?=[<>])>?"),
    "?xml": re.compile("(?=[<>])>?"),
}
_DATA_URI: Final = re.compile(r"data:[a-zA-Z0-9/+.;=_-]{1,80},[A-Za-z0-9+/=%]{1024,}")
_LONG_TEXT: Final = re.compile(rf"([^<]{{{1 << 20}}})[^<]+")
_LONG_TAG: Final = re.compile(rf"<[a-zA-Z/!?][^<>]{{{MAX_TAG_CHARS},}}>?")
_WRAPPERS: Final = re.compile(
    r"(?:</?(?:div|section|article|main|center|table|tbody|thead|tfoot|tr|td|th|ul|ol|li|dl|dd|dt"
    r"|blockquote|form|fieldset|header|footer|nav|aside|noscript|button|optgroup|p)(?=[\s/>])"
    r"[^<>]*>\s*)+",
    re.IGNORECASE,
)
_INLINE_NAMES: Final = (
    "span|font|b|i|u|s|em|strong|big|small|sub|sup|tt|ins|del|label|bdo|q|cite|mark|abbr|time|kbd"
    "|var|samp|dfn|acronym|strike|nobr"
)
_FORMATTING: Final = re.compile(rf"</?(?:{_INLINE_NAMES})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_INLINE: Final = re.compile(rf"</?(?:{_INLINE_NAMES}|a|code)(?=[\s/>])[^<>]*>", re.IGNORECASE)
# Which HTML takes for start tags without an end.
_SELF_CLOSED: Final = re.compile(
    rf"<(?:{_INLINE_NAMES}|a|code|div|p|td|li)(?=[\s/])[^<>]*/>", re.IGNORECASE
)
# &#768; to &#879; and their hexadecimal forms, by far the most common combining marks
_MARK_REFERENCE: Final = r"&#(?:0{0,9}(?:7[6-9]\d|8[0-7]\d)|[xX]0{0,9}3[0-6][0-9a-fA-F]);?"
_MARK_REFERENCES: Final = re.compile(
    rf"((?:{_MARK_REFERENCE}){{{MAX_MARKS}}})(?:{_MARK_REFERENCE})+"
)
# Of controls that no XML holds; trafilatura gives a page with one of them no text at all.
_CONTROL_REFERENCE: Final = re.compile(
    r"&#(?:0{0,9}(?:[1-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)"
    r"|[xX]0{0,9}(?:[1-8bcefBCEF]|1[0-9a-fA-F]|[fF]{3}[efEF])(?![0-9a-fA-F]));?"
)
_JSON_DATE: Final = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([0-9T:+.Z-]{8,40})"')


class Checked(NamedTuple):
    """HTML that is safe to parse, or None with the refusal; and the notes on the way."""

    html: str | None
    refused: str | None
    reasons: list[str]


def cut(body: bytes) -> tuple[bytes, list[str]]:
    """Return the first 16 MiB of a body, and the reason if that is not all of it."""
    if len(body) <= MAX_BODY_BYTES:
        return body, []
    return body[:MAX_BODY_BYTES], ["cut_16mib"]


def is_binary(body: bytes) -> bool:
    """Whether the body starts as a well-known binary format does, whatever its header says."""
    return body.startswith(_MAGIC)


def is_noise(text: str) -> bool:
    """Whether over a tenth of the decoded characters are controls or undecodable (NUL apart).

    Judged on the first and the middle 8,192 characters.
    """
    middle = len(text) // 2
    sample = (text[:8_192] + text[max(middle, 8_192) :][:8_192]).replace("\0", "")
    return len(_UNREADABLE.findall(sample)) > len(sample) / 10


def check(html: str) -> Checked:
    """Reduce a decoded page to what a parser can take in bounded time."""
    if is_noise(html):
        return Checked(None, "not_text", [])
    reasons: list[str] = []
    html = _without_raw(_CONTROLS.sub("", html), reasons)
    html = _noted(_DATA_URI, "data:,", html, "data_uri", reasons)
    html = _noted(_LONG_TAG, "", html, "long_tag", reasons)
    references = html.count("&#")
    if references:
        html = _CONTROL_REFERENCE.sub(" ", html)
    if references > MAX_MARKS:
        html = _noted(_MARK_REFERENCES, r"\1", html, "entity_run", reasons)
    if len(html) > 1 << 20:
        html = _noted(_LONG_TEXT, r"\1", html, "long_text", reasons)
    if len(html) > MAX_HTML_CHARS:
        html = html[:MAX_HTML_CHARS]
        reasons.append("cut_2mi_chars")
    html = cap_marks(html)
    if html.count("<") > MAX_TAGS:
        html = _noted(_FORMATTING, "", html, "formatting_removed", reasons)
    if html.count("<") > MAX_TAGS:
        return Checked(None, "too_many_tags", reasons)
    if depth(html) <= MAX_DEPTH:
        return Checked(html, None, reasons)
    reasons.append("flattened")
    html = _SELF_CLOSED.sub("", html)
    if depth(html) > MAX_DEPTH:
        html = _WRAPPERS.sub("<p>", _INLINE.sub("", html))
    if depth(html) > MAX_DEPTH:
        return Checked(None, "too_deep", reasons)
    return Checked(html, None, reasons)


def _noted(pattern: re.Pattern[str], by: str, html: str, reason: str, reasons: list[str]) -> str:
    html, count = pattern.subn(by, html)
    if count:
        reasons.append(reason)
    return html


def _without_raw(html: str, reasons: list[str]) -> str:
    """Return the page without comments, scripts, styles, drawings, formulas and declarations.

    Of JSON-LD one note is kept: whether the page is a forum thread, and its date. An unclosed
    comment, script or style runs to the end of the page, as in browsers.
    """
    kept: list[str] = []
    endless: set[str] = set()
    position = 0
    while found := _RAW.search(html, position):
        kept.append(html[position : found.start()])
        name = found[1].lower()
        start = found.end() - (2 if name == "!--" else 0)
        end = None if name in endless else _RAW_END[name].search(html, start)
        if end is None and name in ("svg", "math"):
            endless.add(name)  # looked for once: a page of open drawings is not read n times
            position = found.end()
            continue
        if name == "script" and end:
            kept.append(_linked_data(html[start : end.start()]))
        position = end.end() if end else len(html)
        if end is None:
            reasons.append("unclosed_raw")
    kept.append(html[position:])
    return "".join(kept)


def _linked_data(script: str) -> str:
    """Return what later stages may know of a JSON-LD script, as one that no regex chokes on."""
    opening, _, content = script.partition(">")
    if "ld+json" not in opening.lower() or len(content) > MAX_JSON_CHARS:
        return ""
    facts: Iterable[str] = ()
    if '"DiscussionForumPosting"' in content:
        facts = ('"@type": "DiscussionForumPosting"',)
    date = _JSON_DATE.search(content)
    if date:
        facts = (*facts, f'"datePublished": "{date[1]}"')
    body = ", ".join(facts)
    return f'<script type="application/ld+json">{{{body}}}</script>' if body else ""
