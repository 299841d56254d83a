"""HTTP responses: real transfer and content codings undone, lies and bombs survived."""

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.chunked import decode_chunked
from pipeline.codings import DECODERS, decode
from pipeline.headers import blank_line, escape_controls, first_values, header_lines
from pipeline.http import HTTP_REASONS, HttpLimits, decode_response, text_kind
from pipeline.media import kind_of, looks_like_text

BODY = (
    b"<!DOCTYPE html><html><body><p>"
    + b"the quick brown canary sings. " * 50
    + b"</p></body></html>"
)


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


ENCODERS = {
    "gzip": lambda b: gzip.compress(b, mtime=0),
    "x-gzip": lambda b: gzip.compress(b, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def response(
    body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK", html: bool = True
) -> bytes:
    lines = [status, *(["Content-Type: text/html; charset=UTF-8"] if html else []), *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunks(body: bytes, size: int, extension: bytes = b"") -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in pieces)
    return framed + b"0\r\nX-Trailer: 1\r\n\r\n"


def test_a_plain_response() -> None:
    got = decode_response(response(BODY, "Set-Cookie: a=1", "Set-Cookie: b=2"))
    assert (got.status, got.body, got.problem, got.truncated) == (200, BODY, None, False)
    assert (got.media_type, got.charset) == ("text/html", "utf-8")
    assert [v for k, v in got.headers if k == "Set-Cookie"] == ["a=1", "b=2"]
    assert text_kind(got) == "html"


@pytest.mark.parametrize("status", ["HTTP/2 200", "ICY 200 OK", "HTTP/1.0 200", "http/1.1 200 ok"])
def test_odd_status_lines(status: str) -> None:
    assert decode_response(response(BODY, status=status)).status == 200


@pytest.mark.parametrize("status", ["abc", "99999999999", "0200", "-1", "", "20"])
def test_a_status_that_is_none(status: str) -> None:
    got = decode_response(response(BODY, status=f"HTTP/1.1 {status} OK"))
    assert (got.status, got.problem, got.body) == (0, "bad_status", BODY)


def test_line_feeds_alone() -> None:
    got = decode_response(b"HTTP/1.1 404 Not Found\nContent-Type: text/plain\n\nhello\n\nworld")
    assert (got.status, got.media_type, got.body) == (404, "text/plain", b"hello\n\nworld")


def test_interim_responses_are_stepped_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    got = decode_response(early + response(BODY))
    assert (got.status, got.body) == (200, BODY)
    assert "interim_responses" in got.notes


@pytest.mark.parametrize(
    ("block", "problem", "body"),
    [
        (b"", "empty_block", b""),
        (BODY, "bad_http", BODY),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/ht", "headers_cut", b""),
    ],
)
def test_blocks_that_are_no_response(block: bytes, problem: str, body: bytes) -> None:
    got = decode_response(block)
    assert (got.problem, got.body) == (problem, body)


def test_many_and_long_headers() -> None:
    many = decode_response(response(BODY, *(f"X-{i}: v" for i in range(50_000))))
    long = decode_response(response(BODY, "X: " + "y" * 5_000_000))
    for got in (many, long):
        assert got.body == BODY
        assert got.media_type == "text/html"
        assert "headers_dropped" in got.notes


def test_header_values_cannot_control_a_terminal() -> None:
    got = decode_response(response(b"", "X: \x1b[2J\x00\x9b", "Y\xff: \x80"))
    assert dict(got.headers)["X"] == "\\x1b[2J\\x00\\x9b"
    assert all(ord(c) >= 32 for pair in got.headers for text in pair for c in text)


# -------------------------------------------------------------------------- transfer coding
@pytest.mark.parametrize("size", [1, 7, 500, 10_000])
def test_chunks(size: int) -> None:
    framed = chunks(BODY, size, b' ;name="value"')
    got = decode_response(response(framed, "Transfer-Encoding: chunked"))
    assert (got.body, got.truncated, got.notes) == (BODY, False, ())


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        b"add\r\n" + BODY,  # a hexadecimal word
        b"-5\r\n" + BODY,
        b"ffffffffffffffffff\r\n" + BODY,
        chunks(BODY, 300).replace(b"\r\n12c\r\n", b"\r\nZZZ\r\n", 1),
        b"5\r\nhelloworld\r\n0\r\n\r\n",
        b"0" * 100_000,
        b"",
    ],
)
def test_what_is_not_chunked_stays(body: bytes) -> None:
    got = decode_response(response(body, "Transfer-Encoding: chunked"))
    assert got.body == body
    assert got.notes == ("not_chunked",)


def test_cut_chunks() -> None:
    framed = chunks(BODY, 300)
    for cut in range(5, len(framed) - 19):
        got = decode_response(response(framed[:cut], "Transfer-Encoding: chunked"))
        assert BODY.startswith(got.body)
        assert got.truncated
        assert got.notes == ()


def test_chunks_under_a_coding() -> None:
    body = chunks(gzip.compress(BODY, mtime=0), 100)
    got = decode_response(response(body, "Transfer-Encoding: chunked", "Content-Encoding: gzip"))
    assert got.body == BODY
    got = decode_response(response(body, "Transfer-Encoding: gzip, chunked"))
    assert got.body == BODY


@given(st.binary(max_size=300), st.integers(1, 50))
def test_chunks_of_any_bytes_come_back(body: bytes, size: int) -> None:
    got = decode_chunked(chunks(body, size))
    assert got == (body, False)


# --------------------------------------------------------------------------- content coding
@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_codings(coding: str) -> None:
    got = decode_response(response(ENCODERS[coding](BODY), f"Content-Encoding: {coding.upper()}"))
    assert (got.body, got.truncated, got.problem, got.notes) == (BODY, False, None, ())


def test_deflate_without_its_wrapping() -> None:
    got = decode_response(response(raw_deflate(BODY), "Content-Encoding: deflate"))
    assert (got.body, got.truncated) == (BODY, False)


def test_stacked_codings() -> None:
    body = gzip.compress(brotli.compress(zlib.compress(BODY)))
    got = decode_response(response(body, "Content-Encoding: deflate, br", "Content-Encoding: gzip"))
    assert got.body == BODY
    four = decode_response(
        response(gzip.compress(body), "Content-Encoding: deflate, br, gzip, gzip")
    )
    assert (four.problem, text_kind(four)) == ("too_many_codings", None)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_a_label_that_lies(coding: str) -> None:
    got = decode_response(response(BODY, f"Content-Encoding: {coding}"))
    assert (got.body, got.problem, got.notes) == (BODY, None, ("not_" + coding,))


@pytest.mark.parametrize("coding", ["utf-8", "none", "identity", "binary", "text/html", ""])
def test_names_that_are_no_coding(coding: str) -> None:
    got = decode_response(response(BODY, f"Content-Encoding: {coding}"))
    assert (got.body, got.problem) == (BODY, None)


def test_codings_that_are_not_read() -> None:
    got = decode_response(response(b"\x1f\x9d\x90abc", "Content-Encoding: compress"))
    assert (got.problem, text_kind(got)) == ("unsupported_coding", None)
    got = decode_response(response(b"\x01\x02\x03" * 30, "Content-Encoding: gzip"))
    assert (got.problem, text_kind(got)) == ("undecodable", None)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_a_body_cut_short(coding: str) -> None:
    noise = b"".join(b"%d " % (i * 7919 % 104729) for i in range(100_000))
    coded = ENCODERS[coding](noise)
    got = decode_response(response(coded[: len(coded) // 2], f"Content-Encoding: {coding}"))
    assert got.truncated
    assert len(got.body) > len(noise) // 4
    assert noise.startswith(got.body)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_wrong_checksum_costs_nothing(coding: str) -> None:
    coded = bytearray(ENCODERS[coding](BODY))
    coded[-8 if coding == "gzip" else -1] ^= 1
    got = decode_response(response(bytes(coded), f"Content-Encoding: {coding}"))
    assert (got.body, got.truncated) == (BODY, True)


def test_gzip_that_is_not_labelled() -> None:
    once = gzip.compress(BODY, mtime=0)
    for block in (response(once), response(gzip.compress(once), "Content-Encoding: gzip")):
        got = decode_response(block)
        assert (got.body, got.notes[-1]) == (BODY, "unlabelled_gzip")
    image = decode_response(response(once, "Content-Type: application/gzip", html=False))
    assert image.body == once


def test_several_gzip_members() -> None:
    body = b"".join(gzip.compress(BODY[i : i + 100]) for i in range(0, len(BODY), 100))
    assert decode_response(response(body, "Content-Encoding: gzip")).body == BODY


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_bombs_are_cut(coding: str) -> None:
    coded = ENCODERS[coding](b"\0" * 50_000_000)
    got = decode_response(response(coded, f"Content-Encoding: {coding}"), HttpLimits(1_000_000))
    assert (len(got.body), got.truncated) == (1_000_000, True)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_a_body_of_just_the_limit_is_whole(coding: str) -> None:
    data = BODY * 100
    exact, more = decode(coding, ENCODERS[coding](data), len(data) + 1), len(data) - 1
    assert exact is not None
    assert (exact.body, exact.cut) == (data, False)
    less = decode(coding, ENCODERS[coding](data), more)
    assert less is not None
    assert (less.body, less.cut) == (data[:more], True)


@pytest.mark.parametrize(
    ("made", "size"),
    [
        (lambda n: response(gzip.compress(b"a", mtime=0) * n, "Content-Encoding: gzip"), 80_000),
        (lambda n: response(chunks(b"x" * n, 1), "Transfer-Encoding: chunked"), 400_000),
        (lambda n: response(b"0" * n, "Transfer-Encoding: chunked"), 3_200_000),
        (lambda n: b"HTTP/1.1 200 OK\r\n" + b"a:b\n" * n, 1_600_000),
        (lambda n: b"HTTP/1.1 100 OK\r\n\r\n" * n, 160_000),
        (lambda n: response(BODY, "Content-Encoding: " + "gzip," * n), 40_000),
        (lambda n: response(BODY, "Content-Type: " + "text/html;" * n), 20_000),
        (lambda n: response(BODY, "Content-Type: text/html;" + " charset " * n), 20_000),
        (lambda n: b"HTTP/1.1 " + b" " * n, 1_600_000),
    ],
    ids=["members", "chunks", "length", "headers", "interim", "codings", "parameters", "charsets",
         "spaces"],
)  # fmt: skip
def test_time_is_linear(made: Callable[[int], bytes], size: int) -> None:
    assert_linear(decode_response, made, size)


WORDS = [
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n", b"Content-Type: text/html\r\n", b"\r\n",
    b"Content-Encoding: gzip\r\n", b"Content-Encoding: br, deflate\r\n", b"\n", b"5\r\nhello\r\n",
    b"Content-Encoding: zstd\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", BODY[:60],
    gzip.compress(BODY), zlib.compress(BODY)[:40], brotli.compress(BODY), zstandard.compress(BODY),
]  # fmt: skip


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from(WORDS)), max_size=12))
@settings(max_examples=400, deadline=None)
def test_no_bytes_raise(parts: list[bytes]) -> None:
    got = decode_response(b"".join(parts), HttpLimits(1000))
    assert len(got.body) <= 1000
    assert got.problem is None or got.problem in HTTP_REASONS
    assert text_kind(got) in ("html", "text", None)


@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=200), st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_a_decoder(coding: str, data: bytes, limit: int) -> None:
    for candidate in (data, ENCODERS[coding](data), ENCODERS[coding](BODY)[:20] + data):
        got = decode(coding, candidate, limit)
        assert got is None or len(got.body) <= limit


# ---------------------------------------------------------------------------------- media types
@pytest.mark.parametrize(
    ("media_type", "head", "kind"),
    [
        ("text/html", b"<p>x", "html"),
        ("text/html", b"plain words", "html"),
        ("text/html", b"%PDF-1.4", None),
        ("text/html", b"\xff\xd8\xff\xe0", None),
        ("application/xhtml+xml", b"<?xml version='1.0'?>", "html"),
        ("text/plain", b"hello", "text"),
        ("text/plain", b"\n <!DOCTYPE html><html>", "html"),
        ("", b"  \n<!-- c --><html>", "html"),
        ("", b"\xef\xbb\xbf<HTML lang=en>", "html"),
        ("application/octet-stream", b"<!doctype HTML>", "html"),
        ("application/octet-stream", b"\0\1\2\3", None),
        ("", b"some words of text", "text"),
        ("", b"", None),
        ("", b'{"a": 1}', None),
        ("", b"<?xml version='1.0'?><rss>", None),
        ("text/xml", b"<?xml version='1.0'?><html xmlns='x'>", "html"),
        ("application/xml", b"<?xml version='1.0'?><rss>", None),
        ("application/json", b"<html>", None),
        ("text/css", b"a{}", None),
        ("image/png", b"<html>", None),
        ("application/pdf", b"%PDF-", None),
    ],
)
def test_kinds(media_type: str, head: bytes, kind: str | None) -> None:
    assert kind_of(media_type, head) == kind


def test_text_has_no_control_bytes() -> None:
    assert looks_like_text("grüße\t\r\n\x1b$B".encode())
    assert looks_like_text("\ufefftext".encode("utf-16"))
    assert not looks_like_text(b"a\0b")


# -------------------------------------------------------------------------------------- headers
def test_header_helpers() -> None:
    assert header_lines("A: 1\r\n b\r\nno colon\r\nB:2") == [("A", "1 b"), ("B", "2")]
    assert first_values(b"A: 1\r\na: 2\r\nB : x") == {"a": "1", "b": "x"}
    assert first_values("X: zürich\r\n".encode()) == {"x": "zürich"}
    assert escape_controls("a\u2028\u202e\x7f") == "a\\u2028\\u202e\\x7f"
    assert escape_controls("\xa0tab\t") == "\xa0tab\t"


@given(st.text(alphabet="a\r\n", max_size=20))
def test_blank_line_finds_the_first(text: str) -> None:
    import re

    data = text.encode()
    found = re.search(rb"\n\r?\n", data)
    assert blank_line(data) == (found.span() if found else None)


def test_a_carriage_return_within_a_value_is_escaped() -> None:
    assert first_values(b"A: x\rERROR\r\nB: y\r") == {"a": "x\\x0dERROR", "b": "y"}
