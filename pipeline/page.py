"""One page's way from bytes to text and what is known of it: the task of the sandbox's child."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from filters import pii
from filters.regions import page_region
from filters.rights import RightsSignal, from_html
from filters.urls import host
from pipeline import charset, formats, precheck
from pipeline.clean import cap_marks, clean
from pipeline.errors import ConfigError
from pipeline.text import SETTINGS, ExtractedPage, TextSettings, extract, from_plain
from pipeline.tokens import TokenCounter


def factory(
    settings: Mapping[str, Any],
) -> Callable[[Mapping[str, Any], bytes], dict[str, Any]]:
    """Return the task for named settings; raises ConfigError for names that there are not.

    Keys: ``engine`` (trafilatura, resiliparse), ``settings`` (default, fineweb, hplt),
    ``tokenizer``.
    """
    chosen = text_settings(settings.get("engine"), settings.get("settings", "default"))
    counter = TokenCounter(settings.get("tokenizer", "tekken_240911"))
    return lambda header, body: page(header, body, chosen, counter)


def text_settings(engine: str | None, name: str) -> TextSettings:
    """Named settings, with another engine where one is named."""
    if name not in SETTINGS:
        raise ConfigError(f"no text settings named {name!r}; there are: {', '.join(SETTINGS)}")
    if engine == "resiliparse":
        return replace(SETTINGS[name], engine="resiliparse")
    if engine not in (None, "trafilatura"):
        raise ConfigError(f"no text engine named {engine!r}; there are: trafilatura, resiliparse")
    return SETTINGS[name]


def page(
    header: Mapping[str, Any], body: bytes, settings: TextSettings, counter: TokenCounter
) -> dict[str, Any]:
    """Everything that is known of a page after extraction, ready for JSON.

    ``header``: url, header_charset, kind (html, text, feed or pdf). The result's ``refused`` is
    None, or the reason why the text is empty (``precheck.REFUSALS``, ``pdf``); ``reasons`` are
    notes; personal data are spans of code points of ``text``.
    """
    html = header.get("kind") != "text"
    url = header.get("url") or ""
    body, reasons = precheck.cut(body)
    if header.get("kind") in formats.KINDS:
        return _formatted(formats.read(header, body), url, counter, reasons)
    if precheck.is_binary(body):
        return _refused("not_text", reasons)
    decoded = charset.decode(body, header.get("header_charset"), html)
    known = {"charset": decoded.charset, "charset_source": decoded.source}
    rights: list[RightsSignal] = []
    if html:
        rights = from_html(decoded.text)
        checked = precheck.check(decoded.text)
        reasons += checked.reasons
        if checked.html is None:
            return _refused(checked.refused, reasons) | known
        extracted = extract(checked.html, url or None, settings)
    else:
        plain, refused = _plain(decoded.text, reasons)
        if refused:
            return _refused(refused, reasons) | known
        extracted = from_plain(plain)._replace(html_lang=header.get("html_lang"))
    return {
        **_described(extracted, url, counter),
        **known,
        "refused": None,
        "reasons": reasons,
        "rights": [signal._asdict() for signal in rights],
    }


def _formatted(
    read: formats.Read, url: str, counter: TokenCounter, reasons: list[str]
) -> dict[str, Any]:
    known = {"charset": read.charset, "charset_source": read.charset_source}
    if read.refused:
        return _refused(read.refused, reasons + read.reasons) | known
    described = _described(read.page, url, counter)
    return {**described, **known, "refused": None, "reasons": reasons + read.reasons, "rights": []}


def _plain(text: str, reasons: list[str]) -> tuple[str, str | None]:
    """Plain text within its bounds, or the refusal."""
    if precheck.is_noise(text):
        return "", "not_text"
    if len(text) > precheck.MAX_HTML_CHARS:
        reasons.append("cut_2mi_chars")
    return cap_marks(text[: precheck.MAX_HTML_CHARS]), None


def _described(extracted: ExtractedPage, url: str, counter: TokenCounter) -> dict[str, Any]:
    text = clean(extracted.text)
    region = page_region(host(url), extracted.html_lang)
    return {
        "text": text,
        "title": _line(extracted.title),
        "page_date": extracted.date,
        "html_lang": extracted.html_lang,
        "text_chars": len(text),
        "token_count": counter.count(text),
        "pii": [span._asdict() for span in pii.find(text, region)],
    }


def _line(text: str | None) -> str | None:
    return " ".join(clean(text).split()) or None if text else None


def _refused(reason: str | None, reasons: list[str]) -> dict[str, Any]:
    return {
        **_described_nothing(),
        "charset": None,
        "charset_source": None,
        "refused": reason,
        "reasons": reasons,
        "rights": [],
    }


def _described_nothing() -> dict[str, Any]:
    return {
        "text": "",
        "title": None,
        "page_date": None,
        "html_lang": None,
        "text_chars": 0,
        "token_count": 0,
        "pii": [],
    }
