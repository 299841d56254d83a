"""Lists of sites and pages: which names list which pages, against sets of strings."""

from urllib.parse import urlsplit

import numpy as np
import pytest
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters import url_lists
from filters.url_lists import CATEGORIES, Builder, builtin, is_among, joined, listed, url_list
from filters.url_names import (
    entry_key,
    host_hashes,
    host_keys,
    key_hash,
    line_entries,
    page_hashes,
)
from filters.urls import host, is_public_suffix, registrable_domain


def is_listed(entries, url):
    built = url_list(entries if isinstance(entries, list) else [entries])
    return bool(listed({"adult": built.list}, [host(url)], [url])["adult"][0])


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("example.org", "https://example.org/"),
        ("example.org", "https://a.b.example.org/x?y"),
        ("Example.ORG", "http://www.example.org:8080/"),
        ("a.example.org", "http://b.a.example.org/"),
        ("https://example.org", "http://www.example.org/any/page"),
        ("www.example.org", "http://example.org/any/page"),
        ("bücher.example", "http://xn--bcher-kva.example/"),
        ("xn--bcher-kva.example", "http://www.bücher.example/"),
        ("XN--BCHER-KVA.example", "http://bücher.example/"),
        ("192.0.2.1", "http://192.0.2.1:81/x"),
        ("2001:db8::1", "http://[2001:DB8:0:0::1]/x"),
        ("[2001:db8::1]", "http://[2001:db8::1]:80/"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]/a/b"),
        ("user:secret@example.org", "http://example.org/"),
        ("example.org:8080", "http://example.org/"),
        ("example.org.", "http://example.org/"),
        (".blogspot.com", "http://one.blogspot.com/"),
        ("*.blogspot.com", "http://one.blogspot.com/"),
        ("one.blogspot.com", "http://one.blogspot.com/"),
        ("one.blogspot.com", "http://pages.one.blogspot.com/"),
        ("blogspot.com", "http://www.blogspot.com/"),
        (".xxx", "http://example.xxx/"),
        ("example.org/a", "https://www.example.org/a"),
        ("example.org/a/", "https://example.org/a/b/c.html?d"),
        ("http://www.example.org:80/A//b", "https://example.org/a/B/#top"),
        ("example.org/~one", "http://example.org/%7Eone/two"),
        ("example.org/ü", "http://example.org/%C3%BC"),
        ("example.org/a?b=1", "http://example.org/a?B=1"),
        ("example.org?b=1", "http://example.org/?b=1#x"),
        ("example.org/go?to=http://a.b/c", "http://example.org/go?to=http://a.b/c"),
    ],
)
def test_what_is_listed(entry, url):
    assert is_listed(entry, url)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("example.org", "http://anexample.org/"),
        ("example.org", "http://example.org.evil.example/"),
        ("example.org", "http://example.com/?example.org"),
        ("example.org", "http://example.org@example.com/"),
        ("a.example.org", "http://example.org/"),
        ("https://example.org", "http://a.example.org/"),
        ("www.example.org", "http://a.example.org/"),
        ("blogspot.com", "http://one.blogspot.com/"),
        ("github.io", "http://one.github.io/"),
        ("co.uk", "http://example.co.uk/"),
        ("foo.ck", "http://example.foo.ck/"),
        ("com", "http://example.com/"),
        ("1", "http://192.0.2.1/"),
        ("2.1", "http://192.0.2.1/"),
        ("192.0.2.1", "http://1.192.0.2.1/"),
        ("example.org/a", "http://example.org/ab"),
        ("example.org/a", "http://example.org/"),
        ("example.org/a", "http://a.example.org/a"),
        ("example.org/a/b", "http://example.org/a"),
        ("example.org/a?b=1", "http://example.org/a"),
        ("example.org/a?b=1", "http://example.org/a?b=12"),
        ("example.org", "mailto:one@example.org"),
        ("example.org", ""),
    ],
)
def test_what_is_not_listed(entry, url):
    assert not is_listed(entry, url)


def test_a_page_without_an_address_is_on_no_list():
    built = url_list(["example.org", "example.org/a"]).list
    assert listed({"adult": built}, [None, "", "example.org"], [None, None, None])[
        "adult"
    ].tolist() == [0, 0, 1]
    assert listed({"adult": built}, [], [])["adult"].shape == (0,)


@pytest.mark.parametrize(
    "entry",
    ["", " ", "a b", "localhost", "/a", "http://", "[::1", "1.2.3.4.5", "a..b.org", "ex\0ample.org",
     "*.", ".", "*.example.org/a", "\ufffd.org", "x" * 300 + ".org", "||example.org^", "||a.org"],
)  # fmt: skip
def test_what_is_no_entry(entry):
    assert entry_key(entry) is None
    assert url_list([entry]).bad == 1


@pytest.mark.parametrize(
    ("line", "entries"),
    [
        ("example.org", ["example.org"]),
        ("  example.org\t\r\n", ["example.org"]),
        ("0.0.0.0 example.org", ["example.org"]),
        ("127.0.0.1\texample.org www.example.org # both", ["example.org", "www.example.org"]),
        ("::1 localhost ip6-localhost", []),
        ("fe80::1%lo0 localhost", []),
        ("0.0.0.0 0.0.0.0", []),
        ("# a comment", []),
        ("example.org # why", ["example.org"]),
        ("example.org/a#b", ["example.org/a#b"]),
        ("two words", ["two words"]),
        ("", []),
    ],
)
def test_entries_of_a_line(line, entries):
    assert line_entries(line) == entries


def test_the_kinds_of_entries_are_counted():
    builder = Builder()
    builder.add_lines(b"a.org\nblogspot.com\nwww.b.org\nx..y.org\n\n# no\nc.org/a\nnone\nck.ck")
    built = builder.built()
    assert (len(built.list.hosts), len(built.list.pages), built.bad) == (4, 1, 2)
    assert built.list.entries == 5
    assert len(builder) == 7


LABELS = st.sampled_from(["a", "b", "www", "co", "uk", "blogspot", "com", "org"])
NAMES = st.lists(LABELS, min_size=1)
HOSTS = NAMES.map(".".join)
PATHS = st.lists(st.sampled_from(["a", "b", "A", "", "%61", "a?b", "?", "#"])).map("/".join)
URLS = st.tuples(HOSTS, st.sampled_from(["", "/"]), PATHS).map("".join)


def oracle(entries, url):
    """Whether any entry lists a page, by comparing strings."""
    own = host(url)
    for entry in entries:
        key = entry_key(entry)
        if key is None or not own:
            continue
        bare = own[4:] if own.startswith("www.") and "." in own[4:] else own
        if key.startswith("="):
            hit = bare == key[1:]
        elif "/" in key or "?" in key:
            site, _, rest = key.partition("?")[0].partition("/")
            parts = urlsplit(url)
            path = [s for s in parts.path.replace("%61", "a").lower().split("/") if s]
            asked = [s for s in rest.split("/") if s]
            if "?" in key:
                hit = path == asked and parts.query.lower() == key.partition("?")[2]
            else:
                hit = path[: len(asked)] == asked
            hit = hit and bare == site
        else:
            hit = f".{own}".endswith(f".{key}")
        if hit:
            return True
    return False


@settings(deadline=None, max_examples=400)
@given(st.lists(URLS, max_size=4), st.lists(URLS, max_size=4))
@example(["a.org/a?b"], ["a.org/%61?B"])
def test_listing_is_comparing_strings(entries, pages):
    urls = [f"https://{page}" for page in pages]
    found = listed({"other": url_list(entries).list}, [host(u) for u in urls], urls)["other"]
    assert found.tolist() == [int(oracle(entries, url)) for url in urls]


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            URLS,
            st.text(max_size=30),
            st.sampled_from(["a.b..c", "www.com", "a.org\r", "", "# x", "a.ck"]),
        )
    )
)
def test_lines_at_once_are_lines_one_by_one(lines):
    lines = [line.replace("\n", " ") for line in lines]
    lines = [line for line in lines if line.isascii() or line.isprintable()]
    builder = Builder()
    builder.add_lines("\n".join(lines).encode())
    found = builder.built()
    expected = url_list(entry for line in lines for entry in line_entries(line))
    assert found.bad == expected.bad
    for own, other in zip(found.list, expected.list, strict=True):
        assert np.array_equal(own, other)


LABELS = st.sampled_from(["www", "a", "b", "org", "7", "x1", "", "::1"]) | st.text(max_size=3)


@given(st.lists(st.lists(LABELS, max_size=5).map(".".join), max_size=20))
@example(
    ["a.org", "b.org", "www.a.org", "org", "1.7", "a.7", "::1", "", "a.", ".a", "a..b", "b..b"]
)
def test_hashes_are_those_of_the_keys_whatever_hosts_came_before(hosts):
    above = {}
    for name in hosts:
        assert host_hashes(name, above) == [key_hash(key) for key in host_keys(name)]


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_entry_and_any_url_can_be_compared(entry, url):
    for text in (url, f"http://{url}", f"http://a.org/{url}"):
        assert is_listed(entry, text) in (True, False)


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_membership_is_that_of_a_set(keys, of):
    keys = keys + of[::2]
    found = is_among(np.array(keys, np.uint64), np.unique(np.array(of, np.uint64)))
    assert found.tolist() == [key in set(of) for key in keys]


def test_lists_of_a_category_are_joined():
    one, two = url_list(["a.org", "b.org/x"]).list, url_list(["a.org", "c.org"]).list
    both = joined([one, two])
    assert both.entries == 3
    assert joined([]).entries == 0
    hosts = ["a.org", "b.org", "c.org"]
    found = listed({"adult": one, "optout": two, "other": both}, hosts, [f"//{h}/x" for h in hosts])
    assert {name: column.tolist() for name, column in found.items()} == {
        "adult": [1, 1, 0],
        "optout": [1, 0, 1],
        "other": [1, 1, 1],
    }
    assert all(column.dtype == np.int32 for column in found.values())


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        ("http://a.org/", "a/", ""),
        ("http://a.org/", "%61", ""),
        ("http://a.org/?", "?", ""),
        ("http://", "a.", "org/"),
        ("http://", "@", ""),
        ("http://[", ":", ""),
        ("", "a://", ""),
    ],
)
def test_hostile_urls_take_linear_time(start, unit, end):
    def look_up(url):
        is_listed([url, "a.org/b", "a.org"], url)
        page_hashes("a.org", url)

    assert_linear(look_up, lambda count: start + unit * count + end, 400_000)


def test_of_a_long_url_whole_segments_are_compared():
    deep = "http://a.org/" + "segment/" * 2000
    assert is_listed("a.org/segment/segment", deep)
    assert not is_listed("a.org/seg", deep)
    cut = "http://a.org/" + "x" * 10_000
    assert page_hashes("a.org", cut) == []


def test_a_host_as_long_as_can_be_has_few_keys():
    name = "a." * 126 + "b"
    assert len(host_keys(name)) == 128
    assert is_listed("a.b", f"http://{name}/")


def test_very_many_entries_are_read_and_looked_up_in_linear_time():
    def text(count):
        lines = (f"site{number}.example{number % 1000}.org\n" for number in range(count))
        return "".join(lines).encode()

    def built(text):
        builder = Builder()
        builder.add_lines(text)
        return builder.built().list

    many = assert_linear(built, text, 200_000)
    assert many.entries == 200_000
    assert many.hosts.nbytes == 1_600_000
    hosts = [f"www.site{number}.example{number % 1000}.org" for number in range(0, 220_000, 11)]
    found = assert_linear(
        lambda hosts: listed({"adult": many}, hosts, [None] * len(hosts))["adult"],
        lambda count: hosts[:count],
        len(hosts),
    )
    assert found.sum() == sum(number < 200_000 for number in range(0, 220_000, 11))


def test_the_shipped_list_names_registrable_domains_once():
    assert builtin().keys() <= set(CATEGORIES)
    lines = url_lists.DATA.read_text(encoding="utf-8").splitlines()[1:]
    names = [line.split("\t")[1] for line in lines]
    assert len(names) == len(set(names)) > 300
    for name in names:
        assert registrable_domain(name)
        assert not is_public_suffix(name)
        assert entry_key(name) == name
    assert sum(own.entries for own in builtin().values()) == len(names)
