"""Pages made to hang, crash or fool what parses them, and texts made for what measures them."""

from collections.abc import Callable
from typing import NamedTuple

from zoo import EMAIL, PHONE, PROSE, SENTENCE, gz, page


class Markup(NamedTuple):
    """A page: its body, what may become of it (None: extracted), and whether its prose is kept."""

    name: str
    body: Callable[[], str | bytes]
    fates: tuple[str | None, ...] = (None,)
    says: str | None = SENTENCE


def lost(name: str, body: Callable[[], str | bytes], *fates: str | None) -> Markup:
    """A page whose prose need not be found."""
    return Markup(name, body, fates or (None, "no_text"), None)


def before(name: str, body: Callable[[], str]) -> Markup:
    """Hostile markup between the start of the body and the article."""
    return Markup(name, lambda: page(body=body()))


def head(name: str, content: Callable[[], str]) -> Markup:
    return Markup(name, lambda: page(head=content()))


def text(name: str, content: Callable[[], str]) -> Markup:
    """The prose, and then an own paragraph of this."""
    return Markup(name, lambda: page(f"{PROSE * 3}</p><p>{content()}"))


def linked(content: str) -> str:
    return f'<script type="application/ld+json">{content}</script>'


ANY = (None, "no_text", "too_many_tags", "too_deep", "not_text")
K = 1000
CASES = [
    # nesting
    before("divs_250_deep", lambda: "<div>" * 250),
    before("divs_300_deep", lambda: "<div>" * 300),
    before("divs_50000_deep", lambda: "<div>" * 50 * K),
    before("tables_3000_deep", lambda: "<table><tr><td>" * 3 * K),
    before("lists_5000_deep", lambda: "<ul><li>" * 5 * K),
    before("quotes_240_deep", lambda: "<blockquote>o " * 240),
    before("formatting_60000_unclosed", lambda: "<b><i><font>" * 20 * K),
    before("links_misnested", lambda: "<a href=x><div></a>" * 500),
    before("links_misnested_1100", lambda: "<a href=x><div></a>" * 1100),
    before("blocks_misnested", lambda: "<center><div></center><form><table></form>" * 500),
    before("cells_outside_tables", lambda: "<div><td></div>" * 1100),
    before("divs_self_closed", lambda: "<div/>" * 40 * K),
    before("formatting_opened_again", lambda: "".join(f"<b id={i}><p>" for i in range(9 * K))),
    lost("unknown_elements_1200_deep", lambda: page(body="".join(f"<x{i}>" for i in range(1200))), *ANY),
    before("forms_nested", lambda: "<form>" * 9 * K),
    lost("optgroups_nested", lambda: page(body="<select>" + "<optgroup><option>" * 9 * K + "</select>"), *ANY),
    lost("buttons_and_paragraphs", lambda: page(body="<button><p>" * 9 * K), *ANY),
    lost("frames", lambda: "<frameset>" * 2000 + "<frame src=x>" * 2000, *ANY),
    # many of one thing
    lost("lt_500000", lambda: page(body="<" * 500 * K), *ANY),
    lost("open_tags", lambda: page(body="<a" * 200 * K), *ANY),
    lost("tag_names_60000", lambda: page(body="".join(f"<t{i}></t{i}>" for i in range(60 * K))), *ANY),
    before("attributes_60000", lambda: "<div " + " ".join(f"a{i}=1" for i in range(60 * K)) + ">"),
    before("attributes_900_on_20_tags", lambda: ("<div " + " ".join(f"a{i}=1" for i in range(900)) + "></div>") * 20),
    before("attribute_of_2mb", lambda: f"<div title='{'x' * 2000 * K}'></div>"),
    before("comment_of_5mb", lambda: f"<!-- {'c ' * 2500 * K} -->"),
    before("comments_60000", lambda: "<!-- -->" * 60 * K),
    lost("comment_unclosed", lambda: page(body="<!-- "), "no_text"),
    lost("script_unclosed", lambda: page(body="<script>"), "no_text"),
    lost("plaintext_textarea_title", lambda: page(body="<plaintext><textarea><title>"), *ANY),
    lost("paragraphs_15000", lambda: page(body="<p>o</p>" * 15 * K), *ANY),
    lost("table_rows_9000", lambda: page(body="<table>" + "<tr><td>o<td>p" * 9 * K + "</table>"), *ANY),
    lost("links_12000", lambda: page(body="<a href=/x>word</a> " * 12 * K), *ANY),
    lost("breaks_30000", lambda: page(body="o<br>" * 30 * K), *ANY),
    lost("spans_30000", lambda: page(body="<p>" + "<span>o</span><em>p</em>" * 15 * K), *ANY),
    lost("list_items_9000", lambda: page(body="<ul>" + "<li><a href=x>o</a>" * 9 * K + "</ul>"), *ANY),
    before("images_5000", lambda: "<img src=x alt=''>" * 5 * K),
    before("data_uri_of_2mb", lambda: f"<img src='data:image/png;base64,{'A' * 2000 * K}'>"),
    before("drawing_of_40000_paths", lambda: "<svg>" + "<path d='M0 0'/>" * 40 * K + "</svg>"),
    before("formula_20000_deep", lambda: "<math>" + "<mrow>" * 20 * K + "</math>"),
    before("entities_120000", lambda: "<p>" + "&amp;&nope;&#0;&#x110000;" * 30 * K + "</p>"),
    before("doctypes", lambda: "<!doctype html>" * 20 * K),
    before("conditional_comments", lambda: "<!--[if IE]><p>x</p><![endif]-->" * 9 * K),
    before("cdata", lambda: "<![CDATA[ x ]]>" * 20 * K),
    before("processing_instructions", lambda: "<?php echo 1 ?>" * 20 * K),
    before("templates", lambda: "<template><p>hidden</p></template>" * 5 * K),
    lost("noscripts", lambda: page(body="<noscript>" * 5 * K), *ANY),
    before("iframe_srcdoc", lambda: "<iframe srcdoc='<p>hidden</p>'></iframe>" * 2 * K),
    # regular expressions of extractors
    head("doctype_slashes", lambda: "<!DOCTYPE" + "/" * 200 * K + ">"),
    head("html_spaces", lambda: "<html" + " " * 200 * K),
    head("author_parentheses", lambda: f"<meta name=author content='{'(' * 100 * K}'>"),
    head("author_exclamations", lambda: f"<meta name=author content='{'!' * 15 * K}a'>"),
    head("author_email", lambda: f"<meta name=author content='{'a.' * 7 * K}@'>"),
    head("description_lt", lambda: f"<meta name=description content='{'&lt;' * 4 * K}'>"),
    head("metas_9000", lambda: "<meta name=author content=x>" * 9 * K),
    head("title_separators", lambda: f"<title>{'- ' * 100 * K}</title>"),
    head("titles_5000", lambda: "<title>o</title>" * 5 * K),
    head("canonical_http", lambda: f"<link rel=canonical href='{'http://' * 2 * K}'>"),
    head("links_to_self", lambda: "<link rel=canonical href=x>" * 9 * K),
    head("json_authors", lambda: linked('{"author"' * 7 * K)),
    head("json_persons", lambda: linked('"Person","name"' * 4 * K)),
    head("json_20000_deep", lambda: linked('{"a":' * 20 * K)),
    head("json_number", lambda: linked('{"n":' + "9" * 60 * K + "}")),
    head("json_3000_blocks", lambda: linked('{"@type":"Article"}') * 3 * K),
    head("json_2mb", lambda: linked('{"articleBody":"' + "x " * 1000 * K + '"}')),
    text("copyright_signs", lambda: "© " * 50 * K),
    text("dates_20000", lambda: "2019-05-01 " * 20 * K),
    text("digits_1mb", lambda: "7" * 1000 * K),
    text("year_prefixes", lambda: "2019-" * 60 * K),
    lost("times_5000", lambda: page(body="<time datetime=2019-13-45>x</time><abbr title=2019>" * 5 * K), *ANY),
    # personal data's patterns
    text("mail_long_local_part", lambda: "a" * 200 * K + "@"),
    text("mail_atoms", lambda: "a!" * 100 * K),
    text("mail_domains", lambda: "a@" + "a-" * 100 * K + "." + "a." * 60 * K),
    text("mail_at_signs", lambda: "@" * 200 * K),
    text("numbers_and_blanks", lambda: "1 2-3 (4) +5 " * 20 * K),
    text("ibans", lambda: "DE12 3456 " * 20 * K),
    text("addresses_of_hosts", lambda: "1." * 100 * K + "::" * 60 * K),
    # text
    text("one_word", lambda: "ring " * 60 * K),
    text("one_token_lines", lambda: "<br>".join(f"w{i}" for i in range(9 * K))),
    text("no_spaces", lambda: "x" * 1000 * K),
    text("chinese_without_spaces", lambda: "退潮时沿着港口的墙走可以数到十一个铁环" * 15 * K),
    text("base64", lambda: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 20 * K),
    text("combining_marks", lambda: "a" + "\u0316\u0301" * 100 * K),
    text("combining_references", lambda: "a" + "&#790;&#769;" * 50 * K),
    text("named_combining_references", lambda: "a" + "&DownBreve;" * 60 * K),
    text("hangul_jamo", lambda: "\u1100\u1161\u11a8" * 60 * K),
    text("ligatures", lambda: "\ufdfa" * 60 * K),
    text("joined_emoji", lambda: "👩‍👩‍👧‍👦" * 9 * K),
    text("zero_width", lambda: "\u200b\u200d\ufeff" * 100 * K),
    text("direction_overrides", lambda: "\u202ering\u202c \u2066x\u2069 " * 9 * K),
    text("tag_characters", lambda: "".join(chr(0xE0041 + i % 26) for i in range(60 * K))),
    text("private_use", lambda: "\ue000\U000f0000" * 60 * K),
    text("noncharacters", lambda: "\ufdd0\U0001ffff" * 20 * K),
    text("noncharacters_of_the_first_plane", lambda: "\ufffe \uffff"),
    text("control_references", lambda: "&#1;&#x1F;&#8&#xFFFE;&#65535;"),
    text("line_separators", lambda: "a\u2028b\u2029c\x85d\x0be\x0c" * 9 * K),
    text("escape_sequences", lambda: "\x1b[2J\x1b]0;owned\x07" * 2 * K),
    text("surrogate_references", lambda: "&#xD800;&#xDFFF;&#0;&#x1F;&#x80;" * 5 * K),
    text("blanks_2mb", lambda: " \t\n\u00a0\u3000" * 400 * K),
    text("model_tokens", lambda: "</s> __label__eng </s><s> <|endoftext|> [INST] " * 2 * K),
    text("injection", lambda: f"=cmd|'/C calc'!A0 [x](javascript:x) ${{jndi:ldap://x}} {EMAIL} {PHONE}"),
    # what is no page
    lost("nothing", lambda: "", "empty"),
    lost("blank", lambda: " \n" * 500 * K, "no_text"),
    lost("script_only", lambda: "<script>render()</script>" * 900, "no_text"),
    lost("pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400, "not_text"),
    lost("jpeg", lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400, "not_text"),
    lost("random", lambda: bytes((i * i * 31 + i // 7) & 255 for i in range(300 * K)), *ANY),
    lost("json", lambda: '{"a": [1, 2, {"b": "c"}]}' * 2 * K, *ANY),
    lost("gzip_unlabelled_inside", lambda: gz(gz(gz(gz(page().encode())))), *ANY),
    lost("feed", lambda: "<?xml version='1.0'?><rss><channel>" + "<item><title>t</title></item>" * 2 * K, *ANY),
    lost("billion_laughs", lambda: '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 9)) + "]><p>&a8;</p>", *ANY),
    lost("external_entity", lambda: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><html><body><p>&e;</p>', *ANY),
    Markup("xml_declaration", lambda: '<?xml version="1.0" encoding="utf-8"?>' + page()),
    Markup("base_href_to_file", lambda: page(head="<base href='file:///etc/'>")),
    Markup("refresh", lambda: page(head="<meta http-equiv=refresh content='0;url=http://169.254.169.254/'>")),
]  # fmt: skip
