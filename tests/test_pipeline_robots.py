"""robots.txt from archives and folders: which answer binds, what a configuration makes of it."""

import gzip
import logging

import pytest

from filters.robots import MAX_BYTES
from filters.robots_sites import NONE, disallowed
from filters.tables import RULES, TABLES
from filters.urls import host
from pipeline import config, lists
from pipeline.config_toml import to_toml
from pipeline.errors import ConfigError
from pipeline.robots import read_robots
from pipeline.storage import StorageOptions

CLOSED = b"User-agent: *\nDisallow: /\n"
OPEN = b"User-agent: *\nDisallow:\n"


def answer(url, body=b"", status=200, date="2025-03-01T00:00:00Z", kind="response", **headers):
    """A record of an archive, as a gzip member."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    block = f"HTTP/1.1 {status} X\r\n{fields}\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n")


@pytest.fixture
def archive(tmp_path):
    def write(*records, name="robots.warc.gz"):
        path = tmp_path / name
        path.write_bytes(b"".join(records))
        return str(path)

    return write


def closed(found, *urls):
    return disallowed(found.sites, [host(url) for url in urls], urls).tolist()


def read(*paths, agents=("CCBot",)):
    return read_robots(paths, agents)


def test_answers_bind_their_own_origin(archive):
    found = read(
        archive(
            answer("https://a.org/robots.txt", CLOSED),
            answer("https://a.org/page", CLOSED),
            answer("https://b.org:8080/robots.txt", CLOSED),
            answer("https://c.org/robots.txt", CLOSED, kind="request"),
            answer("https://d.org/sub/robots.txt", CLOSED),
            answer("https://e.org/robots.txt", OPEN),
        )
    )
    assert found.answered == 3
    assert found.sites.robots.keys() == {"https://a.org", "https://b.org:8080"}
    urls = ["https://a.org/x", "http://a.org/x", "https://b.org/", "https://b.org:8080/"]
    assert closed(found, *urls, "https://a.org/robots.txt") == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, 1), (203, 1), (404, 0), (403, 0), (429, 0), (500, 1), (503, 1), (304, 0)],
)
def test_statuses(archive, status, expected):
    asked = answer("http://a.org/robots.txt", CLOSED, status)
    found = read(archive(asked, answer("http://b.org/robots.txt")))
    assert closed(found, "http://a.org/x") == [expected]


def test_the_newest_answer_binds_in_any_order(archive):
    old = answer("http://a.org/robots.txt", CLOSED, date="2025-01-01T00:00:00Z")
    new = answer("http://a.org/robots.txt", OPEN, date="2025-06-01T00:00:00Z")
    undated = answer("http://a.org/robots.txt", CLOSED, date="never")
    first, second = archive(new, undated, name="1.warc.gz"), archive(old, name="2.warc.gz")
    for paths in ([first, second], [second, first]):
        assert closed(read(*paths), "http://a.org/") == [0]
    assert closed(read(second), "http://a.org/") == [1]


def test_redirects_lead_to_other_answers(archive):
    def moved(name, to):
        return answer(f"http://{name}.org/robots.txt", status=301, Location=to)

    found = read(
        archive(
            answer("https://end.org/robots.txt", CLOSED),
            moved("a", "https://end.org/robots.txt"),
            moved("b", "//a.org/robots.txt"),
            moved("c", "https://end.org/"),
            moved("d", "https://none.org/robots.txt"),
            moved("e", "http://e.org/robots.txt"),
            moved("f", "http://[/robots.txt"),
            *(moved(f"n{i}", f"http://n{i - 1}.org/robots.txt") for i in range(1, 7)),
            moved("n0", "https://end.org/robots.txt"),
        )
    )
    urls = [f"http://{name}.org/x" for name in "abcdef"]
    assert closed(found, *urls) == [1, 1, 0, 0, 0, 0]
    assert closed(found, *(f"http://n{i}.org/x" for i in range(7))) == [1] * 5 + [0] * 2


def test_bodies_as_servers_send_them(archive, caplog):
    long = b"User-agent: *\n#" + b"x" * MAX_BYTES + b"\nDisallow: /\n"
    headers = {"Content-Encoding": "gzip"}
    with caplog.at_level(logging.WARNING):
        found = read(
            archive(
                answer("http://a.org/robots.txt", gzip.compress(CLOSED), **headers),
                answer("http://b.org/robots.txt", long),
                answer("http://c.org/robots.txt", b"\x8b\1\x80" * 9, **{"Content-Encoding": "br"}),
                b"garbage",
                answer("http://d.org/robots.txt", CLOSED),
            )
        )
    assert closed(found, *(f"http://{name}.org/x" for name in "abd")) == [1, 0, 1]
    assert "1 damaged places" in caplog.text
    assert "1 answers for robots.txt cannot be understood" in caplog.text
    assert found.answered == 3


def test_sites_with_the_same_rules_share_them(archive):
    found = read(archive(*(answer(f"http://{i}.org/robots.txt", CLOSED) for i in range(9))))
    assert len({id(robots) for robots in found.sites.robots.values()}) == 1


def test_files_named_by_host_go_before_archives(tmp_path, archive):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "A.org.txt").write_bytes(OPEN)
    (folder / "b.org.txt").write_bytes(CLOSED)
    (folder / "readme.md").write_bytes(CLOSED)
    records = archive(answer("http://a.org/robots.txt", CLOSED))
    for paths in ([str(folder), records], [records, f"file://{folder}"]):
        assert closed(read(*paths), "http://a.org/", "https://b.org/", "http://b.org/") == [0, 1, 1]
    assert closed(read(str(tmp_path)), "http://a.org/") == [1], "a folder of archives"


def test_what_cannot_be_read_is_told(tmp_path, archive):
    with pytest.raises(ConfigError, match=r"none\.warc\.gz: missing"):
        read(str(tmp_path / "none.warc.gz"))
    with pytest.raises(ConfigError, match=r"holds no robots\.txt"):
        read(archive(answer("http://a.org/", CLOSED)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="missing"):
        read(str(tmp_path / "empty"))


def configured(tmp_path, toml):
    path = tmp_path / "own.toml"
    path.write_text(toml)
    return config.load(None, str(path))


def looked_up(own, rules=TABLES["url"]):
    return lists.derived_lists(own, rules, StorageOptions())


def test_a_configuration_names_archives_and_crawlers(tmp_path, archive):
    path = archive(answer("http://a.org/robots.txt", b"User-agent: GPTBot\nDisallow: /\n"))
    one = configured(tmp_path, f'[urls]\nrobots = ["{path}"]\n')
    assert one.urls.robots_agents == ("CCBot",)
    both = configured(tmp_path, f'[urls]\nrobots = ["{path}"]\nrobots_agents = ["CCBot", "GPTBot"]')
    again = configured(tmp_path, to_toml(both))
    assert again == both
    found = [looked_up(own) for own in (one, both)]
    assert [closed_by(lists_, "http://a.org/") for lists_ in found] == [0, 1]
    assert found[0].made_from != found[1].made_from
    assert found[1].made_from["robots_agents"] == ["CCBot", "GPTBot"]
    assert path not in str(found[1].made_from)


def closed_by(own, url):
    return disallowed(own.robots, [host(url)], [url])[0]


def test_other_rules_are_another_fingerprint_another_place_is_not(tmp_path, archive):
    records = [answer(f"http://{name}.org/robots.txt", CLOSED) for name in "ab"]
    moved, first = archive(*records[::-1], name="2.warc.gz"), archive(*records)
    made = [
        looked_up(configured(tmp_path, f'[urls]\nrobots = ["{path}"]\n')).made_from
        for path in (first, moved, archive(records[0], name="3.warc.gz"))
    ]
    assert made[0] == made[1] != made[2]


def test_without_robots_nothing_is_forbidden_and_fingerprints_stay(tmp_path):
    found = looked_up(config.load("hplt"))
    assert found.robots == NONE
    assert not {"robots", "robots_agents"} & found.made_from.keys()
    assert "url.robots" in config.load("hplt").rules.order


def test_robots_bring_their_rule_unless_it_is_left_out(tmp_path, caplog):
    toml = 'preset = "gopher"\n[urls]\nrobots = ["none"]\n'
    own = configured(tmp_path, toml)
    assert own.rules.order == ("url.robots", *config.load("gopher").rules.order)
    without = configured(tmp_path, toml + '[rules]\nwithout = ["url.robots"]\n')
    assert without.rules.order == config.load("gopher").rules.order
    with caplog.at_level(logging.WARNING):
        assert looked_up(without, [RULES["gopher.word_count"]]) is None
    assert "the rules lack url.robots" in caplog.text


@pytest.mark.parametrize("agents", ["[]", '[""]', '["*bot"]', '["CCBot", "()"]'])
def test_names_that_are_no_crawlers_are_refused(tmp_path, agents):
    with pytest.raises(ConfigError, match=r"urls\.robots_agents"):
        configured(tmp_path, f"[urls]\nrobots_agents = {agents}\n")
