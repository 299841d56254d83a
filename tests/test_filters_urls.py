"""Hosts, registrable domains and regions, without a network."""

import socket

import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from filters import urls
from filters.urls import country_region, host, registrable_domain, top_level_domains


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Example.ORG/a?b#c", "example.org"),
        ("http://user:secret@example.org:8080/", "example.org"),
        ("http://example.org.", "example.org"),
        ("//example.org/x", "example.org"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://[2001:db8::1]:80/", "2001:db8::1"),
        ("http://192.0.2.1/", "192.0.2.1"),
        ("http://[::1", ""),
        ("http://[not an address]/", ""),
        ("mailto:someone@example.org", ""),
        ("javascript:alert(1)", ""),
        ("example.org/path", ""),
        ("http://", ""),
        ("", ""),
        ("http://a b/", ""),
        ("http://" + "a" * 254, ""),
    ],
)
def test_host(url, expected):
    assert host(url) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.example.org", "example.org"),
        ("forums.bbc.co.uk", "bbc.co.uk"),
        ("co.uk", ""),
        ("localhost", ""),
        ("", ""),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("a.xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("reports.blogspot.com", "blogspot.com"),
    ],
)
def test_registrable_domain(name, expected):
    assert registrable_domain(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("yle.fi", "FI"),
        ("www.bbc.co.uk", "GB"),
        ("ec.europa.eu", None),
        ("example.com", None),
        ("openai.ai", None),
        ("example.co", None),
        ("example.com.co", "CO"),
        ("gencat.cat", "ES"),
        ("xn--e1afmkfd.xn--p1ai", "RU"),
        ("whitehouse.gov", "US"),
        ("gov.uk", "GB"),
        ("10.0.0.1", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_country_region(name, expected):
    assert country_region(name) == expected


def test_the_suffix_list_is_the_bundled_one_and_nothing_is_fetched(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    urls._suffixes.cache_clear()
    registrable_domain.cache_clear()
    assert registrable_domain("a.b.gov.pl") == "b.gov.pl"
    assert {"com", "fi", "xn--p1ai", "рф"} <= top_level_domains()
    assert not {"png", "html", "js"} & top_level_domains()


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_string_has_a_host_or_none(text):
    for url in (text, f"http://{text}/", f"https://{text}@{text}"):
        name = host(url)
        assert len(name) <= 1000
        assert not any(character.isspace() for character in name)
        domain = registrable_domain(name)
        assert domain == "" or domain.count(".") >= 1 or ":" in domain
        country_region(name)


@pytest.mark.parametrize("unit", ["a.", "ü", "[", "@"])
def test_time_is_linear(unit):
    assert_linear(
        lambda url: registrable_domain(host(url)), lambda n: f"http://{unit * n}com/", 400_000
    )
