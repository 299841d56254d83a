"""Pages in the web's encodings under right, lying and absent labels, and bytes that are in none."""

import codecs
from typing import NamedTuple

from pipeline.encodings import CODECS

# Own sentences; a short page has about so much.
SAID = {
    "pl": "Każdy, kto idzie brzegiem podczas odpływu, naliczy jedenaście żelaznych pierścieni w "
    "ścianie portu. Najstarszy wmurowano, gdy flota łowiła jeszcze śledzie.",
    "cs": "Kdo jde za odlivu podél přístavní zdi, napočítá jedenáct železných kruhů. Nejstarší "
    "zazdili v době, kdy se ještě lovili sledi, a děti se k němu učí plavat.",
    "hu": "Aki apálykor végigsétál a kikötő falán, tizenegy vasgyűrűt számolhat meg. A legrégebbit "
    "akkor építették be, amikor a hajók még heringre jártak; őrzi a város.",
    "sk": "Kto ide za odlivu popri prístavnom múre, napočíta jedenásť železných kruhov. Najstarší "
    "osadili v čase, keď sa ešte lovili slede, a deti k nemu plávajú.",
    "bg": "Който върви край пристанищната стена при отлив, ще преброи единадесет железни халки. "
    "Най-старата е зазидана, когато рибарите още ловели херинга.",
    "uk": "Хто йде вздовж портової стіни під час відпливу, нарахує одинадцять залізних кілець. "
    "Найстаріше вмурували, коли ще ловили оселедець; її називають Ґердою, а є й інші.",
    "ru": "Кто идёт вдоль портовой стены во время отлива, насчитает одиннадцать железных колец. "
    "Самое старое вмуровали, когда рыбаки ещё ловили сельдь.",
    "el": "Όποιος περπατά δίπλα στον τοίχο του λιμανιού στην άμπωτη, μετρά έντεκα σιδερένιους "
    "κρίκους. Ο παλαιότερος μπήκε όταν τα καΐκια ψάρευαν ακόμη ρέγκες.",
    "tr": "Sular çekildiğinde liman duvarı boyunca yürüyen kişi on bir demir halka sayar. En eskisi, "
    "gemiler hâlâ ringa avlarken duvara yerleştirilmişti; çocuklar ona yüzer.",
    "lt": "Kas per atoslūgį eina palei uosto sieną, suskaičiuoja vienuolika geležinių žiedų. "
    "Seniausias įmūrytas, kai laivai dar gaudė silkes, o vaikai prie jo plaukia.",
    "lv": "Kas bēguma laikā iet gar ostas mūri, saskaita vienpadsmit dzelzs gredzenus. Vecāko "
    "iemūrēja, kad kuģi vēl zvejoja siļķes, un bērni līdz tam peld.",
    "fr": "À marée basse, celui qui longe le mur du port compte onze anneaux de fer. Le plus vieux "
    "fut scellé quand la flotte pêchait encore le hareng, là où l'été mène les élèves.",
    "de": "Wer bei Ebbe an der Hafenmauer entlanggeht, zählt elf eiserne Ringe. Den ältesten "
    "mauerte man ein, als die Flotte noch Heringe fing; größere Schiffe führen vorüber.",
    "ja": "干潮のとき港の壁に沿って歩く人は、鉄の輪を十一個数えることができる。いちばん古い輪は、"
    "船がまだニシンを追っていたころにはめ込まれた。",
    "zh": "退潮时沿着港口的墙走，可以数到十一个铁环。最老的一个是船队还在捕鲱鱼的时候装上去的，"
    "孩子们常常游到那里。",
    "ko": "썰물 때 항구 벽을 따라 걷는 사람은 쇠고리 열한 개를 셀 수 있다. 가장 오래된 고리는 배들이 "
    "아직 청어를 잡던 때에 박은 것이다.",
    "he": "מי שהולך לאורך חומת הנמל בשעת השפל ימנה אחת עשרה טבעות ברזל. הישנה שבהן נקבעה כאשר "
    "הספינות עוד דגו מליחים.",
    "ar": "من يمشي بمحاذاة جدار الميناء وقت الجزر يعد إحدى عشرة حلقة من حديد. أقدمها ثبتت عندما "
    "كانت السفن تصطاد الرنجة.",
}  # fmt: skip


class Charset(NamedTuple):
    """A page of a known sentence: its bytes, what the header says, and the encoding it is in."""

    name: str
    body: bytes
    header: str | None
    says: str
    charset: str


def _page(text: str, meta: str | None = None) -> str:
    label = f'<meta charset="{meta}">' if meta else ""
    return f"<html><head>{label}<title>x</title></head><body><p>{text}</p></body></html>"


def _case(
    lang: str, charset: str, label: str, header: str | None, meta: str | None = None
) -> Charset:
    body = _page(SAID[lang], meta).encode(CODECS[charset])
    return Charset(f"{charset}_{lang}_{label}", body, header, SAID[lang], charset)


def _marked(name: str, mark: bytes, header: str | None) -> Charset:
    body = mark + _page(SAID["cs"]).encode(CODECS[name])
    return Charset(f"{name}_marked_{header or 'unlabelled'}", body, header, SAID["cs"], name)


LEGACY = [
    ("pl", "iso-8859-2"), ("cs", "iso-8859-2"), ("hu", "iso-8859-2"), ("sk", "windows-1250"),
    ("pl", "windows-1250"), ("bg", "windows-1251"), ("ru", "windows-1251"), ("uk", "windows-1251"),
    ("uk", "koi8-u"), ("ru", "koi8-r"), ("el", "windows-1253"), ("el", "iso-8859-7"),
    ("tr", "windows-1254"), ("he", "windows-1255"), ("ar", "windows-1256"), ("lt", "windows-1257"),
    ("lv", "windows-1257"), ("fr", "windows-1252"), ("de", "windows-1252"), ("ja", "shift_jis"),
    ("ja", "euc-jp"), ("ja", "iso-2022-jp"), ("zh", "gb18030"), ("ko", "euc-kr"),
]  # fmt: skip
MARKS = {
    "utf-8": codecs.BOM_UTF8, "utf-16le": codecs.BOM_UTF16_LE, "utf-16be": codecs.BOM_UTF16_BE,
    "utf-32le": codecs.BOM_UTF32_LE, "utf-32be": codecs.BOM_UTF32_BE,
}  # fmt: skip
ALIASES = {"gb18030": "gbk", "euc-kr": "ks_c_5601-1987", "shift_jis": "x-sjis"}

CASES = [
    *(_case(lang, name, "by_header", ALIASES.get(name, name)) for lang, name in LEGACY),
    *(_case(lang, name, "by_meta", None, name) for lang, name in LEGACY),
    *(_case(lang, name, "said_utf8", "utf-8", "utf-8") for lang, name in LEGACY),
    *(_case(lang, name, "said_latin1", "iso-8859-1") for lang, name in LEGACY),
    *(_case(lang, name, "unlabelled", None) for lang, name in LEGACY),
    *(_case(lang, "utf-8", f"said_{label}", label) for lang in SAID
      for label in ("windows-1251", "iso-8859-2", "utf-16", "punycode")),
    *(_marked(name, mark, header) for name, mark in MARKS.items()
      for header in (None, "utf-8", "windows-1252")),
    *(_case(lang, name, f"no_mark_{header}", header) for name in ("utf-16le", "utf-16be")
      for lang in ("cs", "uk", "ja") for header in (None, "utf-8", "utf-16")),
]  # fmt: skip

# What a page may name as its encoding: codecs of Python that must not be reached, and worse.
NAMES = (
    "punycode", "idna", "utf-7", "unicode_escape", "raw_unicode_escape", "rot13", "hex", "base64",
    "zlib_codec", "bz2", "uu", "mbcs", "undefined", "foo-bar-9000", "../../etc/passwd", "\x1b[2J",
    "a" * 5000, "٢٠٢", "%s%n", "",
)  # fmt: skip
NOISE = {
    "overlong": b"\xc0\xaf\xe0\x80\xaf\xf8\x88\x80\x80\x80" * 20_000,
    "encoded_surrogates": b"<p>" + b"\xed\xa0\x80\xed\xb0\x80 word " * 20_000,
    "lone_continuations": b"<p>" + b"\x80\xbf" * 100_000,
    "nul_run": b"<p>word" + b"\0" * 300_000 + b"word",
    "nul_every_fifth": b"wor\0d" * 60_000,
    "c1_controls": b"<p>" + bytes(range(0x80, 0xA0)) * 9_000,
    "escapes_unbalanced": b"<p>" + b"\x1b$B" * 60_000 + b"\x1b(J",
    "marks_of_all_kinds": b"".join(MARKS.values()) * 5000,
    "mark_only": codecs.BOM_UTF16_LE,
    "odd_utf16": "žluťoučký kůň ".encode("utf-16-le") * 4000 + b"x",
    "utf16_lone_surrogates": b"<\0p\0>\0" + b"\0\xd8 \0w\0" * 30_000,
    "utf32_beyond_unicode": codecs.BOM_UTF32_LE + b"\xff\xff\xff\x7f" * 30_000,
    "metas": b"<meta charset=" * 30_000,
    "xml_declarations": b"<?xml version='1.0' encoding='" * 20_000,
}
