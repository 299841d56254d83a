"""Packs the pages of `pages/` into WARC files, the same bytes every time.

    python samples/pack.py [--output DIR]

writes `DIR/archives/*.warc.gz` and `*.warc.zst`, and `DIR/expected.tsv`: one row per record with
the fate the pipeline's default configuration should give it. `DIR` is this folder by default.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from markup import render
from payloads import encoded, gif, pdf, png, zstd
from sources import ARCHIVES, HERE, Page, language_labels, read_pages
from warcio.recordloader import ArcWarcRecord  # type: ignore[import-untyped]
from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

FIRST_FETCH = datetime(2025, 3, 1, 6, 0, 0)  # UTC, like every date here
STEP = timedelta(seconds=7)
ENDINGS = {"world": "warc.zst"}
COLUMNS = ("warc_file", "url", "language", "fate", "reason")
REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 404: "Not Found"}
TYPES = {"image": "image/png", "pdf": "application/pdf", "text": "text/plain"}


def file_name(archive: str) -> str:
    """Return the name of an archive's file."""
    return f"{archive}.{ENDINGS.get(archive, 'warc.gz')}"


def _record_id(*parts: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, '|'.join(parts))}>"


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode("ascii")


def payload(page: Page) -> bytes:
    """Return the response's body as it went over the wire, before any truncation."""
    if page.kind == "image":
        return gif() if page.path.endswith(".gif") else png()
    if page.kind == "pdf":
        return pdf([page.title, *page.body.splitlines()])
    if page.kind in ("request", "redirect", "empty"):
        return b""
    errors = "strict" if page.template == "text" else "xmlcharrefreplace"
    return encoded(render(page).encode(page.charset, errors), page.encode)


def _content_type(page: Page) -> str:
    if page.path.endswith(".gif"):
        return "image/gif"
    if page.kind in TYPES:
        return TYPES[page.kind]
    kind = TYPES.get(page.template, "text/html")
    if page.template == "xhtml":
        kind = "application/xhtml+xml"
    charset = page.http_charset or (page.charset if "http" in page.declare else "")
    # the codec's name carries the byte order, the header a server sends does not
    charset = charset.replace("utf-16-le", "utf-16")
    return f"{kind}; charset={charset}" if charset else kind


def _http_headers(page: Page, length: int, when: datetime) -> StatusAndHeaders:
    headers = [
        ("Date", when.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ("Server", "nginx"),
        ("Content-Type", _content_type(page)),
    ]
    if page.location:
        headers.append(("Location", page.location))
    if contents := [coding for coding in page.encode if coding != "chunked"]:
        headers.append(("Content-Encoding", ", ".join(contents)))
    if "chunked" in page.encode:
        headers.append(("Transfer-Encoding", "chunked"))
    else:
        headers.append(("Content-Length", str(length)))
    headers += [*page.site.headers, *page.headers]
    return StatusAndHeaders(f"{page.status} {REASONS[page.status]}", headers, protocol="HTTP/1.1")


def _request_headers(page: Page) -> StatusAndHeaders:
    headers = [("Host", page.site.host), ("User-Agent", "samples/1.0"), ("Accept", "text/html")]
    return StatusAndHeaders(f"GET {page.path} HTTP/1.1", headers, is_http_request=True)


def _record(
    writer: WARCWriter, page: Page, when: datetime, pages: dict[str, Page]
) -> ArcWarcRecord:
    whole = payload(page)
    body = whole[: page.cut_bytes] if page.cut_bytes else whole
    kind = page.kind if page.kind in ("request", "revisit") else "response"
    fields = {
        "WARC-Record-ID": _record_id(page.site.archive, kind, page.url),
        "WARC-Date": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    http = _http_headers(page, len(whole), when)
    if page.cut_bytes:
        fields["WARC-Truncated"] = "length"
    if kind == "request":
        http = _request_headers(page)
    if kind == "revisit":
        original = pages[page.of]
        body = b""
        fields["WARC-Profile"] = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
        fields["WARC-Refers-To-Target-URI"] = original.url
        fields["WARC-Payload-Digest"] = _digest(payload(original))
    return writer.create_warc_record(
        page.url, kind, payload=io.BytesIO(body), http_headers=http, warc_headers_dict=fields
    )


def _warcinfo(writer: WARCWriter, archive: str) -> ArcWarcRecord:
    text = "software: samples/pack.py\r\nformat: WARC File Format 1.1\r\n"
    text += "description: pages written for this project, on hosts that do not exist\r\n"
    fields = {
        "WARC-Record-ID": _record_id(archive, "warcinfo"),
        "WARC-Date": FIRST_FETCH.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "WARC-Filename": file_name(archive),
    }
    stream = io.BytesIO(text.encode("ascii"))
    kind = "application/warc-fields"
    return writer.create_warc_record(
        None, "warcinfo", payload=stream, warc_content_type=kind, warc_headers_dict=fields
    )


def _members(archive: str, pages: list[Page]) -> Iterator[bytes]:
    """Each record on its own: a gzip member, or a zstd frame (IIPC, WARC with zstd 1.0)."""
    frames = file_name(archive).endswith(".zst")
    by_key = {page.key: page for page in pages}
    here = [page for page in pages if page.site.archive == archive]
    for number in range(len(here) + 1):
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=not frames, warc_version="1.1")
        if number == 0:
            record = _warcinfo(writer, archive)
        else:
            record = _record(writer, here[number - 1], FIRST_FETCH + number * STEP, by_key)
        writer.write_record(record)
        yield zstd(out.getvalue()) if frames else out.getvalue()


def expected_rows(pages: list[Page]) -> Iterator[tuple[str, ...]]:
    """Yield the table of expectations, in the order of the records, with its header."""
    labels = language_labels()
    yield COLUMNS
    for archive in ARCHIVES:
        yield file_name(archive), "-", "-", "skipped", "warcinfo"
        for page in pages:
            if page.site.archive == archive:
                text = page.fate in ("kept", "rejected")
                label = page.language or (labels[page.lang] if text else "-")
                yield file_name(archive), page.url, label, page.fate, page.reason


def pack(output: Path) -> list[Path]:
    """Write every archive and the table of expectations below `output`; return their paths."""
    pages = read_pages()
    folder = output / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for archive in ARCHIVES:
        path = folder / file_name(archive)
        path.write_bytes(b"".join(_members(archive, pages)))
        written.append(path)
    table = output / "expected.tsv"
    table.write_text("".join("\t".join(row) + "\n" for row in expected_rows(pages)), "utf-8")
    return [*written, table]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Pack the sample pages into WARC files.")
    parser.add_argument("--output", type=Path, default=HERE, metavar="DIR")
    for path in pack(parser.parse_args().output):
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
