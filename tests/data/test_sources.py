import io
import stat
import subprocess
import zipfile
from hashlib import sha256
from pathlib import Path

import pooch
import pytest
from server import FileServer

from reelbook.data import layouts, sources
from reelbook.errors import ReelbookError

FILES_100K = {"u.data": b"1\t1\t3\t880000000\n", "u.item": b"item\n", "u.user": b"user\n"}


@pytest.fixture(autouse=True)
def own_build(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("REELBOOK_DATA", raising=False)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise ReelbookError("the network is down")

    monkeypatch.setattr(sources, "download", refuse)
    monkeypatch.setattr(sources, "fetch_wheel", refuse)


def make_folder(path: Path, files: dict[str, bytes] = FILES_100K) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("inner", ["", "ml-100k"])
def test_folder_itself_or_its_parent_is_read(tmp_path, monkeypatch, inner):
    make_folder(tmp_path / "data" / inner)
    monkeypatch.setenv("REELBOOK_DATA", str(tmp_path / "data"))
    found = sources.find_source("ml-100k")
    assert (found.layout, found.files, found.verified) == ("grouplens-100k", FILES_100K, False)
    assert str(tmp_path) not in found.description


def test_zip_is_read_from_any_inner_folder(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "x.zip", {f"ml-100k/{n}": c for n, c in FILES_100K.items()})
    monkeypatch.setenv("REELBOOK_DATA", str(archive))
    found = sources.find_source("ml-100k")
    assert found.files == FILES_100K
    assert not found.verified


def test_zip_with_the_publishers_checksum_is_verified(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "x.zip", FILES_100K)
    checksum = sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setitem(sources.ARCHIVE_CHECKSUMS, "ml-100k", checksum)
    monkeypatch.setenv("REELBOOK_DATA", str(archive))
    assert sources.find_source("ml-100k").verified


@pytest.mark.parametrize(
    "member", ["../u.data", "/etc/u.data", "ml-100k/../../u.data", "..\\u.data", "C:\\u.data"]
)
def test_zip_that_climbs_out_is_refused(tmp_path, member):
    archive = make_zip(tmp_path / "x.zip", {**FILES_100K, member: b"x"})
    with pytest.raises(ReelbookError, match=r"climbs out"):
        layouts.read_zip(archive, ["grouplens-100k"])


def test_zip_with_a_link_is_refused(tmp_path):
    """Before, the path it points to was read as the ratings."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        link = zipfile.ZipInfo("u.data")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ReelbookError, match="refused, its member 'u.data' is a link"):
        layouts.read_zip(tmp_path / "x.zip", ["grouplens-100k"])


def test_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(layouts, "MAX_SIZE", 10**6)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("u.data", bytes(2 * 10**6))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(ReelbookError, match="refused, its member 'u.data' unpacks to 2,000,000 b"):
        layouts.read_zip(tmp_path / "x.zip", ["grouplens-100k"])


def test_damaged_zip_is_an_error(tmp_path):
    archive = make_zip(tmp_path / "x.zip", FILES_100K)
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(ReelbookError, match="not a readable zip"):
        layouts.read_zip(archive, ["grouplens-100k"])


def test_altered_zip_member_is_an_error(tmp_path):
    archive = make_zip(tmp_path / "x.zip", FILES_100K)
    archive.write_bytes(archive.read_bytes().replace(b"1\t1\t3", b"1\t1\t4"))
    with pytest.raises(ReelbookError, match="not a readable zip"):
        layouts.read_zip(archive, ["grouplens-100k"])


def test_named_path_that_is_not_there_does_not_fall_through(tmp_path, monkeypatch, no_network):
    monkeypatch.setenv("REELBOOK_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ReelbookError, match="no such folder or zip"):
        sources.find_source("ml-100k")


def test_incomplete_layout_names_the_missing_file(tmp_path, monkeypatch, no_network):
    folder = make_folder(tmp_path / "data")
    (folder / "u.item").unlink()
    monkeypatch.setenv("REELBOOK_DATA", str(folder))
    with pytest.raises(ReelbookError, match=r"u\.item missing"):
        sources.find_source("ml-100k")


@pytest.mark.parametrize("pack", [make_folder, make_zip])
def test_another_layout_than_the_named_one_does_not_fall_through(
    tmp_path, monkeypatch, no_network, pack
):
    monkeypatch.setenv("REELBOOK_DATA", str(pack(tmp_path / "data", FILES_100K)))
    message = "holds u.data, u.item, u.user, but not ratings.dat.*; it looks like ml-100k; correct"
    with pytest.raises(ReelbookError, match=message):
        sources.find_source("ml-1m")


@pytest.mark.parametrize("pack", [make_folder, make_zip])
@pytest.mark.parametrize(
    "rename",
    [
        str.upper,
        lambda name: f"other name/{name}",
        lambda name: f"other\\{name}",
        lambda name: f"ML-100K/{name.title()}",
    ],
    ids=["capitals", "folder below", "backslash", "capitals below"],
)
def test_files_are_read_from_below_and_in_other_letters(tmp_path, monkeypatch, pack, rename):
    """Before, the files had to stand there in these letters, or in a folder called ml-100k."""
    files = {rename(name): content for name, content in FILES_100K.items()}
    monkeypatch.setenv("REELBOOK_DATA", str(pack(tmp_path / "data", files)))
    assert sources.find_source("ml-100k").files == FILES_100K


def test_files_in_the_folder_above_are_named(tmp_path, monkeypatch, no_network):
    folder = make_folder(tmp_path / "data", {**FILES_100K, "allbut.pl/readme": b"x"})
    monkeypatch.setenv("REELBOOK_DATA", str(folder / "allbut.pl"))
    with pytest.raises(ReelbookError, match="the folder above holds it: name that one"):
        sources.find_source("ml-100k")


@pytest.mark.parametrize("pack", [make_folder, make_zip])
def test_of_two_folders_none_is_taken_silently(tmp_path, monkeypatch, no_network, pack):
    files = {f"{copy}/{n}": c for copy in ("new", "old") for n, c in FILES_100K.items()}
    monkeypatch.setenv("REELBOOK_DATA", str(pack(tmp_path / "data", files)))
    with pytest.raises(ReelbookError, match="holds the files twice, in new and old; name one"):
        sources.find_source("ml-100k")


OTHERS = [
    ({"ratings.csv": b"userId,movieId,rating,timestamp\n", "movies.csv": b""}, "ml-20m or ml-25m"),
    ({"ratings.dat": b"", "movies.dat": b"", "tags.dat": b""}, "ml-10m"),
    ({"BX-Book-Ratings.csv": b'"User-ID";"ISBN";"Book-Rating"\r\n'}, "Book-Crossing.* DATA="),
    ({"ratings.txt": b"1 1 2\n", "trust.txt": b""}, "FilmTrust; as ratings of your own: make book"),
    ({"ratings.csv": b"Date,Name,Year,Letterboxd URI,Rating\n"}, "Letterboxd: .*--ratings FILE"),
    ({"mine.csv": b"Const,Your Rating,Date Rated\n"}, "an export from IMDb: .* recommend"),
]


@pytest.mark.parametrize("pack", [make_folder, make_zip])
@pytest.mark.parametrize(("files", "look"), OTHERS)
def test_another_layout_is_named_with_what_takes_it(
    tmp_path, monkeypatch, no_network, pack, files, look
):
    monkeypatch.setenv("REELBOOK_DATA", str(pack(tmp_path / "data", files)))
    with pytest.raises(ReelbookError, match=f"it looks like .*{look}.*; correct or unset it"):
        sources.find_source("ml-1m")


def test_a_table_of_any_look_may_be_ratings_of_ones_own(tmp_path, monkeypatch, no_network):
    """Before, a folder of someone's own ratings was refused without a word on how to use it."""
    path = make_folder(tmp_path / "shop", {"sold.tsv": b"1\t2\t3\n"})
    monkeypatch.setenv("REELBOOK_DATA", str(path))
    with pytest.raises(ReelbookError, match=f"as ratings of your own: make book DATA={path}"):
        sources.find_source("ml-1m")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("u.data", b"1\t1\t3\t880000000\n", "a file alone; name the folder that holds it"),
        ("ratings.csv", b"Date,Name,Year,Letterboxd URI,Rating\n", "an export from Letterboxd"),
        ("ratings.dat", b"1::1::3\n", "ratings of your own: make book DATA="),
        ("notes", b"", "not a readable zip"),
    ],
)
def test_a_file_that_is_no_zip(tmp_path, monkeypatch, no_network, name, content, message):
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("REELBOOK_DATA", str(tmp_path / name))
    with pytest.raises(ReelbookError, match=message):
        sources.find_source("ml-100k")


def test_all_failures_are_told_once(no_network):
    with pytest.raises(ReelbookError) as failed:
        sources.find_source("ml-1m")
    message = str(failed.value)
    assert "REELBOOK_DATA: not set" in message
    assert message.count("the network is down") == 1
    assert "set REELBOOK_DATA" in message


def test_wheel_is_the_last_road_to_ml_100k_only(monkeypatch, tmp_path, no_network):
    members = {f"recbole/x/{n}": b"x\n" for n in layouts.LAYOUTS["recbole-100k"]}
    wheel = make_zip(tmp_path / "recbole.whl", members)
    monkeypatch.setattr(sources, "fetch_wheel", lambda **_: wheel)
    assert sources.find_source("ml-100k").layout == "recbole-100k"
    with pytest.raises(ReelbookError, match="no source has ml-1m"):
        sources.find_source("ml-1m")


def test_download_arrives_whole_and_is_kept(serve, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    make_zip(buffer, FILES_100K)
    content = buffer.getvalue()
    monkeypatch.setattr(sources, "ARCHIVE_URL", serve(content))
    monkeypatch.setitem(sources.ARCHIVE_CHECKSUMS, "ml-100k", sha256(content).hexdigest())
    assert sources.find_source("ml-100k", progress=False).verified
    monkeypatch.setattr(sources, "ARCHIVE_URL", "http://127.0.0.1:1/gone.zip")
    assert sources.find_source("ml-100k", progress=False).files == FILES_100K


@pytest.mark.parametrize(
    ("content", "announced", "status", "message"),
    [
        (b"half", 8, 200, "4 bytes read, 4 more expected"),
        (b"other", None, 200, "SHA-256"),
        (b"", None, 404, "404|Not Found"),
    ],
)
def test_bad_download_leaves_nothing(
    serve, tmp_path, monkeypatch, content, announced, status, message
):
    monkeypatch.setattr(sources, "RETRIES", 0)
    target = tmp_path / "x.zip"
    with pytest.raises(ReelbookError, match=message):
        sources.download(serve(content, announced, status), target, "0" * 64, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_unreachable_server_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "RETRIES", 0)
    url = "http://127.0.0.1:1/x.zip"
    with pytest.raises(ReelbookError, match=f"^{url}: .*Connection refused$"):
        sources.download(url, tmp_path / "x.zip", "0" * 64, progress=False)


def test_a_download_that_breaks_off_is_tried_again(serve, tmp_path, monkeypatch):
    contents = [b"half", b"whole"]
    url = serve(b"", announced=5)

    def answer(self):
        self.content = contents.pop(0)
        send(self)

    send = FileServer.do_GET
    monkeypatch.setattr(FileServer, "do_GET", answer)
    sources.download(url, tmp_path / "x.zip", sha256(b"whole").hexdigest(), progress=False)
    assert (tmp_path / "x.zip").read_bytes() == b"whole"
    assert contents == []


def test_interrupted_download_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(self, url, path, folder):
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sources.download("http://127.0.0.1:1/x.zip", tmp_path / "x.zip", "0" * 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("returncode", "stderr", "message"),
    [(1, "ERROR: No matching distribution", "No matching distribution"), (0, "", "ended with")],
)
def test_failure_of_pip_is_told(monkeypatch, returncode, stderr, message):
    done = subprocess.CompletedProcess([], returncode, "", stderr)
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: done)
    with pytest.raises(ReelbookError, match=message):
        sources.fetch_wheel(progress=False)


def test_another_wheel_than_the_pinned_one_is_refused(monkeypatch, tmp_path):
    def fetch(command, **_):
        folder = next(word for word in command if word.startswith("--dest=")).removeprefix(
            "--dest="
        )
        (Path(folder) / sources.WHEEL_NAME).write_bytes(b"altered")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", fetch)
    with pytest.raises(ReelbookError, match="not the expected one"):
        sources.fetch_wheel(progress=False)
    assert not list(sources.get_downloads_dir().iterdir())
