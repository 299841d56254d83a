"""Feeds to text: what of an entry counts, and that no bytes make the scan slow, grow or fail."""

import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import feed
from pipeline.html_scan import MAX_TAGS
from pipeline.media import kind_of

LONG = "The ferry leaves at seven, and whoever is late walks around the bay to the second pier."
RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet href="x.xsl"?><!-- made by hand -->
<rss version="2.0" xmlns:content="c" xmlns:media="m"><channel>
<title>Saaristo &amp; meri</title><link>https://saaristo.example/</link><language>fi-FI</language>
<pubDate>Fri, 24 Jun 2022 08:00:00 +0300</pubDate><description>Not an entry</description>
<item><title>Lautta &#228;&amp;ouml;</title>
 <description>&lt;p&gt;Short &amp;amp; sweet.&lt;/p&gt;</description>
 <content:encoded><![CDATA[<p>{LONG}</p><script>no()</script><p>a &lt; b</p>]]></content:encoded>
 <media:description>of a picture</media:description><media:title>picture</media:title></item>
<item><title>Only a title</title></item><item/>
<item><description>Plain words &amp;amp; no markup</description></item>
</channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nb"><title>Fjord</title>
<updated>2021-02-03T04:05:06Z</updated>
<entry><title type="html">Tom &amp;amp; Ada</title><summary>cut</summary>
 <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
 <p>{LONG}</p><p>Ja <b>da</b></p></div>
 </content></entry>
<entry><title type="text">1 &lt; 2</title>
 <content type="text">x &lt;p&gt; stays</content></entry></feed>"""
RDF = f"""<rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/" xmlns:dc="d">
<channel rdf:about="x">
<title>News</title><dc:language>cs</dc:language><dc:date>2020-05-06T00:00:00Z</dc:date></channel>
<item rdf:about="y"><title>One</title><description>{LONG}</description></item></rdf:RDF>"""


def test_rss_gives_titles_and_the_longer_text_of_every_entry():
    page, reasons = feed.read(RSS)
    assert page.text == f"Lautta äö\n{LONG}\na < b\n\nOnly a title\n\nPlain words & no markup"
    assert (page.title, page.date, page.html_lang) == ("Saaristo & meri", "2022-06-24", "fi-FI")
    assert reasons == []


def test_atom_and_rdf():
    page, _ = feed.read(ATOM)
    assert page.text == f"Tom & Ada\n{LONG}\nJa da\n\n1 < 2\nx <p> stays"
    assert (page.title, page.date, page.html_lang) == ("Fjord", "2021-02-03", "nb")
    page, _ = feed.read(RDF)
    assert page.text == f"One\n{LONG}"
    assert (page.title, page.date, page.html_lang) == ("News", "2020-05-06", "cs")


def test_html_in_an_entry_is_read_whole_by_the_own_engine():
    inside = (
        "<nav>Piers</nav><ul><li>one<li>two</ul><table><tr><td>7<td>8</table>"
        "<pre>a\n  b</pre><div class=comments>And a word.</div><script>no()</script>"
    )
    page, reasons = feed.read(f"<rss><item><body><![CDATA[{inside}]]></body></item></rss>")
    assert page.text == "Piers\n- one\n- two\n7 | 8\na\n  b\nAnd a word."
    assert reasons == []
    many = "x" + "<b>" * (MAX_TAGS + 10) + "y"
    page, reasons = feed.read(f"<rss><item><body><![CDATA[{many}]]></body></item></rss>")
    assert (page.text, reasons) == ("x", ["cut_tags"])


@pytest.mark.parametrize(
    "markup", ["", "<rss>", "<rdf:RDF><x>data</x></rdf:RDF>", "no feed at all"]
)
def test_without_entries_there_is_no_text(markup):
    assert feed.read(markup)[0].text == ""


def test_declared_entities_stand_for_themselves():
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    markup = (
        f'<!DOCTYPE rss [<!ENTITY e0 "ha">{bomb}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        "<rss><channel><item><title>a &e11; &x; b</title></item></channel></rss>"
    )
    assert feed.read(markup)[0].text == "a &e11; &x; b"


HOSTILE = {
    "cdata": "<![CDATA[",
    "comments": "<!--",
    "instructions": "<?",
    "subsets": "<!DOCTYPE x [",
    "opened": "<item><title>",
    "brackets": "<",
    "references": "<item><title>&#768;&#769;</title></item>",
    "escaped": "<item><description>&lt;b&gt;&lt;b&gt;x</description></item>",
    "entries": "<item><description>&lt;p&gt;a</description></item>",
    "attributes": "<item a='",
    "xhtml": "<entry><content type='xhtml'>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear_in_hostile_feeds(name):
    unit = HOSTILE[name]
    assert_linear(feed.read, lambda size: "<rss>" + unit * (size // len(unit)), 400_000)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE.values(), "</item>", "</title>", "]]>", "-->", "]>", ">", "<rss>",
             "<pubDate>", "</pubDate>", "&lt;script>", "x", "\ud800", "0", ",", "'",
             "<content type='xhtml'>"]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_no_markup_raises(parts):
    page, _ = feed.read("".join(parts))
    assert isinstance(page.text, str)


@pytest.mark.parametrize(
    ("media_type", "head", "kind"),
    [
        ("application/rss+xml", b"<rss>", "feed"),
        ("application/atom+xml", "<feed>".encode("utf-16"), "feed"),
        ("application/rss+xml", b"<!DOCTYPE html><html>", None),
        ("application/rss+xml", b"\x89PNG", None),
        ("text/xml", RSS.encode(), "feed"),
        ("application/xml", b"\xef\xbb\xbf <!DOCTYPE rss><rss version='2'>", "feed"),
        ("text/html", ATOM.encode(), "feed"),
        ("text/html", b"<html><feed>", "html"),
        ("", RDF.encode(), "feed"),
        ("text/xml", b"<feedback>", None),
        ("application/json", b"<rss>", None),
    ],
)
def test_feeds_are_told_from_other_xml(media_type, head, kind):
    assert kind_of(media_type, head, {"feed"}) == kind
    assert kind_of(media_type, head) != "feed"
