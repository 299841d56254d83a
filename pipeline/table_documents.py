"""One line of a table, and its fellows in the files beside it, to what a record becomes.

A text goes through everything that is behind extraction; a page, the ``h`` of ``html.zst``, through
extraction, too. Names of fields are those of HPLT's releases 1 to 4 and of FineWeb. What a line
says of its origin is kept in ``derived_from``; its measures and labels are not: they are made anew.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pipeline import ledger
from pipeline.head import language_tag
from pipeline.line_files import Line
from pipeline.record import Record, gap
from pipeline.table_names import base

TYPES: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain", "text/xml"})
"""Types that a page keeps; one of any other is in the table for being HTML."""
URL, DATE = ("u", "url"), ("ts", "timestamp", "date")
FILE, OFFSET, LENGTH = ("f", "file_path"), ("o",), ("s",)
COLLECTION, OWN_ID = ("collection", "crawl_id", "dump"), ("id",)
LANG = ("lang", "document_lang", "language")
IDENTIFIERS = ("openlid-v3", "glotlid-v3", "openlid-v2")
HTML_LANG = ("html_lang", "htmllang")
ROBOTS = ("robotstxt", "robots", "allowed")
_DIGITS: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$", re.ASCII)


class BadLine(Exception):  # noqa: N818 - never leaves this module
    """A line that holds no document."""


class Said(NamedTuple):
    """What a line says beside its text: of it and its origin; ``rights`` as in the column."""

    record_id: str | None
    html_lang: str | None
    derived_from: dict[str, Any]
    rights: list[dict[str, str]]


def screened_line(
    name: str, line: Line, others: Sequence[Line], also: Collection[str]
) -> ledger.Screened:
    """The document of a line after the first look, or why there is none.

    ``others`` are the lines of the same number of the files beside the table ``name``.
    """
    every = [other.data for other in (*others, line)]
    if None in every:
        return _failed(name, line, "line_too_long")
    try:
        fields: dict[str, Any] = {}
        for data in every:
            fields |= _parsed(data or b"")
        return _document(name, line, fields, also)
    except BadLine:
        return _failed(name, line, "bad_line")


def _failed(name: str, line: Line, reason: str) -> ledger.Screened:
    row = ledger.ledger_row(gap(line.offset, line.length, reason), name)
    mark = {"record_type": "line", "line": line.number, "fate": "failed", "reason": reason}
    return ledger.Screened(row | mark, None)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadLine from None
    if not isinstance(found, dict):
        raise BadLine
    return found


def _document(
    name: str, line: Line, fields: Mapping[str, Any], also: Collection[str]
) -> ledger.Screened:
    page = base(name).lower() == "html.zst"
    key = next((key for key in (("h",) if page else ("text", "t")) if key in fields), None)
    content = fields[key] if key else 0
    if content is not None and not isinstance(content, str):
        raise BadLine
    tag = language_tag(_string(fields, HTML_LANG) or "")
    said = Said(_string(fields, OWN_ID), tag, _origin(fields), _robots(fields))
    return screened_record(name, _record(line, fields, content or "", page=page), said, also)


def screened_record(
    name: str, record: Record, said: Said, also: Collection[str]
) -> ledger.Screened:
    """What the record made of a line becomes after the first look; ``name``: of its table."""
    screened, number = ledger.screen(record, name, also), record.inner_offset
    own_id = ledger.document_id(name, 0, number)
    row = screened.row | {
        "record_type": "line",
        "line": number,
        "record_id": said.record_id,
        "doc_id": own_id if screened.page else None,
    }
    if screened.page is None:
        return ledger.Screened(row, None)
    columns = screened.page.columns | {
        "doc_id": own_id,
        "line": number,
        "derived_from": said.derived_from,
    }
    columns["rights"] = [*columns["rights"], *said.rights]
    if record.warc_type == "conversion":
        columns["source_type"] = "table"
    header = screened.page.header | {"html_lang": said.html_lang}
    return ledger.Screened(row, screened.page._replace(header=header, columns=columns))


def _record(line: Line, fields: Mapping[str, Any], content: str, *, page: bool) -> Record:
    """The record that the line might have been made from, as far as the line tells."""
    declared = (_string(fields, ("c",)) or "").partition(";")[0].strip().lower()
    kind = (declared if declared in TYPES else "text/html") if page else "text/plain"
    headers = {
        "content-type": f"{kind}; charset=utf-8",
        "warc-target-uri": _string(fields, URL) or "",
        "warc-date": _date(_string(fields, DATE) or ""),
    }
    kind, block = "resource" if page else "conversion", content.encode("utf-8", "replace")
    return Record(
        line.offset, line.length, "record", kind, "warc", headers, block, False, None, line.number
    )


def _origin(fields: Mapping[str, Any]) -> dict[str, Any]:
    identified = next((fields[key] for key in IDENTIFIERS if key in fields), None)
    lang = _string(fields, LANG)
    if lang is None and isinstance(identified, dict):
        lang = _string(identified, LANG)
    return {
        "file": _string(fields, FILE),
        "offset": _number(fields, OFFSET),
        "length": _number(fields, LENGTH),
        "id": _string(fields, OWN_ID),
        "collection": _string(fields, COLLECTION),
        "lang": lang,
    }


def _robots(fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a table says of robots.txt, as one more signal."""
    said = next((fields[key] for key in ROBOTS if key in fields), None)
    if isinstance(said, bool):
        said = "allowed" if said else "disallowed"
    if not isinstance(said, str):
        return []
    return [{"source": "table", "name": "robots.txt", "value": _sound(said)[:200]}]


def _string(fields: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first of these fields that is a string, or begins with one; a whole number as one."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value) if abs(value) < 1 << 63 else None
        if isinstance(value, str) and value:
            return _sound(value)
    return None


def _sound(value: str) -> str:
    """JSON may hold half a character; no column can."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _number(fields: Mapping[str, Any], names: Sequence[str]) -> int | None:
    value: Any = next((fields[name] for name in names if name in fields), None)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 1 << 63 else None


def _date(text: str) -> str:
    """A date as WARC-Date has it; ``ledger.warc_date`` makes nothing of what is none.

    >>> _date("2021-05-09 10:26:25"), _date("20210509102625")
    ('2021-05-09T10:26:25', '2021-05-09T10:26:25Z')
    """
    digits = _DIGITS.match(text)
    if digits:
        return "{}-{}-{}T{}:{}:{}Z".format(*digits.groups())
    return text.replace(" ", "T", 1).removesuffix("+00:00")
