"""Which kana begin a word: behind kanji, and behind each kana.

Japanese writes endings, particles and auxiliaries in hiragana and loanwords in katakana, some
eighty letters each, so that two neighbours tell most of where words begin. The tables are of the
Japanese manual pages, web pages and Declaration of Human Rights that ``benchmarks/fidelity.py``
compares, as SudachiPy cuts them (its mode A); ``benchmarks/peers/kana.py`` makes them. Counted on
all but the web pages, they were right on these in 93 of 100 places between hiragana and 90 behind
kanji; of 373 words that begin within katakana they found 235, and 35 that are none.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FIRST_KANA: Final = 0x3040
KANA: Final = 192
"""Code points of the blocks Hiragana and Katakana."""
KANJI: Final = KANA
"""The row of what begins a word behind kanji."""
AFTER_KANJI: Final = "あおかがごさしすそだでとどなにのはへもやよを"
AFTER_HIRAGANA: Final = {
    "ぁ": "こ",
    "い": "こすたてでとなにのまもよを",
    "う": "いかがこごしすただでとなにのひべほもよわ",
    "え": "いがずたてでなにまやらを",
    "お": "すわ",
    "か": "あがそでとどにのはみもやよれを",
    "が": "あいうおかこさすそつでどなはひふまもよれわ",
    "き": "かさしすずたてでなにのはへまめやらを",
    "ぎ": "せてでなま",
    "く": "あおこしすそたつてでとどなのべよわ",
    "ぐ": "たに",
    "け": "おがさしすただてでなにねのばへまらを",
    "げ": "たてでなにまら",
    "こ": "かでなにま",
    "さ": "がせにねのはめれを",
    "し": "あさすそただつてでなにのへまめやを",
    "じ": "こさてでなまもやよ",
    "す": "かがこしただとにのよ",
    "ず": "いこすそでとにのは",
    "せ": "がずたてでとなにのはばまらをん",
    "ぜ": "な",
    "た": "かがこさずせそたなにのはまもよれ",
    "だ": "あかことに",
    "ち": "かがつでにのはま",
    "っ": "たて",
    "つ": "あかこしずただてでとにのはべよを",
    "て": "あいおかがきくこさしそたてでなにのはばひまみもよらわを",
    "で": "あいうおくこごさそつでどなにのはもやよ",
    "と": "いかがさしすせそだつでとなにのはほまみもよわを",
    "ど": "がでとなにのはもを",
    "な": "こすそとなのもや",
    "に": "あいうおかこごさしすずせそただちつでとどなのはひぴふぶほまもやゆよわ",
    "ね": "てばまら",
    "の": "あいうおかがこごさしすそただつでとどなにのはひふへほもやよわを",
    "は": "あいうおかこごさしすそたでとどなひふほまめもよ",
    "ば": "いこすせそなよれ",
    "び": "こそつま",
    "ぶ": "かこ",
    "へ": "との",
    "べ": "たばま",
    "ぽ": "の",
    "ま": "なにのれ",
    "み": "がくただてでとにのはまよを",
    "む": "こそただとにのべよわ",
    "め": "がこしただてでなにのはばまらわ",
    "も": "あいおかがこごしせそだでどなにまよわ",
    "や": "あそたとな",
    "ら": "かがこさすずせそでとどなのはばへもを",
    "り": "がこさしすそたつづてでとなにのはへまもやを",
    "る": "いうかけこさすそただつでとなにのはべほまもゆよわを",
    "れ": "かがこすずたてでとなにのはばへまもやゆらを",
    "ろ": "かでなにの",
    "わ": "ずなへれ",
    "を": "あいうおかきこごさしすせそつでとどはひまもやよ",
    "ん": "かがこしそだでねのら",
}
AFTER_KATAKANA: Final = {
    "ア": "アガコシデバパフブプベポラ",
    "ィ": "タチデミ",
    "イ": "シド",
    "オ": "カメ",
    "ク": (
        "アイウエオカガキギクケゲコゴサザジズセゼソゾタダヂツヅテデドナニヌネノハバパヒビ"
        "ピフヘベペホボマミムメモヤユヨラルレワヰヱヲヴヷヸヹヺ"
    ),
    "グ": (
        "アイウエオカガキギクグケゲコゴサザシジスズセゼゾタダチヂヅテデトドナニヌネノハバ"
        "パヒビピフブプヘベペホボポマミムモヤユヨリルロワヰヱヲヴヷヸヹヺ"
    ),
    "ザ": "アイカシデホリ",
    "シ": "キサ",
    "ジ": "デヘマリ",
    "ス": (
        "アイウエオカガキギグケゲコゴサザシジスズセゼソゾダチヂツヅデドナニヌネノハバヒビ"
        "ピフヘベペホボポマミムメモヤユヨラリルレロワヰヱヲヴヷヸヹヺ・"
    ),
    "タ": "アサシフミ",
    "ダ": "フ",
    "チ": "アウデフユ",
    "ト": (
        "イエオガキギクグケゲコゴサザシジスズセゼソゾタチヂツヅテデトナニヌネノハバパヒビ"
        "ピフブプヘベペホボポマミムメモヤユヨルレロヰヱヲヴヷヸヹヺ"
    ),
    "ド": (
        "イエオカガギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドナニヌネノハパヒ"
        "ビピフブプヘベペホボポマミムメモヤユヨラリルレロワヰヱヲヴヷヸヹヺ・"
    ),
    "バ": "コソモ",
    "ビ": "ネ",
    "ピ": "フ",
    "フ": "サ",
    "ブ": "アイカシデパブミメ",
    "プ": "コセタパボメユリ",
    "ム": "イグコサスゾタツデネバパフマメユラリレ",
    "ャ": "サ",
    "ュ": "サデプポ",
    "ラ": "コ",
    "リ": "パモラ",
    "ル": (
        "アイウエオカガキギクグケゲコゴサザシジズセゼソゾチヂツヅテデドナニヌネノハバパヒ"
        "ビピフブプヘベペホポマミムメモヤユヨラリルレロワヰヱヲヴヷヸヹヺ"
    ),
    "ロ": "ス",
    "ン": "アイウカケサシセソタチツデネバパプマメリ",
    "ー": (
        "アイウエオカギグケゲコゴサザセゼソゾチヂツヅナニヌノハパヒビピブヘベペホボポミメ"
        "モヤユヨワヰヱヲヴヷヸヹヺ"
    ),
}


def _begins() -> NDArray[np.bool_]:
    begins = np.zeros((KANA + 1, KANA), dtype=np.bool_)
    for first, seconds in (AFTER_HIRAGANA | AFTER_KATAKANA).items():
        begins[ord(first) - FIRST_KANA, [ord(one) - FIRST_KANA for one in seconds]] = True
    begins[KANJI, [ord(one) - FIRST_KANA for one in AFTER_KANJI]] = True
    begins.flags.writeable = False
    return begins


BEGINS: Final = _begins()
"""Whether the second begins a word, shape (KANA + 1, KANA)."""
