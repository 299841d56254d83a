"""Files of lists: formats, packing, damage, bounds, checksums; from a disk and over HTTP."""

import gzip
import hashlib
import http.server
import io
import logging
import lzma
import tarfile
import threading
import tracemalloc

import pytest
import zstandard

from filters.rules import Rule
from filters.tables import RULES, TABLES
from filters.url_lists import builtin, listed
from pipeline import config, list_files, lists
from pipeline.config import Config
from pipeline.config_toml import to_toml
from pipeline.errors import ArchiveError, ConfigError
from pipeline.known_lists import KNOWN
from pipeline.storage import StorageOptions

TEXT = (
    b"\xef\xbb\xbfbad.org\r\n# comment\n\n0.0.0.0 worse.org\n"
    b"b\xc3\xbccher.example\nnot an entry\nbad.org/x"
)
PACKED = {
    "plain": TEXT,
    "gzip": gzip.compress(TEXT),
    "gzip members": gzip.compress(TEXT[:20]) + gzip.compress(TEXT[20:]),
    "zstd": zstandard.compress(TEXT),
    "zstd frames": zstandard.compress(TEXT[:20]) + zstandard.compress(TEXT[20:]),
    "xz": lzma.compress(TEXT),
}
UT1 = {
    "blacklists/adult/domains": b"bad.org\nworse.org\n",
    "blacklists/adult/urls": b"mixed.org/bad\n",
    "blacklists/adult/expressions": b"(sex|porn)\n",
    "blacklists/adult/usage": b"black\n",
    "blacklists/bank/domains": b"bank.org\n",
}


def tar(files, kind="gz", links=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{kind}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target, how in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = how, target
            archive.addfile(member)
    return buffer.getvalue()


def named(built, *hosts):
    return listed({"other": built.list}, hosts, [f"http://{host}/bad" for host in hosts])[
        "other"
    ].tolist()


@pytest.mark.parametrize("how", PACKED)
def test_text_plain_and_packed(tmp_path, how):
    path = tmp_path / "list"
    path.write_bytes(PACKED[how])
    found = lists.read_url_list(str(path))
    assert found.sha256 == hashlib.sha256(PACKED[how]).hexdigest()
    assert (found.entries, found.bad, list(found.folders)) == (4, 1, [""])
    assert named(found.folders[""], "a.bad.org", "worse.org", "xn--bcher-kva.example", "x.org") == [
        1, 1, 1, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["", "gz", "xz"])
def test_archives_as_ut1_makes_them(tmp_path, kind):
    path = tmp_path / "all.tar"
    path.write_bytes(tar(UT1, kind, [("blacklists/porn", "adult", tarfile.SYMTYPE)]))
    found = lists.read_url_list(str(path))
    assert {name: built.list.entries for name, built in found.folders.items()} == {
        "adult": 3,
        "bank": 1,
    }
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    adult = lists.read_url_list(str(path), folder="adult")
    assert list(adult.folders) == ["adult"]
    assert adult.sha256 == found.sha256
    assert named(adult.folders["adult"], "bad.org", "mixed.org", "bank.org") == [1, 1, 0]


def test_folders_as_ut1_unpacks_them(tmp_path):
    for name, content in UT1.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    whole = lists.read_url_list(str(tmp_path / "blacklists"))
    assert {name: built.list.entries for name, built in whole.folders.items()} == {
        "adult": 3,
        "bank": 1,
    }
    one = lists.read_url_list(str(tmp_path / "blacklists" / "adult"))
    assert list(one.folders) == [""]
    assert one.sha256 != whole.sha256
    (tmp_path / "blacklists/adult/domains").write_bytes(b"bad.org\nother.org\n")
    assert lists.read_url_list(str(tmp_path / "blacklists" / "adult")).sha256 != one.sha256


def test_an_archive_writes_nothing_and_follows_nothing(tmp_path):
    files = {"../../domains": b"one.org\n", "/etc/domains": b"two.org\n", "domains": b"three.org\n"}
    links = [
        ("adult/domains", "/etc/hosts", tarfile.SYMTYPE),
        ("adult/urls", "../domains", tarfile.LNKTYPE),
        ("bank/domains", "", tarfile.CHRTYPE),
        ("bank/urls", "", tarfile.FIFOTYPE),
    ]
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "list.tar.gz"
    path.write_bytes(tar(files, "gz", links))
    found = lists.read_url_list(str(path))
    assert sum(built.list.entries for built in found.folders.values()) == 3
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "list.tar.gz"]


@pytest.mark.parametrize("how", ["gzip", "zstd", "xz"])
def test_a_cut_file_is_refused(tmp_path, how):
    path = tmp_path / "list"
    path.write_bytes(PACKED[how][:-9])
    with pytest.raises(ConfigError, match="damaged or cut short"):
        lists.read_url_list(str(path))


def test_a_damaged_archive_is_refused(tmp_path):
    path = tmp_path / "list.tar"
    whole = tar(UT1, "")
    path.write_bytes(whole[:700])
    with pytest.raises(ConfigError, match="damaged"):
        lists.read_url_list(str(path))
    path.write_bytes(whole[:1024] + b"\xff" * 512 + whole[1536:])
    with pytest.raises(ConfigError, match="damaged"):
        lists.read_url_list(str(path))


def test_what_is_not_there_is_told(tmp_path):
    for name in ("none", "none/below", "gs://bucket/x"):
        with pytest.raises(ArchiveError):
            lists.read_url_list(name if "://" in name else str(tmp_path / name))


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "xz", "tar"])
def test_more_text_than_a_list_can_have_is_refused_early(tmp_path, monkeypatch, how):
    monkeypatch.setattr(list_files, "MAX_BYTES", 4 << 20)
    text = b"example.org\n" * (2 << 20)
    pack = {
        "plain": lambda: text,
        "gzip": lambda: gzip.compress(text),
        "zstd": lambda: zstandard.compress(text),
        "xz": lambda: lzma.compress(text, preset=0),
        "tar": lambda: tar({"adult/domains": text}),
    }
    path = tmp_path / "list"
    path.write_bytes(pack[how]())
    tracemalloc.start()
    with pytest.raises(ConfigError, match="bytes of text"):
        lists.read_url_list(str(path))
    assert tracemalloc.get_traced_memory()[1] < 32 << 20
    tracemalloc.stop()


def test_more_entries_and_members_than_a_list_can_have_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "list"
    path.write_bytes(b"a.org\n" * 1000)
    monkeypatch.setattr(lists, "MAX_ENTRIES", 999)
    with pytest.raises(ConfigError, match="999 entries"):
        lists.read_url_list(str(path))
    monkeypatch.setattr(list_files, "MAX_MEMBERS", 3)
    path.write_bytes(tar(UT1))
    with pytest.raises(ConfigError, match="more than 3 files"):
        lists.read_url_list(str(path))


@pytest.mark.parametrize("length", [65_536, 65_537, 3 << 20])
def test_a_line_too_long_is_one_bad_entry(tmp_path, length):
    path = tmp_path / "list"
    path.write_bytes(b"a.org\n" + b"x" * length + b"\nb.org\n" + b"y" * length)
    found = lists.read_url_list(str(path))
    assert (found.entries, found.bad) == (2, 2)


def test_lines_are_whole_wherever_a_piece_ends(monkeypatch):
    text = b"".join(b"%d.example.org\n" % number for number in range(100)) + b"last.org"
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr(list_files, "_CHUNK", size)
        pieces = list(list_files.whole_lines(io.BytesIO(text)))
        assert b"".join(pieces) == text + b"\n"
        assert all(piece.endswith(b"\n") for piece in pieces)


# ------------------------------------------------------------------------------ configured lists
def configured(tmp_path, toml):
    path = tmp_path / "own.toml"
    path.write_text(toml)
    return config.load(None, str(path))


def looked_up(tmp_path, toml, rules=TABLES["url"]):
    return lists.derived_lists(configured(tmp_path, toml), rules, StorageOptions())


def test_lists_of_a_configuration_read_back_the_same(tmp_path):
    toml = (
        '[[urls.lists]]\ncategory = "adult"\npath = "a, b.txt"\nfolder = "x"\n'
        f'[[urls.lists]]\ncategory = "optout"\npath = "c"\nsha256 = "{"0" * 64}"\n'
        '[[words.lists]]\npath = "d"\nlang = "fi"\n'
    )
    own = configured(tmp_path, toml)
    assert [file.category for file in own.urls.lists] == ["adult", "optout"]
    again = tmp_path / "again.toml"
    again.write_text(to_toml(own))
    assert config.load(None, str(again)) == own


@pytest.mark.parametrize(
    "toml",
    [
        'category = "nude"\npath = "x"',
        'category = "adult"',
        'category = "adult"\npath = "x"\nsha = "y"',
        'category = "adult"\npath = "x"\nsha256 = "00"',
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(tmp_path, toml):
    with pytest.raises(ConfigError, match=r"urls\.lists\.0"):
        configured(tmp_path, f"[[urls.lists]]\n{toml}\n")


def test_built_in_and_own_lists_are_joined(tmp_path):
    (tmp_path / "own.txt").write_text("own.org\n")
    toml = f'[[urls.lists]]\ncategory = "adult"\npath = "{tmp_path}/own.txt"\n'
    both = looked_up(tmp_path, toml)
    assert both.urls["adult"].entries == builtin()["adult"].entries + 1
    alone = looked_up(tmp_path, f"[urls]\nbuiltin = false\nbuiltin_words = false\n{toml}")
    assert alone.urls["adult"].entries == 1
    assert alone.urls.keys() == {"adult"}
    assert alone.words.of("eng_Latn").soft == frozenset()
    assert alone.made_from != both.made_from


def test_a_changed_list_is_another_fingerprint(tmp_path):
    path = tmp_path / "own.txt"
    toml = f'[[urls.lists]]\ncategory = "adult"\npath = "{path}"\n'
    path.write_text("own.org\n")
    first, again = looked_up(tmp_path, toml), looked_up(tmp_path, toml)
    path.write_text("own.org\nother.org\n")
    assert first.made_from == again.made_from != looked_up(tmp_path, toml).made_from


def test_no_list_is_read_for_rules_that_look_at_none(tmp_path, caplog):
    toml = '[[urls.lists]]\ncategory = "gambling"\npath = "none"\n'
    with caplog.at_level(logging.WARNING):
        assert looked_up(tmp_path, toml, [RULES["gopher.word_count"]]) is None
        looked_up(tmp_path, toml, [RULES["url.adult"]])
    assert caplog.text.count("the rules lack url.gambling") == 2


def test_a_list_brings_the_rule_that_looks_at_it(tmp_path):
    toml = 'preset = "fineweb"\n[[urls.lists]]\ncategory = "optout"\npath = "x"\n'
    own, preset = configured(tmp_path, toml), config.load("fineweb")
    assert own.rules.order == ("url.optout", *preset.rules.order)
    again = configured(tmp_path, to_toml(own))
    assert again == own
    without = configured(tmp_path, toml + '[rules]\nwithout = ["url.optout"]\n')
    assert without.rules.order == preset.rules.order


def test_what_is_wrong_with_a_list_is_told(tmp_path, caplog):
    path = tmp_path / "list"
    head = f'[[urls.lists]]\ncategory = "adult"\npath = "{path}"\n'
    path.write_bytes(tar(UT1))
    with pytest.raises(ConfigError, match=r"several lists.*adult, bank"):
        looked_up(tmp_path, head)
    assert looked_up(tmp_path, f'{head}folder = "adult"\n').urls["adult"].entries > 3
    with pytest.raises(ConfigError, match="names no site and no page in folder 'none'"):
        looked_up(tmp_path, f'{head}folder = "none"\n')
    with pytest.raises(ConfigError, match=r"has SHA-256 \w{64}, the configuration names 0{64}"):
        looked_up(tmp_path, f'{head}folder = "adult"\nsha256 = "{"0" * 64}"\n')
    path.write_bytes(b"# nothing\n")
    with pytest.raises(ConfigError, match="names no site and no page"):
        looked_up(tmp_path, head)
    path.write_bytes(b"good.org\nsecret words here\nmore secret words\n")
    with caplog.at_level(logging.WARNING):
        looked_up(tmp_path, head)
    assert "2 entries name neither a site nor a page" in caplog.text
    assert "secret" not in caplog.text


def test_words_of_urls_may_be_added(tmp_path):
    lines = ("fin_Latn\tsoft\thuono", "*\thard\tworse", "plain", "# no", "bad\tx")
    (tmp_path / "words.tsv").write_text("\n".join(lines))
    toml = f'[[urls.word_lists]]\npath = "{tmp_path}/words.tsv"\n'
    words = looked_up(tmp_path, toml).words
    assert {"worse", "plain"} <= words.of("eng_Latn").hard
    assert "huono" in words.of("fin_Latn").soft
    (tmp_path / "words.tsv").write_text("# nothing\n")
    with pytest.raises(ConfigError, match="holds no word"):
        looked_up(tmp_path, toml)


def test_known_lists_have_categories_addresses_and_a_licence():
    for known in KNOWN.values():
        assert known.category in lists.url_lists.CATEGORIES
        assert known.address.startswith("https://dsi.ut-capitole.fr/blacklists/download/")
        assert known.licence == "CC BY-SA 4.0"
        assert known.meaning


def test_presets_that_look_at_lists_do_without_a_file():
    for name in config.presets():
        preset: Config = config.load(name)
        rules: tuple[Rule, ...] = preset.rules.table()
        lists.derived_lists(preset, rules, StorageOptions())


class _Server(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_list_over_http(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "adult.tar.gz").write_bytes(tar(UT1))

    def handler(*arguments):
        return _Server(*arguments, directory=str(tmp_path))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = lists.read_url_list(
            f"http://127.0.0.1:{server.server_port}/adult.tar.gz", folder="adult"
        )
        server.shutdown()
    assert found.entries == 3
