"""Rights signals: what a response's headers and the head of its page say about reuse.

They stand in the archived record and nowhere else, so they are captured raw when it is read; what
follows from them is decided later, by :func:`opt_outs`, without reading the record again.

- ``tdm-reservation``, ``tdm-policy``: TDM Reservation Protocol (W3C community group report).
- ``x-robots-tag``, ``robots``: the directives ``noai`` and ``noimageai``, a convention of sites.
- ``content-usage``: IETF AIPREF (draft-ietf-aipref-attach, draft-ietf-aipref-vocab).
- ``license``: ``rel=license`` links, licence metadata, JSON-LD, and links to Creative Commons.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from html import unescape
from typing import Final, NamedTuple

HEAD_BYTES: Final = 512 << 10  # the part of a page that is read
VALUE_CHARS: Final = 500
_MAX_SIGNALS: Final = 100  # of a page; a gallery links a licence under each picture


class RightsSignal(NamedTuple):
    """One signal as it was sent: ``source`` "header" or "meta" (the page), name, value."""

    source: str
    name: str
    value: str


_HEADERS: Final = frozenset(("tdm-reservation", "tdm-policy", "x-robots-tag", "content-usage"))
_LINK = re.compile(r"<([^<>]{1,500})>([^<>,]{0,200})")
_REL_LICENCE = re.compile(r"""\brel\s{0,5}=\s{0,5}["']?[^"';]{0,50}\blicen[sc]e\b""", re.IGNORECASE)


def from_headers(headers: Sequence[tuple[str, str]]) -> list[RightsSignal]:
    """Return the signals in a response's header fields, in their order, values cut at 500."""
    found: list[RightsSignal] = []
    for field, value in headers:
        name = field.strip().lower()
        if name in _HEADERS:
            found.append(_signal("header", name, value))
        elif name == "link":
            links = _LINK.finditer(value[: 20 * VALUE_CHARS])
            targets = (link.group(1) for link in links if _REL_LICENCE.search(link.group(2)))
            found.extend(_signal("header", "license", target) for target in targets)
    return found[:_MAX_SIGNALS]


# One pass: a comment or script is skipped to its end, so what is commented out does not count. A
# tag ends at the next < or >, so no character is read for two tags.
_TAG = re.compile(
    r"<(?:(!--)|(script|style|textarea)\b|(meta|link|a)[\s/])([^<>]{0,4000})", re.IGNORECASE
)
_ENDS: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea")
}
# Each attribute is read once: a quote that is never closed runs to the end of the tag.
_ATTRIBUTE = re.compile(r"""([^\s"'=/<>]+)(?:\s*=\s*(?:"([^"]*)"?|'([^']*)'?|([^\s"']*)))?""")
_JSON_LICENCE = re.compile(
    r'"license"\s{0,20}:\s{0,20}\[?\s{0,20}'
    r'(?:"([^"]{1,500})"|\{[^{}]{0,200}?"(?:@id|url)"\s{0,20}:\s{0,20}"([^"]{1,500})")',
    re.IGNORECASE,
)
_COMMONS = re.compile(r"\bcreativecommons\.org/(?:licenses|publicdomain)/", re.IGNORECASE)
_LICENCE_METAS: Final = frozenset(
    (
        *("license", "licence", "citation_license", "dc.license", "dc.rights", "dc.rights.license"),
        *("dcterms.license", "dcterms.rights", "dc:license", "dc:rights", "dcterms:license"),
    )
)
_NO_AI = re.compile(r"(?<![\w-])no(?:image)?ai(?![\w-])", re.IGNORECASE)


def from_html(head: bytes | str) -> list[RightsSignal]:
    """Return the signals in the first 512 KB of a page, in their order, each once.

    Linear in what is read, whatever it is. Bytes are read as UTF-8, or as the UTF-16 their byte
    order mark announces: names and values of signals are ASCII in every other charset of the web.
    """
    text = _decoded(head[:HEAD_BYTES]) if isinstance(head, bytes) else head[:HEAD_BYTES]
    found: dict[RightsSignal, None] = {}
    at = 0
    while at >= 0 and len(found) < _MAX_SIGNALS:
        tag = _TAG.search(text, at)
        if tag is None:
            break
        at = tag.end()
        if tag.group(1):
            at = text.find("-->", tag.start() + 2)
        elif tag.group(2):
            end = _ENDS[tag.group(2).lower()].search(text, at)
            if "ld+json" in tag.group(4).lower():
                script = text[at : end.start() if end else len(text)]
                found.update(dict.fromkeys(_from_json(script)))
            at = end.end() if end else -1
        else:
            found.update(dict.fromkeys(_READERS[tag.group(3).lower()](_attributes(tag.group(4)))))
    return list(found)


def _decoded(head: bytes) -> str:
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return head.decode("utf-16" if wide else "utf-8", "replace")


def _signal(source: str, name: str, value: str) -> RightsSignal:
    return RightsSignal(source, name, value.strip()[:VALUE_CHARS])


def _attributes(inside: str) -> dict[str, str]:
    """Return a tag's attributes, names in lower case; the first of a name counts, as in HTML."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(inside):
        found.setdefault(name.lower(), unescape(double or single or bare))
    return found


def _from_meta(attributes: dict[str, str]) -> Iterable[RightsSignal]:
    named = attributes.get("name") or attributes.get("http-equiv") or attributes.get("property")
    name = (named or "").strip().lower()
    value = attributes.get("content", "")
    if name in ("tdm-reservation", "tdm-policy"):
        yield _signal("meta", name, value)
    elif name == "robots":
        yield _signal("meta", "robots", value)
    elif name in _LICENCE_METAS or _COMMONS.search(value[:4000]):
        yield _signal("meta", "license", value)
    elif name and _NO_AI.search(value) and "desc" not in name and "title" not in name:
        yield _signal("meta", "robots", f"{name[:40]}: {value}")  # said to one crawler


def _from_link(attributes: dict[str, str]) -> Iterable[RightsSignal]:
    """Read ``link`` and ``a`` elements alike."""
    target = attributes.get("href", "")
    relations = attributes.get("rel", "").lower().split()
    if target and ("license" in relations or _COMMONS.search(target[:VALUE_CHARS])):
        yield _signal("meta", "license", target)


_READERS: Final[dict[str, Callable[[dict[str, str]], Iterable[RightsSignal]]]] = {
    "meta": _from_meta,
    "link": _from_link,
    "a": _from_link,
}


def _from_json(script: str) -> Iterable[RightsSignal]:
    for match in _JSON_LICENCE.finditer(script):
        yield _signal("meta", "license", (match.group(1) or match.group(2)).replace("\\/", "/"))


def opt_outs(signals: Sequence[RightsSignal]) -> tuple[str, ...]:
    """Return which signals forbid training a text model: of "tdm_reservation", "noai", "aipref".

    The page's ``tdm-reservation`` goes before the header's; values but 0 and 1 count as unset.
    ``noai`` counts whichever crawler it is said to; ``noimageai`` is about pictures and does not.
    ``content-usage`` is read for the narrowest use that covers training a language model.
    """
    said = {
        "tdm_reservation": _is_reserved(signals),
        "noai": any("noai" in _directives(signal) for signal in signals),
        "aipref": _is_usage_refused(signals),
    }
    return tuple(name for name, is_said in said.items() if is_said)


def _is_reserved(signals: Sequence[RightsSignal]) -> bool:
    for source in ("meta", "header"):
        values = {
            signal.value
            for signal in signals
            if (signal.source, signal.name) == (source, "tdm-reservation")
        } & {"0", "1"}
        if values:
            return "1" in values
    return False


def _directives(signal: RightsSignal) -> set[str]:
    """Return robots directives, without the crawler some begin with ("googlebot: noai")."""
    if signal.name not in ("robots", "x-robots-tag"):
        return set()
    parts = re.split(r"[,;\s]", signal.value.lower())
    return {part.rpartition(":")[2] for part in parts}


def _is_usage_refused(signals: Sequence[RightsSignal]) -> bool:
    """Read ``content-usage`` as a structured field's dictionary (RFC 9651), leniently."""
    said: dict[str, str] = {}
    for signal in signals:
        if signal.name == "content-usage":
            for member in signal.value.lower().split(","):
                key, _, value = member.partition(";")[0].partition("=")
                said[key.strip()] = value.strip().strip('"')  # of a key sent twice the last counts
    # Training a generative model, training any model, any automated use: narrowest first.
    for use in ("train-genai", "train-ai", "bots"):
        if said.get(use) in ("n", "?0", "no"):
            return True
        if said.get(use) in ("y", "?1", "yes"):
            return False
    return False
