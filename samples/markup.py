"""Turns a page's light markup into HTML and lays it out in its site's template."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from string import Template

from sources import HERE, Page, Site

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_EMPHASIS = re.compile(r"\*([^*\n]+)\*")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"```\n.*?\n```|(?:[^\n]+\n?)+", re.DOTALL)
_RIGHT_TO_LEFT = ("ar", "he")


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _inline(text: str) -> str:
    text = _LINK.sub(r'<a href="\2">\1</a>', _escape(text))
    return _EMPHASIS.sub(r"<em>\1</em>", text)


def _table(lines: list[str]) -> str:
    rows = [[_inline(cell.strip()) for cell in line.strip("|").split("|")] for line in lines]
    shown = ""
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        shown += "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>\n"
    return f"<table>\n{shown}</table>"


def _image(line: str) -> str:
    alt, source = map(html.escape, _IMAGE.findall(line)[0])
    return f'<figure><img src="{source}" alt="{alt}" /></figure>'


def _list(lines: list[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{_inline(line[2:])}</li>\n" for line in lines) + "</ul>"


def _quote(lines: list[str]) -> str:
    return f"<blockquote><p>{_inline(' '.join(line[2:] for line in lines))}</p></blockquote>"


def _code(lines: list[str]) -> str:
    return "<pre><code>" + _escape("\n".join(lines[1:-1])) + "</code></pre>"


_BLOCKS: Mapping[str, Callable[[list[str]], str]] = {
    "```": _code,
    "![": lambda lines: _image(lines[0]),
    "## ": lambda lines: f"<h2>{_inline(lines[0][3:])}</h2>",
    "- ": _list,
    "|": _table,
    "> ": _quote,
    "<": "\n".join,
}


def _block(text: str) -> str:
    lines = text.strip("\n").split("\n")
    for mark, shown in _BLOCKS.items():
        if lines[0].startswith(mark):
            return shown(lines)
    return f"<p>{_inline(' '.join(lines))}</p>"


def article(body: str) -> str:
    """Return the HTML of a body, whose blocks are separated by empty lines.

    `## heading`, `- item` and `| cell | cell |` lines, `> quote`, code between lines of three
    back ticks, `![alt](image)`, `[text](link)`, `*emphasis*`; a block starting with `<` is HTML.
    """
    return "\n".join(_block(match.group()) for match in _BLOCK.finditer(body))


def plain(body: str) -> str:
    """Return the words of a body without its markup, blocks separated by empty lines."""
    text = re.sub(r"(?m)^(```|## |- |> )", "", _IMAGE.sub("", body))
    text = re.sub(r"(?m)^\|(.*)\|$", lambda row: row[1].replace("|", "\t").strip(), text)
    return _EMPHASIS.sub(r"\1", _LINK.sub(r"\1", text)).strip()


def _links(labels: tuple[str, ...], tag: str = "li") -> str:
    return "\n".join(
        f'<{tag}><a href="/{number}/">{_escape(label)}</a></{tag}>'
        for number, label in enumerate(labels)
    )


def _aside(site: Site) -> str:
    if not site.aside:
        return ""
    return f"<h3>{_escape(site.aside[0])}</h3>\n<ul>\n{_links(site.aside[1:])}\n</ul>"


def _comments(page: Page) -> str:
    if not page.comments:
        return ""
    said = "\n".join(
        f'<li class="comment"><cite>{_escape(who)}</cite><div class="comment-body">'
        f"<p>{_escape(what)}</p></div></li>"
        for who, what in page.comments
    )
    heading = _escape(page.site.responses)
    return f'<section id="comments" class="comments"><h3>{heading}</h3><ol>{said}</ol></section>'


def _meta(page: Page) -> str:
    tags = [
        f'<meta name="{html.escape(name)}" content="{html.escape(content)}" />'
        for name, content in page.meta
    ]
    if "meta" in page.declare:
        tags.insert(0, f'<meta charset="{page.charset}" />')
    return "\n".join(tags)


def render(page: Page) -> str:
    """Return the page's document as text: HTML by its template, or the bare words for `text`."""
    if page.template == "text":
        return f"{page.title}\n\n{plain(page.body)}\n"
    template = Template((HERE / "templates" / f"{page.template}.html").read_text("utf-8"))
    site = page.site
    return template.substitute(
        lang=page.lang,
        direction="rtl" if page.lang in _RIGHT_TO_LEFT else "ltr",
        charset=page.charset,
        meta=_meta(page),
        title=_escape(page.title),
        site=_escape(site.name),
        tagline=_escape(site.tagline),
        home=f"https://{site.host}/",
        url=html.escape(page.url),
        day=page.day.isoformat(),
        year=page.day.year,
        nav=_links(site.nav),
        cells=_links(site.nav, "td"),
        cookie=_escape(site.cookie),
        accept=_escape(site.accept),
        aside=_aside(site),
        article=article(page.body),
        comments=_comments(page),
        footer=_escape(site.footer),
    )
