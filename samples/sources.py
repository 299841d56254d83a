"""Reads `pages/`: one folder per site, one file per page, TOML front matter over a body."""

from __future__ import annotations

import dataclasses
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ARCHIVES = ("nordic", "west", "south", "east", "world")
FATES = ("kept", "rejected", "skipped", "failed")
KINDS = ("page", "redirect", "image", "pdf", "request", "revisit", "empty")
ENCODINGS = ("gzip", "br", "zstd", "chunked")


@dataclasses.dataclass(frozen=True)
class Site:
    """What all pages of one site share: where it lives, how it looks, what it always says."""

    folder: str
    host: str
    archive: str
    name: str
    lang: str = "en"
    template: str = "magazine"
    charset: str = "utf-8"
    declare: tuple[str, ...] = ("http", "meta")
    headers: tuple[tuple[str, str], ...] = ()
    tagline: str = ""
    nav: tuple[str, ...] = ()
    cookie: str = ""
    accept: str = "OK"
    aside: tuple[str, ...] = ()
    footer: str = ""
    responses: str = ""


@dataclasses.dataclass(frozen=True)
class Page:
    """One record to be: a page, or a redirect, an image and the like (`kind`).

    `declare` names where the charset is announced (`http`, `meta`); `http_charset` is what the
    header says when it lies. `encode` is applied left to right. `cut_bytes` keeps that many bytes
    of the payload and marks the record as truncated. `copy_of` takes title and body from another
    page, and `replace` then changes words in it. `fate`, `reason` and `language` are what the
    pipeline is expected to make of the record; see the README beside this file.
    """

    site: Site
    name: str
    path: str
    title: str = ""
    body: str = ""
    kind: str = "page"
    lang: str = ""
    language: str = ""
    template: str = ""
    charset: str = ""
    declare: tuple[str, ...] = ()
    http_charset: str = ""
    day: date = date(2024, 5, 17)
    status: int = 200
    location: str = ""
    of: str = ""
    copy_of: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    meta: tuple[tuple[str, str], ...] = ()
    encode: tuple[str, ...] = ()
    cut_bytes: int = 0
    scheme: str = "https"
    comments: tuple[tuple[str, str], ...] = ()
    fate: str = "kept"
    reason: str = "-"

    @property
    def key(self) -> str:
        """Folder and file name without the ending: how pages name each other."""
        return f"{self.site.folder}/{self.name}"

    @property
    def url(self) -> str:
        """The record's WARC-Target-URI."""
        return f"{self.scheme}://{self.site.host}{self.path}"


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return tuple((str(key), str(item)) for key, item in value.items())
    return value


def _fields(table: dict[str, Any]) -> dict[str, Any]:
    return {key: _frozen(value) for key, value in table.items()}


def _page(site: Site, file: Path) -> Page:
    opening, front, body = file.read_text("utf-8").split("+++\n", 2)
    if opening.strip():
        raise ValueError(f"{file}: text before the front matter")
    fields = _fields(tomllib.loads(front))
    fields.setdefault("path", f"/{file.stem}.html")
    fields.setdefault("lang", site.lang)
    fields.setdefault("template", site.template)
    fields.setdefault("charset", site.charset)
    fields.setdefault("declare", site.declare)
    return Page(site=site, name=file.stem, body=body.strip("\n"), **fields)


def _copied(page: Page, originals: dict[str, Page]) -> Page:
    original = originals[page.copy_of]
    title, body = page.title or original.title, original.body
    for old, new in page.replace:
        if old not in body:
            raise ValueError(f"{page.key}: nothing to replace in {original.key}: {old!r}")
        body = body.replace(old, new)
    return dataclasses.replace(page, title=title, body=body)


def _checked(page: Page) -> Page:
    known = (
        (page.site.archive, ARCHIVES),
        (page.fate, FATES),
        (page.kind, KINDS),
        *((coding, ENCODINGS) for coding in page.encode),
    )
    for value, allowed in known:
        if value not in allowed:
            raise ValueError(f"{page.key}: {value!r} is none of {', '.join(allowed)}")
    return page


def read_pages(folder: Path = HERE / "pages") -> list[Page]:
    """Return all pages, by archive in the order of `ARCHIVES`, then by site and file name.

    Raises `ValueError` or `TypeError` for a front matter that does not hold, naming the page.
    """
    pages: list[Page] = []
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        site = Site(
            folder=home.name, **_fields(tomllib.loads((home / "site.toml").read_text("utf-8")))
        )
        pages += [_page(site, file) for file in sorted(home.glob("*.md"))]
    originals = {page.key: page for page in pages}
    pages = [_copied(page, originals) if page.copy_of else page for page in pages]
    return sorted(map(_checked, pages), key=lambda page: ARCHIVES.index(page.site.archive))


def language_labels() -> dict[str, str]:
    """Return the label each `lang` is expected to get, from `languages.toml`."""
    return {
        str(k): str(v)
        for k, v in tomllib.loads((HERE / "languages.toml").read_text("utf-8")).items()
    }
