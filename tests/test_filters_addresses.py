"""Addresses of one page in one spelling, by RFC 3986 and as archives go beyond it."""

from urllib.parse import urljoin

import pytest
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filters.addresses import address_hash, normalised

SAME = [
    ("http://example.org", "HTTP://Example.ORG:80/", "https://www.example.org/#top"),
    ("https://example.org/", "https://me:pw@example.org:443", "https://example.org/?"),
    ("https://example.org/a/c", "https://example.org/a/./b/../c", "https://example.org/%61/c"),
    ("https://example.org/%C3%A9", "https://example.org/%c3%a9"),
    ("https://example.org/?a=1&b=2", "https://example.org?a=1&utm_source=x&b=2&gclid=y"),
    ("https://example.org/p", "https://example.org/p;jsessionid=12AB", "https://example.org/p?PHPSESSID=1"),
    ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ("https://example.org/", " https://example.org/\n", "https://example.org./"),
    ("https://example.org/", "https://example.org/..", "https://example.org/a/.."),
]  # fmt: skip
OTHER = [
    ("https://example.org/a", "https://example.org/A"),
    ("https://example.org/a", "https://example.org/a/"),
    ("https://example.org/?a=1&b=2", "https://example.org/?b=2&a=1"),
    ("https://example.org/", "https://example.org:8080/"),
    ("https://example.org/", "https://sub.example.org/"),
    ("https://example.org/a%2Fb", "https://example.org/a/b"),
    ("https://example.org/?id=1", "https://example.org/?id=2"),
    ("https://www.org/", "https://org/"),
    ("urn:a:b", "urn:a:c"),
]


@pytest.mark.parametrize("spellings", SAME)
def test_spellings_of_one_page_are_one(spellings: tuple[str, ...]) -> None:
    assert len({normalised(url) for url in spellings}) == 1
    assert len({address_hash(url) for url in spellings}) == 1


@pytest.mark.parametrize("urls", OTHER)
def test_pages_apart_stay_apart(urls: tuple[str, str]) -> None:
    assert normalised(urls[0]) != normalised(urls[1])


@given(st.lists(st.sampled_from(["a", "b", ".", "..", "", "%2e", "x.y"]), max_size=8))
@settings(max_examples=200, deadline=None)
def test_dot_segments_as_the_standard_library_resolves_them(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    resolved = urljoin("https://h.example/", path.replace("%2e", "."))
    own = normalised("https://h.example" + path)
    # urljoin also drops empty segments before "..": compared where there are none
    if "" not in segments[:-1]:
        assert own == normalised(resolved)


@given(st.text(max_size=60) | st.text(" \u00a0\x1f./?&#%2e=autm_", max_size=30))
@example(" #")
@example("a=1 &utm_source=x")
@settings(deadline=None, max_examples=500)
def test_the_spelling_is_a_fixed_point_and_nothing_raises(text: str) -> None:
    url = "https://example.org/" + text
    once = normalised(url)
    assert normalised("https://" + once) == once
    assert 0 <= address_hash(text) < 2**64


@pytest.mark.parametrize("unit", ["../", "a/", "%41", ";jsessionid=", "&utm_", "?", "#", "@", ":"])
def test_time_is_linear_in_hostile_addresses(unit: str) -> None:
    assert_linear(normalised, lambda count: "https://example.org/" + unit * count, 20_000)
