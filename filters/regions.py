"""Where a page's national telephone numbers are dialled: by its host's country, or its language."""

from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from filters.urls import country_region

# Languages most of whose pages are of one country. English, Spanish, Portuguese and Arabic tell
# none; a wrong country finds few numbers, since national ones need that country's own signs.
_HOMES: Final = {
    "be": "BY", "bg": "BG", "bs": "BA", "ca": "ES", "cs": "CZ", "cy": "GB", "da": "DK", "de": "DE",
    "el": "GR", "et": "EE", "eu": "ES", "fi": "FI", "fr": "FR", "ga": "IE", "gl": "ES", "he": "IL",
    "hr": "HR", "hu": "HU", "hy": "AM", "is": "IS", "it": "IT", "ja": "JP", "ka": "GE", "ko": "KR",
    "lb": "LU", "lt": "LT", "lv": "LV", "mk": "MK", "mt": "MT", "nb": "NO", "nl": "NL", "nn": "NO",
    "no": "NO", "pl": "PL", "ro": "RO", "ru": "RU", "sk": "SK", "sl": "SI", "sq": "AL", "sr": "RS",
    "sv": "SE", "th": "TH", "tr": "TR", "uk": "UA", "vi": "VN",
}  # fmt: skip


def page_region(host: str, html_lang: str | None) -> str | None:
    """ISO 3166 region of a page: its host's, else its ``lang``'s; None where neither tells.

    >>> page_region("yle.fi", "sv"), page_region("example.com", "de-AT")
    ('FI', 'AT')
    >>> page_region("example.com", "mt"), page_region("example.com", "en")
    ('MT', None)
    """
    return country_region(host) or _language_region(html_lang or "")


def _language_region(tag: str) -> str | None:
    """Region subtag of a BCP 47 tag (RFC 5646, section 2.2.4), else the language's home."""
    language, *subtags = tag.replace("_", "-").split("-")
    for subtag in subtags:
        if len(subtag) == 2 and subtag.upper() in SUPPORTED_REGIONS:
            return subtag.upper()
    return _HOMES.get(language.lower())
