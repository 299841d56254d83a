"""Bytes of a page to characters: every claim about the encoding is checked against the bytes.

Browsers take the byte order mark, then the HTTP header, then ``<meta>``
(https://encoding.spec.whatwg.org, https://html.spec.whatwg.org/#determining-the-character-encoding)
and believe what they find. A crawl cannot: servers send one label for pages of many encodings, so
here a label that does not fit the bytes loses to one that does. Only encodings of the WHATWG table
are ever decoded (and UTF-32 behind its own mark); a page's own name for its encoding never reaches
``bytes.decode``, which also knows ``punycode`` (quadratic), ``utf-7`` and ``unicode_escape``.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from typing import Final, Literal, NamedTuple

from resiliparse.parse.encoding import detect_encoding

from pipeline.encodings import ALPHABETS, CODECS, TWINS, name_of

Source = Literal["bom", "header", "meta", "detected", "fallback"]

_META_BYTES: Final = 4096
_SAMPLE_BYTES: Final = 65_536
_EVIDENCE_BYTES: Final = 8
"""Fewer non-ASCII bytes are no evidence for a detector: the web's default encoding goes first."""
_META: Final = re.compile(
    rb"<meta[^<>]{0,500}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w:.\-]{1,40})", re.IGNORECASE
)
_XML: Final = re.compile(
    rb"^\s{0,99}<\?xml[^<>]{0,99}?encoding\s{0,9}=\s{0,9}[\"']([\w:.\-]{1,40})", re.IGNORECASE
)
_COMMENT: Final = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
_ASCII_TEXT: Final = re.compile("[\\x00-\\x7f]+")
_MULTIBYTE: Final = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


class Decoded(NamedTuple):
    """The characters, the WHATWG name of the encoding they came from, and who named it."""

    text: str
    charset: str
    source: Source


def _letters(category: str) -> str:
    return "".join(chr(c) for c in range(0xAA, 0x530) if unicodedata.category(chr(c)) == category)


_LOW, _UP = _letters("Ll"), _letters("Lu")
_WORD: Final = "A-Za-zªµº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u052f"
_DAMAGE: Final = (
    # never meant: not decodable, C1 controls, private use
    re.compile("[\ufffd\u0080-\u009f\ue000-\uf8ff]"),
    # a symbol or box drawing inside a word
    re.compile(f"(?<=[{_WORD}])[¡-©«-´¶¸¹»-¿×÷‚„…†‡‰‹›ˆ˜™•€─-╿]+(?=[{_WORD}])"),
    # case that turns within a word (KOI8-R read as windows-1251)
    re.compile(f"(?<=[{_LOW}])[{_UP}]+"),
    # two scripts in one word
    re.compile("[A-Za-z\u00c0-\u024f](?=[\u0370-\u052f])|[\u0370-\u03ff](?=[\u0400-\u052f])"),
    # accented Latin letters in a row: another alphabet read as Latin
    re.compile("[\u00c0-\u00ff]{4,}"),
    # ª º µ inside a word
    re.compile(f"(?<=[{_WORD}])[ªµº](?=[{_WORD}])"),
)  # fmt: skip


def damage(text: str) -> float:
    """Share of the non-ASCII characters that no writer meant, 0..1: what a wrong encoding leaves.

    Looks at the first 16,384 characters from the first non-ASCII one on.
    """
    first = next((m.start() for m in [re.search("[^\x00-\x7f]", text)] if m), None)
    if first is None:
        return 0.0
    sample = text[max(0, first - 64) : first + 16_384]
    count = sum(1 for c in sample if c > "\x7f")
    spoilt = sum(len(m) for pattern in _DAMAGE for m in pattern.findall(sample))
    return min(1.0, spoilt / count)


def decode(body: bytes, header_charset: str | None, is_html: bool) -> Decoded:
    """Characters of ``body`` by the best supported claim: mark, bytes, header, meta, detection.

    Never raises; what cannot be decoded becomes U+FFFD. Linear in the length of the body.
    """
    marked = _marked(body)
    if marked:
        return marked
    utf16 = _utf16(body)
    if utf16:
        return utf16
    labels = _declared(body, header_charset, is_html)
    escaped = _escaped(body, labels)
    if escaped:
        return escaped
    first = _NON_ASCII.search(body)
    if first is None:
        name, source = next(iter(labels.items()), ("utf-8", "fallback"))
        return Decoded(body.decode("ascii"), name, source)
    utf8 = _utf8(body, labels)
    return utf8 or _legacy(body, first.start(), labels)


def _marked(body: bytes) -> Decoded | None:
    """Decode the body behind its byte order mark, unless the mark lies."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32le"),
        (codecs.BOM_UTF32_BE, "utf-32be"),
        (codecs.BOM_UTF16_LE, "utf-16le"),
        (codecs.BOM_UTF16_BE, "utf-16be"),
    ):
        if body.startswith(mark):
            text = body[len(mark) :].decode(CODECS[name], "replace")
            if damage(text) < 0.1:
                return Decoded(text, name, "bom")
    return None


def _utf16(body: bytes) -> Decoded | None:
    """UTF-16 without a mark: markup and spaces leave NUL at every second byte."""
    head = body[:_META_BYTES]
    even, odd = head[::2].count(0), head[1::2].count(0)
    few, many = sorted((even, odd))
    if many < 4 or many * 10 < len(head) // 2 or few * 10 > many:
        return None
    name = "utf-16le" if odd > even else "utf-16be"
    text = body.decode(CODECS[name], "replace")
    return Decoded(text, name, "detected") if damage(text) < 0.1 else None


def _declared(body: bytes, header: str | None, is_html: bool) -> dict[str, Source]:
    """Return the encodings that header and markup name, in that order, with who named them."""
    found: dict[str, Source] = {}
    labels: list[tuple[str | None, Source]] = [(header, "header")]
    if is_html:
        head = _COMMENT.sub(b"", body[:_META_BYTES])
        labels += [(m[1].decode("ascii", "replace"), "meta") for m in _META.finditer(head)]
        xml = _XML.search(head)
        labels += [(xml[1].decode("ascii", "replace"), "meta")] if xml else []
    for label, source in labels:
        name = name_of(label)
        # without its NULs it is not UTF-16 or 32, whatever the label says (HTML 13.2.3.3)
        if name and not name.startswith(("utf-16", "utf-32")):
            found.setdefault(name, source)
    return found


def _escaped(body: bytes, labels: dict[str, Source]) -> Decoded | None:
    """ISO-2022-JP, the one encoding of the table that hides its text in seven bits."""
    if b"\x1b$" not in body or not body.isascii():
        return None
    text = body.decode(CODECS["iso-2022-jp"], "replace")
    if damage(text) > 0.01:
        return None
    return Decoded(text, "iso-2022-jp", labels.get("iso-2022-jp", "detected"))


def _utf8(body: bytes, labels: dict[str, Source]) -> Decoded | None:
    """Decode as UTF-8 where the bytes say so: hardly any other text is valid UTF-8 by chance.

    A few broken sequences (a cut page, one pasted byte) do not turn the page into another encoding.
    """
    source = labels.get("utf-8", "detected")
    try:
        return Decoded(body.decode("utf-8"), "utf-8", source)
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    sequences = sum(1 for _ in _MULTIBYTE.finditer(body))
    broken = text.count("\ufffd") - body.count("\ufffd".encode())
    few = "utf-8" in labels and broken <= min(3, 2 * sequences)
    return Decoded(text, "utf-8", source) if few or sequences > 9 * broken else None


def _legacy(body: bytes, first: int, labels: dict[str, Source]) -> Decoded:
    """Decode by the claim that fits best: least damage, and letters of one language's alphabet.

    A claim of header or markup wins ties, then the detector's, then its twins.
    """
    sample = body[max(0, first - 512) :][:_SAMPLE_BYTES]
    detected = _detected(sample)
    doubts = {name: 0.0 for name in labels if name != "utf-8"}
    certain = len(_NON_ASCII.findall(sample)) >= _EVIDENCE_BYTES
    if not doubts and not certain:
        doubts["windows-1252"] = 0.0
    doubts |= {name: 0.03 if doubts else 0.01 for name in detected if name not in doubts}
    if not doubts or any(name in ALPHABETS for name in doubts):
        rest = 0.05 if labels.keys() - {"utf-8"} else 0.02
        doubts |= {name: rest for name in ALPHABETS if name not in doubts}
    scores = {name: doubt + _misfit(sample, name) for name, doubt in doubts.items()}
    best = min(scores, key=lambda name: scores[name])
    source = labels.get(best) or ("detected" if detected else "fallback")
    return Decoded(body.decode(CODECS[best], "replace"), best, source)


def _detected(sample: bytes) -> tuple[str, ...]:
    """Return the detector's encoding and its twins; nothing when it found none, or UTF."""
    guess = (detect_encoding(sample, html5_compatible=False) or "").lower()
    name = name_of(guess)
    if name is None or name.startswith("utf-"):
        return ()
    return TWINS.get(name, (name,))


def _misfit(sample: bytes, name: str) -> float:
    """Return the damage under an encoding, plus the share of letters that no language explains."""
    text = sample.decode(CODECS[name], "replace")
    if name not in ALPHABETS:
        return damage(text)
    letters = Counter(c for c in _ASCII_TEXT.sub("", text).lower() if c.isalpha())
    total = sum(letters.values())
    if not total:
        return damage(text)
    known = max(sum(letters[c] for c in alphabet) for alphabet in ALPHABETS[name])
    return damage(text) + 1 - known / total
