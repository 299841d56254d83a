"""Record headers that lie, flood, or carry something for a terminal, a report or a table."""

from zoo import Case, between, canary, http, page, plain_between, record

BODY = http(page().encode())


def lengths(name: str, claimed: str | None, problem: str | None) -> list[Case]:
    """A Content-Length in a member of its own, and in a plain file."""
    hostile = record(BODY, length=claimed)
    problems = (problem,) if problem else ()
    return [
        Case(f"length_{name}", lambda: between(hostile), problems, fates=(None,)),
        Case(f"length_{name}_plain", lambda: plain_between(hostile), problems, fates=(None,)),
    ]


def header(
    name: str,
    *fields: str | bytes,
    problems: tuple[str, ...] = (),
    fate: str | None = None,
    **parts: object,
) -> Case:
    fates = () if problems else (fate,)
    return Case(
        name,
        lambda: between(record(BODY, *fields, **parts)),
        problems,
        fates=fates,  # type: ignore[arg-type]
    )


def url(name: str, uri: str | bytes) -> Case:
    return header(f"url_{name}", uri=uri)


SIZE = len(BODY)
MISMATCH, BAD = "content_length_mismatch", "bad_content_length"
CASES = [
    *lengths("missing", None, BAD),
    *lengths("short", str(SIZE - 200), MISMATCH),
    *lengths("long", str(SIZE + 70), MISMATCH),
    *lengths("far_too_long", str(SIZE + 90_000), MISMATCH),
    *lengths("zero", "0", MISMATCH),
    *lengths("negative", "-1", BAD),
    *lengths("plus", f"+{SIZE}", BAD),
    *lengths("word", "many", BAD),
    *lengths("hex", hex(SIZE), BAD),
    *lengths("arabic_digits", "".join(chr(0x660 + int(d)) for d in str(SIZE)), BAD),
    *lengths("underscore", f"{SIZE // 1000}_{SIZE % 1000:03}", BAD),
    *lengths("float", f"{SIZE}.0", BAD),
    *lengths("2_to_63", str(2**63), BAD),
    *lengths("2_to_64_minus_1", str(2**64 - 1), BAD),
    *lengths("17_digits", "9" * 17, MISMATCH),
    *lengths("of_9000_digits", "9" * 9000, BAD),
    Case("length_twice", lambda: between(record(BODY, f"Content-Length: {SIZE}", length="7"))),
    Case("header_of_9000_lines", lambda: between(record(BODY, *(f"X-{i}: y" for i in range(9000)))), ("header_too_long",)),
    Case("header_line_of_1mb", lambda: between(record(BODY, "X-Long: " + "y" * (1 << 20))), ("header_too_long",)),
    Case("header_without_end", lambda: plain_between(b"WARC/1.1\r\nWARC-Type: response\r\nX: " + b"y" * 300_000 + b"\r\n"), ("header_too_long",)),
    Case("header_into_the_next", lambda: plain_between(b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 5\r\n"), ("bad_header",)),
    Case("header_only_version", lambda: between(b"WARC/1.1\r\n\r\n" + BODY + b"\r\n\r\n"), (BAD,)),
    header("header_without_colon", "no colon here"),
    header("header_folded", "X-Folded: one\r\n\ttwo\r\n three"),
    header("header_lf", end=b"\n"),
    header("header_not_utf8", b"X-Odd: \xff\xfe\x80"),
    header("header_nul", b"X-Nul: a\0b"),
    header("header_1000_colons", ":" * 1000),
    header("type_missing", kind=None, fate="other_record"),
    header("type_unknown", kind="banana", fate="other_record"),
    header("type_with_escape", kind="response\x1b[2J", fate="other_record"),
    header("url_missing", uri=None),
    url("in_angle_brackets", "<https://zoo.example/hostile>"),
    url("folded", "https://zoo.example/a\r\n\tb\tc"),
    url("of_30kb", "https://zoo.example/" + "a" * 30_000),
    url("terminal", "https://zoo.example/\x1b[2J\x1b]0;owned\x07"),
    url("log_line", "https://zoo.example/\r 2025-03-01 ERROR all is lost"),
    url("next_line", "https://zoo.example/\x85\u2028\u2029next"),
    url("reversed", "https://zoo.example/\u202egpj.exe\u202c\u2066\u2069"),
    url("nul", b"https://zoo.example/a\0b"),
    url("surrogates", b"https://zoo.example/\xed\xa0\x80"),
    url("formula", "=HYPERLINK(\"https://zoo.example\",\"x\")"),
    url("markup", "https://zoo.example/<script>alert(1)</script>\"'"),
    url("rich_markup", "https://zoo.example/[bold red]x[/][link=file:///etc/passwd]"),
    url("local_file", "file:///etc/passwd"),
    url("metadata_address", "http://169.254.169.254/latest/meta-data/"),
    url("traversal", "https://../../../etc/x"),
    url("bad_ipv6", "https://[zoo/hostile"),
    url("bad_port", "https://zoo.example:99999999999/"),
    url("long_label", "https://" + "ö" * 20_000 + ".example/"),
    url("many_labels", "https://" + "a." * 15_000 + "example/"),
    url("userinfo", "https://" + "u:p@" * 5000 + "zoo.example/"),
    url("javascript", "javascript:alert(1)"),
    header("date_no_date", "WARC-Date: 2024-13-45T99:99:99Z"),
    header("date_year_10000", "WARC-Date: 10000-01-01T00:00:00Z"),
    header("date_year_1", "WARC-Date: 0001-01-01T00:00:00Z"),
    header("date_14_digits", "WARC-Date: 20080430204825"),
    header("date_nanoseconds", "WARC-Date: 2024-05-01T12:00:00.123456789Z"),
    header("date_zone", "WARC-Date: 2024-05-01T12:00:00+02:00"),
    header("date_arabic_digits", "WARC-Date: ٢٠٢٤-٠٥-٠١T12:00:00Z"),
    header("id_formula", "WARC-Record-ID: =cmd|' /C calc'!A0"),
    header("id_terminal", b"WARC-Record-ID: \x1b[31m<urn:x>"),
    header("digest_wrong", "WARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    header("truncated_terminal", b"WARC-Truncated: \x1b[2Jlength\x07"),
    header("segment", "WARC-Segment-Number: 1"),
    header("continuation", "WARC-Segment-Number: 2", kind="continuation", fate="other_record"),
    header("revisit", kind="revisit", fate="revisit"),
    header("version_2_0", version=b"WARC/2.0", problems=("unsupported_version",)),
    header("version_0_18", version=b"WARC/0.18"),
    header("version_lower_case", version=b"warc/1.0"),
    Case("tail_missing", lambda: canary("A") + record(BODY, tail=b"") + canary("B")),
    Case("tail_of_blank_lines", lambda: plain_between(record(BODY, tail=b"\r\n" * 999))),
    Case("same_id_twice", lambda: between(record(BODY, "WARC-Record-ID: <urn:1>") + record(BODY, "WARC-Record-ID: <urn:1>"))),
]  # fmt: skip
