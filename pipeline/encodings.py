"""The encodings of the web: labels, codecs, near twins, and the letters that give them away.

The table is that of https://encoding.spec.whatwg.org/#names-and-labels and UTF-32, which is only
ever read behind its own byte order mark.
"""

from typing import Final

from resiliparse.parse.encoding import map_encoding_to_html5

# WHATWG name -> the Python codec that decodes it (for the East Asian ones the superset that
# browsers use: windows-31j, UHC, GB18030, Big5 with HKSCS).
CODECS: Final[dict[str, str]] = {
    "utf-8": "utf-8", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be", "ibm866": "cp866", "koi8-r": "koi8-r", "koi8-u": "koi8-u",
    "macintosh": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "windows-874": "cp874",
    "gb18030": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp", "euc-kr": "cp949",
    **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}  # fmt: skip

# What the label table and the detector call them -> WHATWG name.
_NAMES: Final[dict[str, str]] = {
    **{codec: name for name, codec in CODECS.items()},
    "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5", "shift_jis": "shift_jis",
    "euc_kr": "euc-kr", "iso8859-11": "windows-874", "tis-620": "windows-874",
    "iso8859-1": "windows-1252", "ascii": "windows-1252", "iso8859-9": "windows-1254",
    "mac_cyrillic": "x-mac-cyrillic", "mac_roman": "macintosh", "iso8859_8": "iso-8859-8",
}  # fmt: skip

# What the detector names -> what to weigh: near twins, and rare encodings that it takes common
# ones for (Romanian pages were never ISO-8859-16).
TWINS: Final[dict[str, tuple[str, ...]]] = {
    "iso-8859-2": ("iso-8859-2", "windows-1250"),
    "windows-1250": ("windows-1250", "iso-8859-2"),
    "iso-8859-7": ("iso-8859-7", "windows-1253"),
    "windows-1253": ("windows-1253", "iso-8859-7"),
    "iso-8859-6": ("windows-1256", "iso-8859-6"),
    "iso-8859-8": ("windows-1255",),
    "iso-8859-13": ("windows-1257",),
    "iso-8859-15": ("windows-1252",),
    "iso-8859-16": ("windows-1250", "iso-8859-2"),
    "koi8-r": ("koi8-r", "koi8-u"),
    **{f"iso-8859-{n}": ("windows-1252", "windows-1254") for n in (3, 4, 10, 14)},
}

_CENTRAL: Final = (
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýž",
    "áäčďéíĺľňóôŕšťúýž",
    "áéíóöőúüű",
    "čćđšž",
    "ăâîşţ",
)
# Letters beyond ASCII of the languages that a Latin encoding was used for.
ALPHABETS: Final[dict[str, tuple[str, ...]]] = {
    "windows-1252": (
        "àâæçéèêëîïôœùûüÿ", "äöüßéà", "áéíñóúüç", "áâãàçéêíóôõúü", "àèéìíîòóùú", "áéëèïíóöúüê",
        "åäöéàü", "åäöšžé", "æøåéèêóòôü", "áðéíóúýþæöø", "àçéèíïóòúü", "äöõüšž",
    ),
    "windows-1250": _CENTRAL,
    "iso-8859-2": _CENTRAL,
    "windows-1254": ("çğıöşüâîû\u0307",),
    "windows-1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
}  # fmt: skip


def name_of(label: str | None) -> str | None:
    """Return the WHATWG name for a label as pages write it, None for one not in the table."""
    wanted = (label or "").strip(" \t\r\n\f\"'").lower()
    if not wanted.isascii() or len(wanted) > 40:
        return None
    if wanted in _NAMES or wanted in CODECS:
        return _NAMES.get(wanted, wanted)
    mapped = map_encoding_to_html5(wanted, False)
    return _NAMES.get(mapped) if mapped else None
