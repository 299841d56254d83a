import threading
from contextlib import suppress

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.storage import StorageOptions


@pytest.fixture(scope="module")
def s3_endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["local", "s3"])
def folder(request, tmp_path, monkeypatch):
    if request.param == "local":
        return Folder(str(tmp_path / "out"))
    endpoint = request.getfixturevalue("s3_endpoint")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    bucket = f"bucket-{tmp_path.name.replace('_', '-').lower()}"[:60]
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket=bucket)
    return Folder(f"s3://{bucket}/out", StorageOptions(endpoint_url=endpoint, region="us-east-1"))


def test_create_is_once_only(folder):
    assert folder.create("commits/a.json", b"first")
    assert not folder.create("commits/a.json", b"second")
    assert folder.read("commits/a.json") == b"first"


def test_of_many_creators_one_wins(folder):
    won = []
    barrier = threading.Barrier(8)

    def create(number):
        barrier.wait()
        if folder.create("commits/race.json", b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b"%d" % n for n in won] == [folder.read("commits/race.json")]


def test_replace_delete_list_and_move(folder):
    assert folder.list("t") == []
    folder.replace("t/a/1", b"one")
    folder.replace("t/a/1", b"three")
    folder.replace("t/b", b"2")
    assert folder.list("t") == [("t/a/1", 5), ("t/b", 1)]
    folder.move_folder("t", "moved/t")
    assert folder.list("t") == []
    assert folder.read("moved/t/a/1") == b"three"
    folder.delete("moved/t/b")
    folder.delete("moved/t/b")
    assert not folder.exists("moved/t/b")
    folder.delete_folder("moved")
    folder.delete_folder("moved")
    assert folder.list("moved") == []
    with pytest.raises(FileNotFoundError):
        folder.read("moved/t/a/1")


def test_an_output_is_a_folder_or_s3():
    with pytest.raises(ConfigError, match="s3://bucket/prefix"):
        _ = Folder("https://example.org/out").base


def test_leftovers_that_cannot_go_yet_are_left(tmp_path):
    folder = Folder(str(tmp_path))
    folder.replace("scratch/a", b"1")
    folder.sweep_folder("scratch")
    folder.sweep_folder("scratch")
    assert folder.list("scratch") == []
    busy = threading.Event()

    def write():
        number = 0
        while not busy.is_set():
            number += 1
            with suppress(FileNotFoundError):  # its folder went between two steps
                folder.replace(f"scratch/run/{number}", b"")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            folder.sweep_folder("scratch")
    finally:
        busy.set()
        writer.join()
    folder.sweep_folder("scratch")
    assert folder.list("scratch") == []
