"""robots.txt: the examples of RFC 9309, an oracle, hostile files, and real files."""

import pickle
import re
import tarfile
import urllib.robotparser

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from filters.robots import (
    ALLOWED,
    DISALLOWED,
    MAX_BYTES,
    MAX_PATH_BYTES,
    MAX_WILD,
    Robots,
    parsed,
    product_token,
)
from filters.robots_sites import NONE, Sites, address, disallowed

# Section 5.1 of the RFC.
SIMPLE = b"""
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


def open_to(text, path, *agents):
    content = text.encode() if isinstance(text, str) else text
    whole = parsed(content).allows(agents or ("CCBot",), path)
    assert whole == parsed(content, agents or ("CCBot",)).allows(agents or ("CCBot",), path)
    return whole


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("anybot", "/", True),
        ("anybot", "/a.gif", False),
        ("anybot", "/a.gif?b", True),
        ("anybot", "/example/a", False),
        ("anybot", "/publications/a", True),
        ("anybot", "/publications/a.gif", True),
        ("FooBot/2.1", "/a", False),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("foobot", "/example/", False),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/a.gif", True),
        ("quxbot", "/example/a.gif", True),
        ("foobot", "/robots.txt", True),
        ("foobot", "/robots.txt?a", True),
        ("foobot", "/robots.txt/a", False),
    ],
)
def test_the_rfcs_simple_example(agent, path, allowed):
    assert open_to(SIMPLE, path, agent) == allowed


def test_the_rfcs_longest_match():
    text = (
        "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
        "User-agent: *\nDisallow: /\n"
    )
    assert open_to(text, "/example/page/a", "foobot")
    assert not open_to(text, "/example/page/disallowed.gif", "foobot")
    assert not open_to(text, "/example/page/a", "other")


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar"),
        ("/foo/bar?baz=http%3A%2F%2Ffoo.bar", "/foo/bar?baz=http://foo.bar"),
        ("/foo/bar/\u30c4", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/\u30c4"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/bar/baz", "/foo/bar/%62%61%7a"),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"),
        ("/path/file-with-a-%2a.html", "/path/file-with-a-%2A.html"),
        ("/path/foo-%24", "/path/foo-$"),
        ("/path/$foo", "/path/%24foo"),
        ("/a b{c}", "/a%20b%7Bc%7D"),
        ("/100%", "/100%"),
        ("/%%32a", "/%%32a"),
    ],
)
def test_escapes_are_compared_as_the_rfc_has_it(rule, url):
    assert not open_to(f"User-agent: *\nDisallow: {rule}\n", url)


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("/a%2Fb", "/a/b"),
        ("/a/b", "/a%2Fb"),
        ("/A", "/a"),
        ("/%2A", "/x"),
        ("/%%32a", "/%x"),
        ("/a?b=1%262", "/a?b=1&2"),
    ],
)
def test_what_is_escaped_on_purpose_is_another_path(rule, url):
    assert open_to(f"User-agent: *\nDisallow: {rule}\n", url)


@pytest.mark.parametrize(
    ("rule", "path", "matches"),
    [
        ("/this/*/exactly", "/this/path/exactly/a", True),
        ("/this/*/exactly", "/this/exactly", False),
        ("/this/path/exactly$", "/this/path/exactly", True),
        ("/this/path/exactly$", "/this/path/exactly/", False),
        ("*", "/", True),
        ("*$", "/a", True),
        ("/$", "/", True),
        ("/$", "/a", False),
        ("/*.php", "/index.php?a", True),
        ("/*.php$", "/a.php.php", True),
        ("/*ab*b$", "/ab", False),
        ("/*a***b", "/xaxb", True),
        ("http://example.org/", "/", False),
        ("a", "/a", False),
        ("$", "/", False),
        ("", "/", False),
    ],
)
def test_patterns(rule, path, matches):
    assert open_to(f"User-agent: *\nDisallow: {rule}\n", path) != matches


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("\ufeffUser-agent: *\r\n\r\nDisallow: /a\r\n", False),
        ("user-AGENT :  * # all\rdisALLOW\t: /a # this", False),
        ("Disallow: /a\n", True),
        ("Disallow: /a\nUser-agent: *\n", True),
        ("User-agent: *\nUser-agent\n: \n\nDisallow /a\nDisallow: /a", False),
        ("User-agent: *\nCrawl-delay: 9\nUser-agent: b\nSitemap: /\nDisallow: /a", False),
        ("User-agent: b\nCrawl-delay: 9\n\nUser-agent: *\nDisallow: /a", False),
        ("User-agent: b\nDisallow:\nUser-agent: *\nAllow: /\nDisallow: /a", False),
        (
            "User-agent: *\nDisallow: /b\nUser-agent: x\nDisallow:\nUser-agent: *\nDisallow: /a",
            False,
        ),
        ("User-agent: ccbot\nDisallow: /b\nUser-agent: CCBot/2.0\nDisallow: /a", False),
        ("User-agent: ccbot-x\nDisallow: /a\n", True),
        ("User-agent: ccbot\nDisallow:\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: ccbot", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a", True),
        ("User-agent: *\nAllow: /\nDisallow: /a", False),
        ("User-agent: *bot\nDisallow: /a", True),
        ("User-agent: * x\nDisallow: /a", False),
        ("<html><p>User-agent: *<p>Disallow: /a</html>", True),
        ("", True),
    ],
)
def test_files_as_they_come(text, allowed):
    assert open_to(text, "/a") == allowed


def test_every_agent_must_be_allowed():
    text = "User-agent: GPTBot\nDisallow: /\n"
    assert open_to(text, "/a", "CCBot")
    assert not open_to(text, "/a", "CCBot", "GPTBot")
    own = "User-agent: CCBot\nAllow: /\nUser-agent: *\nDisallow: /"
    assert open_to(own, "/a", "CCBot")
    assert not open_to(own, "/a", "CCBot", "*")


def test_answers_that_are_no_file():
    assert ALLOWED.allows(["CCBot"], "/a")
    assert not ALLOWED.forbids_anything()
    assert not DISALLOWED.allows(["CCBot"], "/a")
    assert DISALLOWED.allows(["CCBot"], "/robots.txt")


def test_only_what_binds_is_kept():
    found = parsed(SIMPLE, ["FooBot/1"])
    assert {name for group in found.groups for name in group.agents} == {"*", "foobot"}
    assert pickle.loads(pickle.dumps(found)) == found
    assert len(parsed(b"User-agent: *\nDisallow: /a\n" * 999).groups) == 1


def test_half_a_line_is_no_rule():
    head = b"User-agent: *\nDisallow: /b\n#"
    cut = head + b"x" * (MAX_BYTES - len(head) - 12) + b"\nDisallow: /a\n"
    assert cut[:MAX_BYTES].endswith(b"Disallow: /")
    assert open_to(cut, "/a")
    assert not open_to(cut, "/b")


def test_long_paths_end_nowhere():
    text = "User-agent: *\nDisallow: /*a$\n"
    assert not open_to(text, "/" + "a" * (MAX_PATH_BYTES - 1))
    assert open_to(text, "/" + "a" * MAX_PATH_BYTES)
    assert not open_to(text, "/" + "%61" * (MAX_PATH_BYTES - 1))
    assert open_to(text, "/" + "%61" * MAX_PATH_BYTES * 2)
    assert not open_to("User-agent: *\nDisallow: /a\n", "/" + "a" * 1_000_000)


def oracle(rules, path):
    """Rules one by one, as regular expressions; the longest, then the allowing one, decides."""
    best = (0, True)
    for allow, pattern in rules:
        text = re.sub(r"\*+", "*", pattern)
        expression = "".join(
            ".*" if c == "*" else r"\Z" if c == "$" and i == len(text) - 1 else re.escape(c)
            for i, c in enumerate(text)
        )
        if text[:1] in ("/", "*") and re.match(expression, path, re.DOTALL):
            octets = len(text) + 2 * text[:-1].count("$")
            best = max(best, (octets, allow))
    return best[1]


PATTERNS = st.builds(str.__add__, st.sampled_from(["", "/", "*"]), st.text("/ab*$", max_size=7))


@given(
    st.lists(st.tuples(st.booleans(), PATTERNS), max_size=6),
    st.text("/ab", max_size=10).map(lambda path: f"/{path}"),
)
def test_decisions_are_the_oracles(rules, path):
    lines = [f"{'Allow' if allow else 'Disallow'}: {pattern}" for allow, pattern in rules]
    assert open_to("\n".join(["User-agent: *", *lines]), path) == oracle(rules, path)


@given(st.binary(max_size=300), st.text(max_size=50))
def test_any_bytes_are_parsed(content, path):
    for text in (content, b"User-agent: *\nDisallow: /" + content):
        found = parsed(text)
        assert found.allows(["CCBot", "*"], f"/{path}") in (True, False)
        assert parsed(text, ["CCBot"]).allows(["CCBot"], path) == found.allows(["CCBot"], path)


@given(st.text(max_size=30))
def test_a_path_forbidden_letter_by_letter_is_forbidden(path):
    text = "/" + "".join(f"%{octet:02x}" for octet in path.encode("utf-8"))
    assert not open_to(f"User-agent: *\nDisallow: {text}$\n", text)


@pytest.mark.parametrize(
    "piece",
    [
        b"\n", b"\r", b"\0", b":", b"#", b"*", b"\xff", b"a",
        b"Disallow: *a*b*c\n", b"Disallow: /a*\n",
        b"User-agent: x\n", b"User-agent: *\n", b"User-agent: *\nDisallow: *b\n", b"Disallow:\n",
        b"%", b"%6", b"*a", b"Allow: *\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("head", [b"", b"User-agent: *\nDisallow: /"], ids=["bare", "in a rule"])
def test_hostile_files_take_linear_time(piece, head):
    path = "/" + "a" * 100_000

    def read(text):
        parsed(text).allows(["CCBot"], path)

    assert_linear(read, lambda size: head + piece * (size // len(piece)), 400_000)


def test_of_very_many_wildcards_the_first_bind():
    rules = [f"Disallow: /*-{n}x\nAllow: /*-{n}y\nDisallow: /p{n}\n" for n in range(2 * MAX_WILD)]
    found = parsed("".join(["User-agent: *\n", *rules]).encode())
    for n, binds in ((0, True), (MAX_WILD - 1, True), (MAX_WILD, False)):
        assert found.allows(["CCBot"], f"/a/-{n}x") != binds
        assert found.allows(["CCBot"], f"/p0/-{n}y") == binds
        assert not found.allows(["CCBot"], f"/p{n}")


def test_a_page_takes_little_time_whatever_its_site_forbids():
    found = parsed(b"User-agent: *\n" + b"".join(b"Allow: /*%x\n" % n for n in range(40_000)))
    assert len(found.groups[0].allow.wild) == MAX_WILD  # the others cost no page anything
    path = "/" + "z" * 20_000
    assert assert_linear(lambda path: found.allows(["CCBot"], path), lambda n: path[:n], len(path))


def test_a_pattern_of_many_stars_takes_linear_time():
    def made(size):
        stars = b"*a" * (size // 25)
        return parsed(b"User-agent: *\nDisallow: /" + stars + b"b$\n"), "/" + "a" * size

    assert assert_linear(lambda made: made[0].allows(["CCBot"], made[1]), made, 400_000)


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("CCBot", "ccbot"), ("AI2Bot/1.0 (x)", "ai2bot"), ("ia_archiver", "ia_archiver"),
        (" * ", "*"),
        ("Google-Extended", "google-extended"), ("", ""), ("\u00e4", ""), ("(x)", ""),
    ],
)  # fmt: skip
def test_names_of_crawlers(name, token):
    assert product_token(name) == token


# ------------------------------------------------------------------------------------- many sites
@pytest.mark.parametrize(
    ("url", "host", "origin", "path"),
    [
        ("http://example.org", "example.org", "http://example.org", "/"),
        ("HTTP://u:p@example.org:080/a//b#c", "example.org", "http://example.org", "/a//b"),
        ("https://example.org:80?a/b", "example.org", "https://example.org:80", "/?a/b"),
        ("http://[::1]/x", "::1", "http://::1", "/x"),
        ("http://[::1]:8080", "::1", "http://::1:8080", "/"),
        (
            "http://b\u00fccher.example/",
            "xn--bcher-kva.example",
            "http://xn--bcher-kva.example",
            "/",
        ),
        ("ftp://example.org/", "example.org", "", ""),
        ("urn:x", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_addresses(url, host, origin, path):
    assert address(url, host) == (origin, path)


def test_pages_of_sites():
    sites = Sites(("CCBot",), {"https://a.org": parsed(b"User-agent: *\nDisallow: /x\n")})
    urls = ["https://a.org/x?1", "http://a.org/x", "https://a.org:1/x", "https://a.org/y", None]
    hosts = ["a.org", "a.org", "a.org", "a.org", None]
    found = disallowed(sites, hosts, urls)
    assert found.tolist() == [1, 0, 0, 0, 0]
    assert found.dtype == np.int32
    assert disallowed(NONE, hosts, urls).tolist() == [0] * 5


# ------------------------------------------------------------------------------------- real files
@pytest.fixture(scope="module")
def real_files(shared_data):
    with tarfile.open(shared_data / "robots" / "protego-robots.tar.xz") as archive:
        members = [member for member in archive if member.isfile()]
        return {
            member.name.rpartition("/")[2]: archive.extractfile(member).read() for member in members
        }


def patterns_of(found: Robots):
    both = [own for group in found.groups for own in (group.allow, group.disallow)]
    return [pattern for own in both for pattern in (*own.plain, *own.wild)]


@pytest.mark.real
def test_real_files_are_parsed(real_files):
    assert len(real_files) == 3833
    every = {name: parsed(content, ["CCBot"]) for name, content in real_files.items()}
    assert sum(found.forbids_anything() for found in every.values()) > 3000
    closed = {name for name, found in every.items() if not found.allows(["CCBot"], "/")}
    assert 50 < len(closed) < 150
    for found in every.values():
        for pattern in patterns_of(found)[:50]:
            assert found.allows(["CCBot"], pattern.decode("ascii")) in (True, False)


@pytest.mark.real
def test_plain_real_files_mean_the_same_to_the_standard_library(real_files):
    """Of files in which first and longest match are one: no Allow, no wildcard, one "*"."""
    compared = forbidden = 0
    for content in real_files.values():
        text = content.decode("utf-8", "replace").lstrip("\ufeff").lower()
        parts = [line.partition("#")[0].partition(":") for line in re.split(r"[\r\n]+", text)]
        records = [(key.strip(), value.strip()) for key, _, value in parts]
        records = [(key, value) for key, value in records if key in ("user-agent", "disallow")]
        paths = [value for key, value in records if key == "disallow"]
        odd = any(not re.fullmatch(r"/[a-z0-9/._~-]*", path) for path in paths)
        if odd or re.search(r"(?m)^\s*(allow|user ?agent)", text):
            continue
        if [value for key, value in records if key == "user-agent" and "*" in value] != ["*"]:
            continue
        # There a blank line ends a group: one is put where the RFC begins another, and only there.
        lines = "\n".join(f"{key}: {value}" for key, value in records)
        theirs = urllib.robotparser.RobotFileParser()
        theirs.parse(re.sub(r"(?m)^(dis.*)\nuser", r"\1\n\nuser", lines).split("\n"))
        ours = parsed(text.encode())
        for path in ["/", "/index.html", *(p + tail for p in paths[:30] for tail in ("", "a"))]:
            if path.startswith("/") and not path.startswith("/robots.txt"):
                compared += 1
                allowed = ours.allows(["zzqx"], path)
                forbidden += not allowed
                assert allowed == theirs.can_fetch("zzqx", f"http://a.org{path}"), (text, path)
    assert compared > 3000
    assert forbidden > 1000
