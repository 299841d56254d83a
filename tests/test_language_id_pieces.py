"""Pieces against plain Python that cuts strings by the same rules, examples, and hostile text."""

from functools import cache

import numpy as np
import pytest
import regex
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_language_id_words import LETTER, MARK, NUMBER, TEXTS, UNSPACED

from language_id.decoded import Characters, characters_of
from language_id.piece_classes import HABITS, PUNCTUATION, QUOTATION, habits_of
from language_id.piece_kana import AFTER_HIRAGANA, AFTER_KANJI, AFTER_KATAKANA
from language_id.pieces import Pieces, _cut_batch, pieces_of
from language_id.words import ALPHABETIC, NO_SPACE, WORD, Tokens, token_hashes, tokenize

Token = tuple[str, int]
OPENING = rf"[{regex.escape(PUNCTUATION + QUOTATION)}•—–§%=\p{{Sc}}\p{{So}}]"
CLOSING = rf"[{regex.escape(PUNCTUATION + QUOTATION)}•—–\p{{So}}]"
BEFORE_STOP = rf"[{regex.escape(PUNCTUATION + QUOTATION)}%+\-ªº\p{{Ll}}\p{{No}}]"
EXTENDING = rf"[{MARK}[\p{{Cf}}--[\u200b\p{{wb=Numeric}}]]]"
SAID = rf"[[[{LETTER}{UNSPACED}]&&[\p{{L}}\p{{Nl}}]]--\p{{S}}]"
ADDRESS = regex.compile(r"www\.|.*://", regex.DOTALL)


@cache
def has(pattern: str, text: str) -> bool:
    return bool(regex.fullmatch(pattern, text, regex.VERSION1 | regex.DOTALL))


def letter(text: str) -> bool:
    return has(SAID, text)


def digit(text: str) -> bool:
    return has(r"\p{Nd}", text)


def characters(symbol: str) -> list[str]:
    """A symbol's characters, each with its marks."""
    return regex.findall(rf"(?s).{EXTENDING}*", symbol, regex.VERSION1)


def number_dots(word: str) -> int:
    return len(regex.findall(r"(?s)(?<=.)\.(?=\p{Nd})", word))


class Rules:
    """The rules of one language over tokens without space between them."""

    def __init__(self, lang: str) -> None:
        bits = int(habits_of([lang])[0])
        self.habits = {name for bit, name in enumerate(HABITS) if bits >> bit & 1}

    def pieces(self, chunk: list[Token]) -> list[str]:
        if "each_symbol" in self.habits and not any(kind & NO_SPACE for _, kind in chunk):
            return [piece for token in chunk for piece in self.each(*token)]
        if "unspaced" in self.habits or any(kind & NO_SPACE for _, kind in chunk):
            return self.mixed(chunk)
        left, right = 0, len(chunk)
        while left < right and self.opens(*chunk[left]):
            left += 1
        while right > left and self.closes(*chunk[right - 1], chunk[left : right - 1]):
            right -= 1
        found = [piece for symbol, _ in chunk[:left] for piece in self.outer(symbol)]
        found += self.core(chunk[left:right])
        return found + [piece for symbol, _ in chunk[right:] for piece in self.outer(symbol)]

    def each(self, token: str, kind: int) -> list[str]:
        if not kind & WORD:
            return characters(token)
        number = r"(?<=\p{Nd})[.,](?=\p{Nd})"
        said = rf"[{SAID}{NUMBER}_{EXTENDING}]"
        return regex.findall(rf"(?s)(?:{said}|{number})+|.", token, regex.VERSION1)

    def outer(self, symbol: str) -> list[str]:
        apart = symbol[0] == "-" and "outer_dash" in self.habits
        return characters(symbol) if apart else self.symbol(symbol)

    def symbol(self, symbol: str) -> list[str]:
        runs = "-+#&.%" if "unspaced" in self.habits else ".-/|~@\\^+"
        is_run = symbol[0] in runs or "symbol_runs" in self.habits
        return [symbol] if is_run else characters(symbol)

    def opens(self, symbol: str, kind: int) -> bool:
        if kind & WORD:
            return False
        dash = "outer_dash" in self.habits and symbol[0] == "-"
        slash = "leading_slash" in self.habits and symbol[0] == "/"
        return dash or slash or has(OPENING, symbol[0]) or symbol.startswith("..")

    def closes(self, symbol: str, kind: int, before: list[Token]) -> bool:
        if kind & WORD:
            return False
        text = "".join(token for token, _ in before)
        if not text or has(CLOSING, symbol[0]) or symbol.startswith(".."):
            return True
        if "outer_dash" in self.habits and symbol[0] == "-":
            return True
        if symbol[0] == ".":
            if digit(text[-1]):
                return "ordinal_dot" not in self.habits
            return has(BEFORE_STOP, text[-1]) or has(r".*\p{Lu}\p{Lu}", text)
        if digit(text[-1]) and has(r"[\p{Sc}%+]", symbol[0]):
            return symbol[0] != "%" or "percent" not in self.habits
        return False

    def core(self, tokens: list[Token]) -> list[str]:
        text = "".join(token for token, _ in tokens)
        if ADDRESS.match(text):
            return [text]
        found = [""]
        done = ""
        for token, kind in tokens:
            behind = text[len(done) + len(token) :][:1]
            if not kind & WORD:
                if self.cuts(token, done[-1:], behind):
                    found += [token, ""]
                else:
                    found[-1] += token
            else:
                joined = found[-1]
                hyphen = "solid_hyphen" not in self.habits and joined[-1:] in set("-‐‑")
                if hyphen and kind & ALPHABETIC and any(map(letter, joined)):
                    ends = "ending_hyphen" in self.habits
                    found[-1:] = [joined, ""] if ends else [joined[:-1], joined[-1], ""]
                first, *others = self.word(token)
                found[-1] += first
                found += others
            done += token
        return [piece for piece in found if piece]

    def cuts(self, symbol: str, before: str, behind: str) -> bool:
        if has(r"[\p{So}•…]", symbol[0]) or symbol.startswith(".."):
            return True
        if not before or not behind:
            return False
        numbered = letter(before)
        if "number_relation" not in self.habits:
            numbered = numbered or has(NUMBER, before)
        kept = {":": "inner_colon", "/": "inner_slash"}.get(symbol)
        if symbol == "." and "number_dot" in self.habits and digit(behind):
            return True
        operator = symbol[0] in "+-*^" and "inner_sign" not in self.habits
        operator = operator and not (symbol[0] == "-" and "solid_range" in self.habits)
        return (
            (letter(before) and letter(behind) and (symbol[0] in ",–—~" or symbol == "--"))
            or (symbol in set(":<>=/") and numbered and letter(behind) and kept not in self.habits)
            or (symbol in set("-‐‑") and digit(before) and letter(behind) and "unit" in self.habits)
            or (symbol in set("-‐‑") and "inner_dash" in self.habits)
            or (operator and digit(before) and (digit(behind) or behind == "-"))
        )

    def word(self, word: str) -> list[str]:
        found = [""]
        dotted = "number_dot" in self.habits and number_dots(word) != 3
        for at, mark in enumerate(word):
            before, behind = word[at - 1 : at], word[at + 1 : at + 2]
            if mark in "'’" and before and letter(before) and behind and letter(behind):
                found += [mark] if "elision" not in self.habits else []
                if "elision" in self.habits:
                    found[-1] += mark
                    found.append("")
            elif mark == "." and at and digit(behind) and dotted:
                found += [".", ""]
            elif (
                mark == ":"
                and at
                and behind
                and letter(behind)
                and not self.habits & {"inner_colon"}
            ):
                found += [":", ""]
            else:
                found[-1] += mark
        return found

    def mixed(self, chunk: list[Token]) -> list[str]:
        found: list[str] = []
        last: Token = ("", 0)
        rest = "".join(token for token, _ in chunk)
        for token, kind in chunk:
            if kind & NO_SPACE:
                if last[1] & NO_SPACE and not self.parts(last[0][0], rest, len(found[-1])):
                    found[-1] += token
                else:
                    found.append(token)
            elif token[0] == "\u0f0b" and last[1] & NO_SPACE:
                found[-1] += token
            elif not kind & WORD:
                found += self.symbol(token)
            elif "unspaced" in self.habits:
                found += self.letters_and_numbers(token)
            else:
                found.append(token)
            last, rest = (token, kind), rest[len(token) :]
        return found

    def letters_and_numbers(self, word: str) -> list[str]:
        group = rf"[{SAID}[{NUMBER}--\p{{Nd}}]]"
        dotted = "number_dots" in self.habits and number_dots(word) > 1
        marks = "," if dotted else ".,"
        inner = rf"(?<=\p{{Nd}}{EXTENDING}*)[{marks}](?=\p{{Nd}})"
        number = rf"\p{{Nd}}{EXTENDING}*(?:(?:\p{{Nd}}|{inner}){EXTENDING}*)*"
        return regex.findall(
            rf"(?s)(?:{group}{EXTENDING}*)+|{number}|.{EXTENDING}*", word, regex.VERSION1
        )

    def parts(self, first: str, rest: str, length: int) -> bool:
        second = rest[0]
        scripts = [script(first), script(second)]
        if scripts[1] == "hiragana" and scripts[0] != "katakana":
            return second in (AFTER_HIRAGANA.get(first, "") if scripts[0] else AFTER_KANJI)
        if scripts[0] != scripts[1]:
            return True
        if scripts[0] == "katakana":
            long = length >= 3 and [script(one) for one in rest[:3]] == ["katakana"] * 3
            return long and second in AFTER_KATAKANA.get(first, "")
        if "symbol_runs" in self.habits:
            return length >= 2
        return length >= 4 or percentile(first, second) < 50


def script(character: str) -> str:
    if "\u3040" <= character < "\u30a0":
        return "hiragana"
    katakana = "\u30a0" <= character <= "\u30ff" or "\uff66" <= character <= "\uff9f"
    return "katakana" if katakana else ""


def percentile(first: str, second: str) -> int:
    value = (ord(first) * 0x9E3779B97F4A7C15 + ord(second) * 0xC2B2AE3D27D4EB4F) % 2**64
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD % 2**64
    return (value ^ value >> 33) % 100


def kind_of(start: int, end: int, tokens: list[tuple[int, int, int]], text: str) -> int:
    """What the tokens in a span are, and what the parts of words in it hold."""
    kind = 0
    for first, last, own in tokens:
        if start <= first and last <= end:
            kind |= own
        elif own & WORD and first < end and last > start:
            part = text[max(first, start) : min(last, end)]
            if any(map(letter, part)):
                kind |= WORD | ALPHABETIC
            elif any(has(NUMBER, one) for one in part) or has(EXTENDING, part[0]):
                kind |= WORD
    return kind & (WORD | ALPHABETIC)


def pieces_by_rules(text: str, lang: str) -> list[Token]:
    found = tokenize(characters_of([text]))
    tokens = list(
        zip(found.starts.tolist(), found.ends.tolist(), found.kinds.tolist(), strict=True)
    )
    chunks: list[list[tuple[int, int, int]]] = []
    for token in tokens:
        if chunks and chunks[-1][-1][1] == token[0]:
            chunks[-1].append(token)
        else:
            chunks.append([token])
    pieces = []
    for chunk in chunks:
        at = chunk[0][0]
        for piece in Rules(lang).pieces([(text[a:b], kind) for a, b, kind in chunk]):
            pieces.append((piece, kind_of(at, at + len(piece), chunk, text)))
            at += len(piece)
    return pieces


def pieces_in(texts: list[str], langs: list[str]) -> Pieces:
    characters = characters_of(texts)
    tokens = tokenize(characters)
    return pieces_of(characters, tokens, token_hashes(characters, tokens), langs)


def found_in(text: str, lang: str) -> list[Token]:
    pieces = pieces_in([text], [lang])
    spans = zip(pieces.starts, pieces.ends, pieces.kinds, strict=True)
    return [(text[start:end], int(kind)) for start, end, kind in spans]


LANGS = st.sampled_from(
    [
        "eng_Latn", "deu_Latn", "fra_Latn", "fin_Latn", "hun_Latn", "ind_Latn", "nld_Latn",
        "cat_Latn", "pol_Latn", "por_Latn", "ron_Latn", "slv_Latn", "mlt_Latn", "cmn_Hani",
        "jpn_Jpan", "tha_Thai", "vie_Latn", "und_Zyyy", "x", "",
    ]
)  # fmt: skip
MIXED = st.lists(
    st.one_of(
        st.sampled_from(
            ["a", "B", "ab", "USA", "9", "10", "½", "é", "e\u0301", "日本", "の", "カナ"]
        ),
        st.sampled_from(list("-‐/.:,;'’\"()[]%+*^=<>~@|\\&#_–—…•€°☃")),
        st.sampled_from(
            [
                "..",
                "--",
                "://",
                "www.",
                " ",
                "ส",
                "วั",
                "བོད་",
                "་",
                "\u200d",
                "❤️",
                "a'b",
                "l'a",
                "a-b",
            ]
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=24,
).map("".join)


@settings(deadline=None, max_examples=400)
@given(st.one_of(MIXED, TEXTS), LANGS)
@example("IP/06/123 9%-os --option /etc/fstab open(2) http://a.b/c 5.10.0-8", "eng_Latn")
@example("a1--b a-1-b 1-1-a a:b'c a'b:c ga:a", "slv_Latn")
@example("(\u201eso.\u201c) U.S. USA. 3. m². 5% 5€ $5 C++", "deu_Latn")
@example("第1,000.5回abc12_x、カタカナカタカナカタカナカナ。。", "jpn_Jpan")
@example("2000-2006, 1+2 3-a b-4", "por_Latn")
@example("税込みで食べさせられていたのに、ネットワークカードとﾈｯﾄﾜｰｸ会社名の川崎市", "jpn_Jpan")
@example("\u0301:a \u0301'a Ⓐ-Ⓐ _a ⒶⒷ a\u0301'b", "fra_Latn")
def test_pieces_are_those_of_the_rules(text: str, lang: str) -> None:
    assert found_in(text, lang) == pieces_by_rules(text, lang)


@settings(deadline=None)
@given(st.lists(st.tuples(MIXED, LANGS), max_size=5))
def test_a_document_has_the_pieces_it_has_alone(documents: list[tuple[str, str]]) -> None:
    texts, langs = [text for text, _ in documents], [lang for _, lang in documents]
    pieces = pieces_in(texts, langs)
    for document, (text, lang) in enumerate(documents):
        own = slice(pieces.doc_offsets[document], pieces.doc_offsets[document + 1])
        alone = pieces_in([text], [lang])
        start = len("".join(texts[:document]))
        for part, whole in zip(alone, pieces, strict=True):
            if part is not alone.doc_offsets:
                moved = start if part.dtype == np.int32 else 0
                assert (whole[own] == part + np.array(moved, part.dtype)).all()


@settings(deadline=None)
@given(MIXED, LANGS)
def test_pieces_hold_the_characters_of_the_tokens_and_equal_ones_hash_alike(
    text: str, lang: str
) -> None:
    tokens, pieces = tokenize(characters_of([text])), pieces_in([text], [lang])
    covered = [at for span in zip(pieces.starts, pieces.ends, strict=True) for at in range(*span)]
    assert covered == [
        at for span in zip(tokens.starts, tokens.ends, strict=True) for at in range(*span)
    ]
    strings = [text[a:b] for a, b in zip(pieces.starts, pieces.ends, strict=True)]
    assert len(set(pieces.exact.tolist())) == len(set(strings))
    assert len(set(zip(strings, pieces.exact.tolist(), strict=True))) == len(set(strings))


@pytest.mark.parametrize(
    ("text", "lang", "pieces"),
    [
        ("don't well-known 3-year 2:1", "eng_Latn", "don 't well - known 3 - year 2:1"),
        ("l'homme, qu’un", "fra_Latn", "l' homme , qu’ un"),
        ("E-Mail am 3. Mai.", "deu_Latn", "E-Mail am 3. Mai ."),
        ("il-baħar b'mod", "mlt_Latn", "il- baħar b' mod"),
        ("an-taisce", "gle_Latn", "an - taisce"),
        ("EU:n 9 % 9%-os", "fin_Latn", "EU:n 9 % 9%-os"),
        ("9% (9%)", "hun_Latn", "9% ( 9% )"),
        ("9% (9%)", "eng_Latn", "9 % ( 9 % )"),
        ("IP/06/123 --help /etc/fstab open(2).", "eng_Latn",
         "IP/06/123 --help /etc / fstab open(2 ) ."),
        ("see http://a.org/b?c=d, www.a.org", "eng_Latn", "see http://a.org/b?c=d , www.a.org"),
        ("U.S. e.g. USA. a.", "eng_Latn", "U.S. e.g . USA . a ."),
        ("wait...what a...b x--y", "eng_Latn", "wait ... what a ... b x -- y"),
        ("10+5 a+b key:value", "eng_Latn", "10 + 5 a+b key : value"),
        ("-nya /atau", "ind_Latn", "-nya / atau"),
        ("UTF-8 2-gi a--b 5-a", "pol_Latn", "UTF - 8 2 - gi a -- b 5 - a"),
        ("3.2.1 art.104 1,5 a.b 192.168.1.1 22/tcp", "pol_Latn",
         "3 . 2 . 1 art . 104 1,5 a.b 192.168.1.1 22/tcp"),
        ("第10.1.2回1,000と2.5", "jpn_Jpan", "第 10 . 1 . 2 回 1,000 と 2.5"),
        ("/home ISO-8859 PS/2 --- a.b 1.5, x_y 'a'", "vie_Latn",
         "/ home ISO - 8859 PS / 2 - - - a . b 1.5 , x_y ' a '"),
        ("--name a-b r--", "cat_Latn", "- - name a-b r - -"),
        ("/etc/x și/sau 2006-2010 GNU/Linux", "ron_Latn", "/etc/x și/sau 2006-2010 GNU/Linux"),
        ("5.10.0-8-amd64", "spa_Latn", "5.10.0-8-amd64"),
        ("((a)) **b** ||", "eng_Latn", "( ( a ) ) * * b * * ||"),
        ("第1,000回", "cmn_Hani", "第 1,000 回"),
        ("ヘッドポーター カタカナカタカナ", "jpn_Jpan", "ヘッド ポーター カタカナカタカナ"),
        ("བོད།", "bod_Tibt", "བོད །"),
        ("", "eng_Latn", ""),
    ],
)  # fmt: skip
def test_pieces(text: str, lang: str, pieces: str) -> None:
    assert " ".join(piece for piece, _ in found_in(text, lang)) == pieces


def test_kinds() -> None:
    assert found_in("l'a 9%x (1) !? il-b", "eng_Latn") == [
        ("l", WORD | ALPHABETIC), ("'a", WORD | ALPHABETIC), ("9%x", WORD | ALPHABETIC), ("(", 0),
        ("1", WORD), (")", 0), ("!", 0), ("?", 0), ("il", WORD | ALPHABETIC), ("-", 0),
        ("b", WORD | ALPHABETIC),
    ]  # fmt: skip


def test_the_same_string_is_cut_the_same_way_everywhere() -> None:
    text = "人人生而自由在尊严和权利上一律平等他们赋有理性和良心并应以兄弟关系的精神相对待"
    alone = [piece for piece, _ in found_in(text, "cmn_Hani")]
    behind = [piece for piece, _ in found_in(f"前{text}", "cmn_Hani")]
    assert behind[-len(alone) + 4 :] == alone[4:]
    assert 1.4 < len(text) / len(alone) < 2.2


def test_habits_are_read_by_language_and_script() -> None:
    assert habits_of(["x", "eng_Cyrl", "zxx_Thai", "jpn_Jpan"]).tolist() == [
        0, 1 << HABITS.index("unit"), 1 << HABITS.index("unspaced"),
        1 << HABITS.index("number_dots") | 1 << HABITS.index("symbol_runs")
        | 1 << HABITS.index("unspaced"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "a", "1", ".", "-", "a-", "1-", "a:", "'a", ":", "/", "://", "a/", "(",
        "日", "カ", "\u0301",
        "日a", "a.", "A", "_", "'", " ", "a ", "%", "1,", "\x00", "1-a", "..", "☃",
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["mlt_Latn", "jpn_Jpan"])
def test_many_of_a_kind_take_linear_time(text: str, lang: str) -> None:
    def made(count: int) -> tuple[Characters, Tokens, np.ndarray]:
        characters = characters_of([text * count])
        tokens = tokenize(characters)
        return characters, tokens, token_hashes(characters, tokens)

    assert_linear(lambda made: pieces_of(*made, [lang]), made, 250_000)


def test_one_kernel_is_compiled() -> None:
    pieces_in(["a"], ["x"])
    assert len(_cut_batch.signatures) == 1


def test_no_documents() -> None:
    assert [len(part) for part in pieces_in([], [])] == [0, 0, 0, 0, 1]
