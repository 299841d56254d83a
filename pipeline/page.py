"""One page's way from bytes to text and what is known of it: the task of the sandbox's child."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from filters import pii
from filters.regions import page_region
from filters.rights import from_html
from filters.urls import host
from pipeline import charset, formats, html_engine, mojibake, precheck
from pipeline.clean import clean
from pipeline.errors import ConfigError
from pipeline.formats import Read
from pipeline.text import extract, from_plain, scan
from pipeline.text_settings import SETTINGS, Engine, ExtractedPage, TextSettings


def factory(
    settings: Mapping[str, Any],
) -> Callable[[Mapping[str, Any], bytes], dict[str, Any]]:
    """Return the task for named settings; raises ConfigError for names that there are not.

    Keys: ``engine`` (corpusmill, trafilatura, resiliparse), ``settings`` (default, fineweb, hplt),
    ``options`` (fields of ``TextSettings``). Engines are loaded here, not on the first page's time.
    """
    chosen = text_settings(settings.get("engine"), settings.get("settings", "default"))
    chosen = replace(chosen, **settings.get("options", {}))
    extract("<p>.", None, chosen)
    html_engine.whole("<p>.")  # of feeds, whatever the engine of pages
    return lambda header, body: page(header, body, chosen)


def text_settings(engine: str | None, name: str) -> TextSettings:
    """Named settings, for the engine named, or for the settings' own."""
    if name not in SETTINGS:
        raise ConfigError(f"no text settings named {name!r}; there are: {', '.join(SETTINGS)}")
    if engine is None:
        return SETTINGS[name]
    if engine not in get_args(Engine):
        engines = ", ".join(get_args(Engine))
        raise ConfigError(f"no text engine named {engine!r}; there are: {engines}")
    return replace(SETTINGS[name], engine=cast(Engine, engine))


def page(header: Mapping[str, Any], body: bytes, settings: TextSettings) -> dict[str, Any]:
    """Everything that is known of a page after extraction, ready for JSON.

    ``header``: url, header_charset, kind (html, text, feed or pdf); with ``only_text`` personal
    data wait until they are asked for, by the kind "personal" with a text as the body. The result's
    ``refused`` is None, or the reason why the text is empty (``precheck.REFUSALS``, ``pdf``);
    ``reasons`` are notes; personal data are spans of code points of ``text``.
    """
    url = header.get("url") or ""
    if header.get("kind") == "personal":
        return _personal(body.decode(), page_region(host(url), header.get("html_lang")))
    body, reasons = precheck.cut(body)
    formatted = header.get("kind") in formats.KINDS
    read = formats.read(header, body) if formatted else _read(header, body, settings)
    reasons += read.reasons
    known = {"charset": read.charset, "charset_source": read.charset_source}
    if read.page is None:
        return _refused(read.refused, reasons) | known
    return {
        **_described(read.page, url, reasons, personal=not header.get("only_text")),
        **known,
        "refused": None,
        "reasons": reasons,
        "rights": [signal._asdict() for signal in read.rights],
    }


def _read(header: Mapping[str, Any], body: bytes, settings: TextSettings) -> Read:
    """HTML and plain text."""
    if precheck.is_binary(body):
        return Read(None, "not_text")
    html = header.get("kind") != "text"
    decoded = charset.decode(body, header.get("header_charset"), html)
    if not html:
        read = _plain(decoded.text, header.get("html_lang"))
    elif settings.engine == "corpusmill":
        read = _scanned(decoded.text, settings)
    else:
        read = _parsed(decoded.text, header.get("url") or None, settings)
    return read._replace(charset=decoded.charset, charset_source=decoded.source)


def _scanned(text: str, settings: TextSettings) -> Read:
    """HTML by the project's own engine, which is linear in anything."""
    if precheck.is_noise(text):
        return Read(None, "not_text")
    found = scan(text, settings)
    reasons = ["cut_tags"] if found.cut else []
    return Read(_bounded(found.page, reasons), None, reasons, from_html(found.facts))


def _parsed(text: str, url: str | None, settings: TextSettings) -> Read:
    """HTML by an engine that builds a tree, after what makes such engines safe."""
    checked = precheck.check(text)
    if checked.html is None:
        return Read(None, checked.refused, checked.reasons)
    return Read(extract(checked.html, url, settings), None, checked.reasons, from_html(text))


def _plain(text: str, html_lang: str | None) -> Read:
    if precheck.is_noise(text):
        return Read(None, "not_text")
    reasons: list[str] = []
    page = _bounded(from_plain(text)._replace(html_lang=html_lang), reasons)
    return Read(page, None, reasons)


def _bounded(page: ExtractedPage, reasons: list[str]) -> ExtractedPage:
    if len(page.text) > precheck.MAX_HTML_CHARS:
        reasons.append("cut_2mi_chars")
    return page._replace(text=page.text[: precheck.MAX_HTML_CHARS])


def _described(
    extracted: ExtractedPage, url: str, reasons: list[str], *, personal: bool
) -> dict[str, Any]:
    cleaned = clean(extracted.text)
    text = mojibake.repaired(cleaned)
    if text is not cleaned:
        text = clean(text)
        reasons.append("mojibake")
    region = page_region(host(url), extracted.html_lang)
    return {
        "text": text,
        "markdown": _markdown(extracted.markdown, region),
        "title": _line(mojibake.repaired(extracted.title or "")),
        "page_date": extracted.date,
        "html_lang": extracted.html_lang,
        "text_chars": len(text),
        **(_personal(text, region) if personal else {}),
    }


def _personal(text: str, region: str | None) -> dict[str, Any]:
    """What may take long of what is known of a text."""
    return {"pii": [span._asdict() for span in pii.find(text, region)]}


def _markdown(markdown: str | None, region: str | None) -> str | None:
    """Markdown as it is stored: cleaned as the text is, its personal data masked at once."""
    if markdown is None:
        return None
    text = clean(mojibake.repaired(clean(markdown[: precheck.MAX_HTML_CHARS])))
    return pii.mask(text, pii.find(text, region))[0]


def _line(text: str) -> str | None:
    return " ".join(clean(text).split()) or None


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
        "markdown": None,
        "title": None,
        "page_date": None,
        "html_lang": None,
        "text_chars": 0,
        "pii": [],
    }
