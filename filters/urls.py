"""URLs: host, registrable domain, and the country whose telephone numbers a page would write."""

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import tldextract
from phonenumbers import SUPPORTED_REGIONS

MAX_HOST_CHARS: Final = 253  # RFC 1035, section 2.3.4, less the root's own dot
_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\s<>\"\\]")

# Country domains that are sold to all the world, so say nothing of a page's country.
_GENERIC_NAMES = "ac ad ai as bz cc cd co dj fm gg im io je la ly me ms nu sc sh sr st su tk to tv"
_GENERIC: Final = frozenset((*_GENERIC_NAMES.split(), "vc", "ws"))
# Where the region is not the domain in capitals; places and communities are their country.
_REGIONS: Final = {
    "uk": "GB",
    **dict.fromkeys(("scot", "wales", "cymru", "london"), "GB"),
    **dict.fromkeys(("cat", "eus", "gal", "barcelona", "madrid"), "ES"),
    **dict.fromkeys(("bzh", "paris", "alsace", "corsica"), "FR"),
    **dict.fromkeys(("berlin", "hamburg", "bayern", "koeln", "cologne", "nrw"), "DE"),
    **dict.fromkeys(("saarland", "ruhr"), "DE"),
    **dict.fromkeys(("wien", "tirol"), "AT"),
    **dict.fromkeys(("swiss", "zuerich"), "CH"),
    **dict.fromkeys(("amsterdam", "frl"), "NL"),
    **dict.fromkeys(("brussels", "vlaanderen", "gent"), "BE"),
    "stockholm": "SE",
    "istanbul": "TR",
    **dict.fromkeys(("moscow", "tatar", "xn--p1ai", "xn--80adxhks"), "RU"),
    "xn--j1amh": "UA",
    "xn--90ae": "BG",
    "xn--qxam": "GR",
    "xn--d1alf": "MK",
    "xn--90a3ac": "RS",
    "xn--90ais": "BY",
    **dict.fromkeys(("gov", "edu", "mil"), "US"),
}


@cache
def _suffixes() -> tldextract.TLDExtract:
    """Return the public suffix list as tldextract ships it: nothing fetched, nothing written."""
    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), fallback_to_snapshot=True)


@cache
def top_level_domains() -> frozenset[str]:
    """Return every top-level domain of the public suffix list, IDN ones in both spellings."""
    own = {suffix.rsplit(".", 1)[-1] for suffix in _suffixes().tlds}
    return frozenset(own | {_ascii(name) for name in own})


class Suffixes(NamedTuple):
    """Public suffixes in ASCII, and the names right below which every name is one."""

    names: frozenset[str]
    parents: frozenset[str]


@cache
def public_suffixes() -> Suffixes:
    """Return the whole public suffix list, its private section too."""
    both = tldextract.TLDExtract(
        cache_dir=None,
        suffix_list_urls=(),
        fallback_to_snapshot=True,
        include_psl_private_domains=True,
    )
    names = frozenset(_ascii(name) for name in both.tlds)
    return Suffixes(names, frozenset(name[2:] for name in names if name.startswith("*.")))


def is_public_suffix(name: str) -> bool:
    """Tell whether different people hold the names right below this one (public suffix list).

    The list's private section counts: below blogspot.com as below co.uk each name is another's.
    ``name`` is a host as :func:`host` gives it.

    >>> is_public_suffix("co.uk"), is_public_suffix("blogspot.com"), is_public_suffix("bbc.co.uk")
    (True, True, False)
    """
    known, parents = public_suffixes()
    if name in known:
        return True
    return name.partition(".")[2] in parents and f"!{name}" not in known


def host(url: str) -> str:
    """Return the host of an absolute URL, lower-case, IDN in ASCII, or "" if it has none.

    >>> host("https://user@WWW.Example.ORG.:8080/a"), host("mailto:a@b"), host("http://[::1")
    ('www.example.org', '', '')
    """
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:  # a bracket without its pair, a host NFKC would change
        return ""
    if len(name) > 2 * MAX_HOST_CHARS:  # before the conversion, which is slow
        return ""
    name = _ascii(name).rstrip(".").lower()
    return "" if len(name) > MAX_HOST_CHARS or _CONTROL_OR_SPACE.search(name) else name


@lru_cache(maxsize=1 << 16)
def registrable_domain(host: str) -> str:
    """Return the domain a registrar sold, the address of a numeric host, or "" if neither.

    >>> registrable_domain("forums.bbc.co.uk"), registrable_domain("10.0.0.1")
    ('bbc.co.uk', '10.0.0.1')
    """
    try:
        return str(ip_address(host))
    except ValueError:
        found = _suffixes().extract_str(host)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else ""


def country_region(host: str) -> str | None:
    """Return the ISO 3166 region of a host's country domain, or None if it tells no country.

    >>> country_region("yle.fi"), country_region("www.bbc.co.uk"), country_region("who.int")
    ('FI', 'GB', None)
    """
    labels = host.rsplit(".", 2)
    last = labels[-1]
    if len(labels) < 2 or last == "eu":
        return None
    if last in _GENERIC and not (len(labels) == 3 and f"{labels[1]}.{last}" in _suffixes().tlds):
        return None  # but example.com.co is Colombia's own
    region = _REGIONS.get(last, last.upper())
    return region if region in SUPPORTED_REGIONS else None


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:  # a label too long or with code points IDNA 2003 forbids
        return name
