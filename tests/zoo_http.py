"""Responses whose status, headers, framing or codings are not what they say."""

import brotli
import zstandard
from zoo import EMAIL, SENTENCE, Case, between, deflated, gz, page, record, response

PAGE = page().encode()
MIB = 1 << 20
CHUNKED = "Transfer-Encoding: chunked"
ZEROS = [PAGE[:-30], *[b"<p>0</p>" * (MIB // 8)] * 64]
TEXT = "text/html; charset=utf-8"


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def coded(name: str, body: bytes, coding: str, **expected: object) -> Case:
    return response(name, lambda: body, f"Content-Encoding: {coding}", **expected)  # type: ignore[arg-type]


def framed(name: str, body: bytes, **expected: object) -> Case:
    return response(name, lambda: body, CHUNKED, **expected)  # type: ignore[arg-type]


def layers(count: int) -> bytes:
    body = PAGE
    for _ in range(count):
        body = gz(body)
    return body


def brotli_bomb() -> bytes:
    packer = brotli.Compressor(quality=5)
    return b"".join(packer.process(piece) for piece in ZEROS) + packer.finish()


def block(name: str, content: bytes, *problems: str, fates: tuple[str | None, ...] = ()) -> Case:
    """A record of this block."""
    return Case(name, lambda: between(record(content)), problems, fates=fates)


READ = {"says": SENTENCE}
CUT = {"fates": (None, "empty", "no_text", "not_text", "undecodable")}
CASES = [
    block("block_empty", b"", "empty"),
    block("block_without_headers", PAGE, "bad_http"),
    block("block_of_noise", bytes(range(256)) * 40, "bad_http"),
    block("block_headers_cut", b"HTTP/1.1 200 OK\r\nContent-Type: text/html", "headers_cut"),
    block("block_only_headers", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "empty"),
    block("status_word", b"HTTP/1.1 abc OK\r\n\r\n" + PAGE, "bad_status"),
    block("status_of_20_digits", b"HTTP/1.1 " + b"9" * 20 + b" OK\r\n\r\n" + PAGE, "bad_status"),
    block("status_arabic_digits", "HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode() + PAGE, "bad_status"),
    block("status_000", b"HTTP/1.1 000 OK\r\n\r\n" + PAGE, "bad_status"),
    response("status_http2", lambda: PAGE, status="HTTP/2 200", **READ),
    response("status_icy", lambda: PAGE, status="ICY 200 OK", **READ),
    response("status_reason_terminal", lambda: PAGE, status="HTTP/1.1 200 \x1b[2J\x07", **READ),
    response("status_reason_of_1mb", lambda: PAGE, status="HTTP/1.1 200 " + "x" * MIB, fates=(None,)),
    response("status_204", lambda: PAGE, status="HTTP/1.1 204 No", fates=("http_status",)),
    response("status_304", lambda: b"", status="HTTP/1.1 304 No", fates=("redirect",)),
    response("status_404", lambda: PAGE, status="HTTP/1.1 404 No", fates=("http_status",)),
    response("headers_20000", lambda: PAGE, *(f"X-{i}: y" for i in range(20_000)), **READ),
    response("header_of_1mb", lambda: PAGE, "X-Long: " + "y" * MIB, **READ),
    response("headers_binary", lambda: PAGE, "X-\xff\xfe: \x80\0\x1b[2J", **READ),
    response("type_terminal", lambda: PAGE, kind="text/html\x1b[2J; charset=\x1b[31mutf-8", fates=(None, "not_text")),
    response("type_of_100kb", lambda: PAGE, kind="text/" + "h" * 100_000, fates=(None, "not_text")),
    response("type_with_address", lambda: PAGE, kind=f"text/html; owner={EMAIL}", **READ),
    response("type_missing_http", lambda: PAGE, kind=None, **READ),
    response("type_octets", lambda: PAGE, kind="application/octet-stream", fates=(None, "not_text")),
    response("robots_header_of_200kb", lambda: PAGE, "X-Robots-Tag: " + "noai, " * 30_000, **READ),
    block("continue_100_times", b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE, fates=(None,)),
    block("continue_2000_times", b"HTTP/1.1 103 Hints\r\n\r\n" * 2000 + b"HTTP/1.1 200 OK\r\n\r\n" + PAGE, fates=(None, "http_status", "not_text")),
    block("continue_and_nothing", b"HTTP/1.1 100 Continue\r\n\r\n", fates=("http_status",)),
    framed("chunked", chunks(PAGE[:300], PAGE[300:]), **READ),
    framed("chunked_upper_case", b"%X\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE), **READ),
    framed("chunked_extension", b"%x;a=\"b;c\"\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE), **READ),
    framed("chunked_trailer", chunks(PAGE)[:-2] + b"X-T: 1\r\n\r\n", **READ),
    framed("chunked_lf", chunks(PAGE).replace(b"\r\n", b"\n"), **READ),
    framed("chunked_padded_sizes", b"000000%x   \r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE), **READ),
    framed("chunked_not_at_all", PAGE, **READ),
    framed("chunked_not_but_a_hex_word", b"add\r\n" + PAGE, **READ),
    framed("chunked_bad_size", chunks(PAGE[:99])[:-5] + b"ZZ\r\n" + PAGE[99:], fates=(None,)),
    framed("chunked_size_2_to_64", b"ffffffffffffffff\r\n" + PAGE, fates=(None,)),
    framed("chunked_size_of_9000_digits", b"f" * 9000 + b"\r\n" + PAGE, fates=(None,)),
    framed("chunked_negative", b"-5\r\n" + PAGE, fates=(None,)),
    framed("chunked_cut", b"%x\r\n%s" % (len(PAGE) + 500, PAGE), **READ),
    framed("chunked_one_byte_each", chunks(*(PAGE[i:i + 1] for i in range(len(PAGE)))), **READ),
    framed("chunked_200000_blanks", b"00001\r\n \r\n" * 200_000 + chunks(PAGE), **READ),
    response("chunked_gzip", lambda: chunks(gz(PAGE)), CHUNKED, "Content-Encoding: gzip", **READ),
    response("chunked_gzip_as_transfer", lambda: chunks(gz(PAGE)), "Transfer-Encoding: gzip, chunked", **READ),
    response("chunked_brotli", lambda: chunks(brotli.compress(PAGE)), CHUNKED, "Content-Encoding: br", **READ),
    coded("gzip", gz(PAGE), "gzip", **READ),
    coded("gzip_upper_case", gz(PAGE), "GZIP", **READ),
    coded("x_gzip", gz(PAGE), "x-gzip", **READ),
    coded("deflate_zlib", deflated([PAGE], 15), "deflate", **READ),
    coded("deflate_raw", deflated([PAGE], -15), "deflate", **READ),
    coded("deflate_that_is_gzip", gz(PAGE), "deflate", fates=(None, "undecodable")),
    coded("brotli", brotli.compress(PAGE), "br", **READ),
    coded("zstd", zstandard.compress(PAGE), "zstd", **READ),
    coded("identity", PAGE, "identity", **READ),
    coded("coding_utf_8", PAGE, "utf-8", **READ),
    coded("coding_none", PAGE, "none, , text/html", **READ),
    coded("coding_compress", PAGE, "compress", problems=("unsupported_coding",), fates=("unsupported_coding",)),
    coded("coding_terminal", PAGE, "\x1b[2Jgzip", **READ),
    coded("gzip_lie", PAGE, "gzip", **READ),
    coded("brotli_lie", PAGE, "br", **READ),
    coded("deflate_lie", PAGE, "deflate", **READ),
    coded("zstd_lie", PAGE, "zstd", **READ),
    coded("all_lies", PAGE, "br, gzip, deflate", **READ),
    coded("gzip_cut", gz(PAGE)[:-60], "gzip", fates=(None,)),
    coded("gzip_cut_in_header", gz(PAGE)[:7], "gzip", **CUT),
    coded("gzip_bad_crc", gz(PAGE)[:-8] + b"\0" * 8, "gzip", **READ),
    coded("gzip_bad_middle", gz(PAGE)[:200] + b"\xff" * 9 + gz(PAGE)[209:], "gzip", **CUT),
    coded("gzip_twice_said_once", gz(gz(PAGE)), "gzip", **READ),
    coded("gzip_not_said", gz(PAGE), "", **READ),
    coded("gzip_two_members", gz(PAGE[:300]) + gz(PAGE[300:]), "gzip", **READ),
    coded("gzip_20000_empty_members", gz(b"") * 20_000 + gz(PAGE), "gzip", **READ),
    coded("gzip_and_garbage", gz(PAGE) + b"garbage" * 99, "gzip", **READ),
    coded("three_layers", layers(3), "gzip, gzip, gzip", **READ),
    coded("forty_layers", layers(40), ", ".join(["gzip"] * 40), problems=("too_many_codings",), fates=("too_many_codings",)),
    coded("codings_30000", PAGE, ", ".join(["gzip"] * 30_000), fates=("too_many_codings",)),
    coded("brotli_cut", brotli.compress(PAGE)[:-30], "br", **CUT),
    coded("gzip_bomb", deflated(ZEROS, 31), "gzip", fates=(None, "too_many_tags")),
    coded("gzip_bomb_twice", gz(deflated(ZEROS, 31), 9), "gzip, gzip", fates=(None, "too_many_tags")),
    coded("deflate_bomb", deflated(ZEROS, -15), "deflate", fates=(None, "too_many_tags")),
    coded("brotli_bomb", brotli_bomb(), "br", fates=(None, "too_many_tags")),
    coded("zstd_coding_bomb", zstandard.compress(b"".join(ZEROS)), "zstd", fates=(None, "too_many_tags")),
    coded("gzip_bomb_not_said", deflated(ZEROS, 31), "", fates=(None, "too_many_tags")),
]  # fmt: skip
