import pytest

from filters import pii
from filters.regions import page_region


@pytest.mark.parametrize(
    ("host", "lang", "region"),
    [
        ("www.example.fi", None, "FI"),
        ("www.example.fi", "sv-SE", "FI"),
        ("example.org", "de-AT", "AT"),
        ("example.org", "sr-Latn-RS", "RS"),
        ("example.org", "pt_PT", "PT"),
        ("example.org", "MT", "MT"),
        ("example.org", "en", None),
        ("example.org", "xx-ZZ", None),
        ("example.org", "", None),
        ("", None, None),
    ],
)
def test_region(host, lang, region):
    assert page_region(host, lang) == region


def test_a_national_number_is_found_by_the_language_of_its_page():
    text = "Rufen Sie uns an: Tel. 030 901820, montags bis freitags."
    assert [s.kind for s in pii.find(text, page_region("example.org", "de"))] == ["phone"]
    assert pii.find(text, page_region("example.org", "en")) == []
