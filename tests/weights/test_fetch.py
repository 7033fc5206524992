"""Files from a web server: whole, in parts, and not at all."""

import hashlib
import resource
import socket

import pytest

from hypersigma.errors import InputError, OutputError, WeightsError
from hypersigma.weights.fetch import fetch
from tests.fakes.hub import serving

CONTENT = bytes(range(256)) * 12_000  # three megabytes: several pieces
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub():
    with serving() as hub:
        hub.files["/file"] = CONTENT
        yield hub


def get(hub, part, **settings):
    steps = []
    fetched = fetch(
        f"{hub.address}/file", part, progress=lambda what, done, total: steps.append((what, done, total)), **settings
    )
    return fetched, steps


def test_a_file_comes_whole_and_is_checked_against_what_the_server_states(hub, tmp_path):
    fetched, steps = get(hub, tmp_path / "new" / "file.pth.part")
    assert (fetched.sha256, fetched.checked_against) == (SHA256, "server")
    assert (tmp_path / "new" / "file.pth.part").read_bytes() == CONTENT
    assert steps[-1] == ("file.pth, MB", 4, 4)
    assert [done for _, done, _ in steps] == [2, 3, 4]
    hub.states_hashes = False
    assert get(hub, tmp_path / "b.part")[0].checked_against is None
    assert get(hub, tmp_path / "c.part", sha256=SHA256)[0].checked_against == "record"


def test_the_token_stays_with_the_hub(hub, tmp_path):
    get(hub, tmp_path / "part", token="secret")
    assert [authorization for _, _, authorization in hub.asked] == ["Bearer secret", None]


def test_a_cut_download_goes_on_where_it_stopped(hub, tmp_path):
    hub.cut_after = 1_500_000
    with pytest.raises(InputError, match=r"cut after 1500000 of 3072000 bytes; run the same command again"):
        get(hub, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT[:1_500_000]
    hub.cut_after = None
    fetched, _ = get(hub, tmp_path / "part", sha256=SHA256)
    assert hub.asked[-1][1] == "bytes=1499999-"
    assert fetched.sha256 == SHA256
    # whole already: a single byte is asked for
    assert get(hub, tmp_path / "part")[0] == fetched.__class__(sha256=SHA256, checked_against="server")
    assert hub.asked[-1][1] == "bytes=3071999-"


def test_a_server_without_ranges_begins_anew(hub, tmp_path):
    hub.knows_ranges = False
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    assert get(hub, tmp_path / "part", sha256=SHA256)[0].sha256 == SHA256


def test_a_part_that_is_too_long_is_deleted(hub, tmp_path):
    (tmp_path / "part").write_bytes(CONTENT + b"more")
    with pytest.raises(InputError, match="longer than this file and is deleted"):
        get(hub, tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_another_file_is_not_even_fetched(hub, tmp_path):
    hub.hashes["/file"] = "0" * 64
    with pytest.raises(WeightsError, match=rf"states the SHA-256 0+, expected {SHA256}; nothing was fetched"):
        get(hub, tmp_path / "part", sha256=SHA256)
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("settings", [{}, {"sha256": "0" * 64}], ids=["stated", "recorded"])
def test_a_wrong_file_is_thrown_away(hub, tmp_path, settings):
    hub.hashes["/file"] = "0" * 64
    (tmp_path / "part").write_bytes(b"of another file")
    with pytest.raises(WeightsError, match=r"has the SHA-256 [0-9a-f]{64}, expected 0{64}; it was thrown away"):
        get(hub, tmp_path / "part", **settings)
    assert not (tmp_path / "part").exists()


def test_hashes_of_another_kind_are_not_taken_for_one(hub, tmp_path):
    hub.hashes["/file"] = "d" * 40
    assert get(hub, tmp_path / "part")[0].checked_against is None


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "404 .*moved or taken back"), (401, "401 .*HF_TOKEN"), (403, "HF_TOKEN"), (503, "503 .*try again later")],
)
def test_a_refusal_says_what_to_do(hub, tmp_path, status, words):
    hub.status = status
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    with pytest.raises(InputError, match=words):
        get(hub, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT[:1000]


def test_no_server(hub, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        hub.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(InputError, match=r"cannot be reached \(.*refused\); check the network"):
            get(hub, tmp_path / "part")


def test_a_full_disk_leaves_what_was_written(hub, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, before[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written .*make room"):
            get(hub, tmp_path / "part")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "part").read_bytes() == CONTENT[: (tmp_path / "part").stat().st_size]
    assert get(hub, tmp_path / "part", sha256=SHA256)[0].sha256 == SHA256
