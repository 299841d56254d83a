"""Encodings: right labels, wrong labels, no labels, and names that must never reach a codec."""

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from pipeline.charset import damage, decode
from pipeline.encodings import ALPHABETS, CODECS, name_of

# Written for this test; three sentences are about what a short page has.
PROSE = {
    "bg": "Община Пловдив обяви конкурс за ремонт на старата гара. Жителите на квартала "
    "поискаха още "
    "дървета, пейки и чешма. Работата започва през пролетта и ще продължи шест месеца.",
    "ru": "Вчера вечером в посёлке открыли новую библиотеку. Дети читали стихи, взрослые "
    "вспоминали, "
    "как строили это здание. Каждый мог взять домой любую книгу.",
    "el": "Η βιβλιοθήκη του χωριού άνοιξε ξανά χθες το απόγευμα. Τα παιδιά διάβασαν "
    "ποιήματα και οι "
    "μεγάλοι θυμήθηκαν πώς χτίστηκε το κτίριο. Όλοι μπορούσαν να δανειστούν βιβλία.",
    "hu": "Tegnap este újra megnyílt a falusi könyvtár. A gyerekek verseket olvastak, az idősebbek "
    "pedig felidézték, hogyan épült fel az épület. Mindenki hazavihetett egy könyvet, ha "
    "őrizni tudja.",
    "pl": "Wczoraj wieczorem ponownie otwarto wiejską bibliotekę. Dzieci czytały wiersze, a starsi "
    "wspominali, jak budowano ten gmach. Każdy mógł pożyczyć książkę i usiąść pod gruszą.",
    "cs": "Včera večer znovu otevřeli vesnickou knihovnu. Děti četly básně a starší "
    "vzpomínali, jak se "
    "tahle budova stavěla. Každý si mohl odnést domů knížku a posedět pod ořechem.",
    "sl": "Včeraj zvečer so znova odprli vaško knjižnico. Otroci so brali pesmi, starejši pa so se "
    "spominjali, kako so zidali to stavbo. Vsakdo si je lahko izposodil knjigo še za "
    "naprej, če želi.",
    "tr": "Dün akşam köyün kütüphanesi yeniden açıldı. Çocuklar şiir okudu, büyükler bu "
    "yapının nasıl "
    "kurulduğunu anlattı. İsteyen herkes evine bir kitap götürebildi.",
    "lt": "Vakar vakare vėl atidaryta kaimo biblioteka. Vaikai skaitė eilėraščius, o vyresnieji "
    "prisiminė, kaip šis pastatas buvo statomas. Kiekvienas galėjo pasiimti knygą į namus.",
    "is": "Í gærkvöldi var bókasafn þorpsins opnað á ný. Börnin lásu ljóð og þau eldri rifjuðu upp "
    "hvernig húsið var byggt. Allir máttu fá bók að láni og fara með hana heim.",
    "fr": "Hier soir, la bibliothèque du village a rouvert ses portes. Les élèves ont récité des "
    "poèmes, et les aînés se sont rappelé où et comment l'édifice fut bâti à l'été.",
    "ja": "昨日の夕方、村の図書館がふたたび開きました。"
    "子どもたちは詩を読み、年寄りは建物のできた日のことを話しました。",
    "zh": "昨天傍晚，村里的图书馆重新开放。孩子们朗读诗歌，老人们回忆这座楼是怎样建起来的。",
    "ko": "어제 저녁 마을 도서관이 다시 문을 열었다. 아이들은 시를 읽고 어른들은 건물을 "
    "지을 때를 떠올렸다.",
}
LEGACY = [
    ("bg", "windows-1251"), ("ru", "windows-1251"), ("ru", "koi8-r"), ("el", "windows-1253"),
    ("el", "iso-8859-7"), ("hu", "windows-1250"), ("hu", "iso-8859-2"), ("pl", "windows-1250"),
    ("pl", "iso-8859-2"), ("cs", "windows-1250"), ("cs", "iso-8859-2"), ("sl", "windows-1250"),
    ("tr", "windows-1254"), ("lt", "windows-1257"), ("is", "windows-1252"), ("fr", "windows-1252"),
    ("ja", "shift_jis"), ("ja", "euc-jp"), ("ja", "iso-2022-jp"), ("zh", "gb18030"),
    ("ko", "euc-kr"),
]  # fmt: skip


def html(text: str, head: str = "") -> str:
    return f"<html><head>{head}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(("lang", "name"), LEGACY)
@pytest.mark.parametrize("label", ["right", "meta", None, "utf-8", "iso-8859-1"])
def test_real_prose_survives_any_label(lang: str, name: str, label: str | None) -> None:
    meta = f'<META http-equiv=Content-Type content="text/html; charset={name}">'
    page = html(PROSE[lang], meta if label == "meta" else "")
    header = {"right": name, "meta": None}.get(label or "", label)
    decoded = decode(page.encode(CODECS[name]), header, is_html=True)
    assert decoded.text == page
    if label in ("right", "meta"):
        assert decoded.source == {"right": "header", "meta": "meta"}[label]


def test_one_cyrillic_encoding_labelled_as_another() -> None:
    page = html(PROSE["ru"])
    assert decode(page.encode("koi8-r"), "windows-1251", is_html=True).text == page
    assert decode(page.encode("cp1251"), "koi8-r", is_html=True).text == page


@pytest.mark.parametrize("lang", PROSE)
@pytest.mark.parametrize(
    "label", [None, "windows-1251", "iso-8859-1", "gb2312", "utf-7", "nonsense"]
)
def test_utf8_beats_a_lying_label(lang: str, label: str | None) -> None:
    page = html(PROSE[lang])
    assert decode(page.encode(), label, is_html=True)[:2] == (page, "utf-8")


@pytest.mark.parametrize("name", ["utf-16le", "utf-16be"])
@pytest.mark.parametrize("label", [None, "utf-8", "utf-16"])
@pytest.mark.parametrize("lang", ["fr", "ru", "ja"])
def test_utf16_without_a_mark(name: str, label: str | None, lang: str) -> None:
    page = html(PROSE[lang])
    assert decode(page.encode(CODECS[name]), label, is_html=True)[:2] == (page, name)


@pytest.mark.parametrize("name", ["utf-8", "utf-16le", "utf-16be", "utf-32le", "utf-32be"])
def test_a_byte_order_mark_wins_and_goes(name: str) -> None:
    page = html(PROSE["ru"])
    decoded = decode(("\ufeff" + page).encode(CODECS[name]), "windows-1251", is_html=True)
    assert decoded == (page, name, "bom")


def test_a_lying_byte_order_mark_loses() -> None:
    page = html(PROSE["ru"])
    decoded = decode(b"\xef\xbb\xbf" + page.encode("cp1251"), "windows-1251", is_html=True)
    assert decoded.charset == "windows-1251"
    assert page in decoded.text


@pytest.mark.parametrize("where", [0.1, 0.5, 0.99])
def test_one_bad_byte_does_not_turn_a_utf8_page_to_mojibake(where: float) -> None:
    body = html(PROSE["bg"]).encode()
    at = int(len(body) * where)
    decoded = decode(body[:at] + b"\xff" + body[at:], None, is_html=True)
    assert decoded.charset == "utf-8"
    assert decoded.text.count("\ufffd") <= 3


def test_utf8_cut_within_a_character() -> None:
    body = PROSE["ja"].encode()[:-1]
    assert decode(body, "utf-8", is_html=False).text[:-1] == PROSE["ja"][:-1]


def test_meta_is_found_late_but_not_in_a_comment_or_in_plain_text() -> None:
    late = html(PROSE["bg"], " " * 2500 + '<meta charset="windows-1251">').encode("cp1251")
    assert decode(late, None, is_html=True).source == "meta"
    hidden = html("plain", "<!-- <meta charset=koi8-r> -->").encode()
    assert decode(hidden, None, is_html=True) == (hidden.decode(), "utf-8", "fallback")
    assert decode(b"<meta charset=koi8-r>", None, is_html=False).source == "fallback"


def test_xml_declaration_names_the_encoding() -> None:
    page = '<?xml version="1.0" encoding="windows-1253"?>' + html(PROSE["el"])
    assert decode(page.encode("cp1253"), None, is_html=True)[1:] == ("windows-1253", "meta")


def test_few_accents_are_read_as_the_webs_default() -> None:
    page = html("Our café opens at nine, said the owner – a naïve plan. " * 2)
    assert decode(page.encode("cp1252"), None, is_html=True).text == page


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("UTF8", "utf-8"), (' "Windows-1251"\n', "windows-1251"), ("latin1", "windows-1252"),
        ("ISO-8859-9", "windows-1254"), ("ks_c_5601-1987", "euc-kr"), ("x-sjis", "shift_jis"),
        ("gb2312", "gb18030"), ("tis-620", "windows-874"), ("x-mac-cyrillic", "x-mac-cyrillic"),
        ("punycode", None), ("utf-7", None), ("unicode_escape", None), ("idna", None),
        ("rot13", None),
        ("zlib_codec", None), ("hz-gb-2312", None), ("iso-2022-kr", None), ("", None), (None, None),
        ("é", None), ("x" * 10_000, None),
    ],
)  # fmt: skip
def test_labels_are_looked_up_in_the_web_table_only(label: str | None, name: str | None) -> None:
    assert name_of(label) == name


@pytest.mark.parametrize(
    "label", ["punycode", "idna", "unicode_escape", "utf-7", "hex", "zlib_codec"]
)
def test_names_of_python_codecs_are_inert_and_fast(label: str) -> None:
    def made(size: int) -> bytes:
        return b"xn--" + b"a" * size + b"-" + b"zz" * (size // 8) + rb"\ud800 +ADw-"

    decoded = assert_linear(lambda body: decode(body, label, is_html=True), made, 400_000)
    assert decoded.text == made(400_000).decode("ascii")


def test_every_named_encoding_is_known_to_python_and_alphabets_fit_them() -> None:
    for name, codec in CODECS.items():
        assert "x".encode(codec).decode(codec) == "x", name
    for name, alphabets in ALPHABETS.items():
        for letter in {letter for alphabet in alphabets for letter in alphabet} - {"\u0307"}:
            letter.encode(CODECS[name])  # raises for a letter that the encoding cannot write


@given(st.binary(max_size=400), st.sampled_from([None, *CODECS, "utf-7"]), st.booleans())
def test_any_bytes_decode_to_storable_text(body: bytes, label: str | None, is_html: bool) -> None:
    decoded = decode(body, label, is_html=is_html)
    decoded.text.encode("utf-8")  # no lone surrogates
    assert decoded.charset in CODECS
    assert decode(body, label, is_html=is_html) == decoded


@pytest.mark.parametrize(
    "unit",
    [b"\xff\xc0\x80", b"<meta ", b"\x1b$B", b"\0\xff", b"\xc3", b"<!--"],
    ids=["invalid", "metas", "escapes", "nul", "leads", "comments"],
)
def test_hostile_bytes_take_linear_time(unit: bytes) -> None:
    assert_linear(
        lambda body: decode(body, "euc-jp", is_html=True),
        lambda size: unit * (size // len(unit)) + b"\xe9",
        1_600_000,
    )


def test_damage_is_zero_for_prose_and_high_for_mojibake() -> None:
    for lang, text in PROSE.items():
        assert damage(text) <= 0.02, lang
    assert damage(PROSE["ru"].encode("cp1251").decode("cp1252")) > 0.5
    assert damage(PROSE["ru"].encode("koi8-r").decode("cp1251")) > 0.05
    assert damage(PROSE["pl"].encode("iso8859-2").decode("cp1252")) > 0.1
    assert damage("") == damage("ascii only") == 0
