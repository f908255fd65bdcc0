"""MovieLens' newer data sets by name: half stars, nothing on the users, read as one's own are."""

import io
import zipfile
from hashlib import md5, sha256

import pytest

from reelbook.__main__ import main
from reelbook.build.plan import read_plan
from reelbook.data import layouts, sources, store
from reelbook.data.names import DATASETS, DOCUMENTED, MANY
from reelbook.errors import ReelbookError

CSV = {
    "ratings.csv": "userId,movieId,rating,timestamp\r\n"
    "2,10,3.5,881250949\r\n1,20,5.0,881250950\r\n",
    "movies.csv": 'movieId,title,genres\r\n10,"Land, The (1995)",War|Drama\r\n20,Café (1990),'
    "(no genres listed)\r\n",
    "links.csv": "movieId,imdbId,tmdbId\r\n10,0114709,862\r\n",
    "tags.csv": "userId,movieId,tag,timestamp\r\n2,10,funny,881250949\r\n",
    "README.txt": "Summary\r\n",
}
DAT = {
    "ratings.dat": "2::10::3.5::881250949\n1::20::5::881250950\n",
    "movies.dat": "10::Land, The (1995)::War|Drama\n20::Café (1990)::(no genres listed)\n",
    "tags.dat": "2::10::funny::881250949\n",
}
NEWER = [name for name in DATASETS if name not in DOCUMENTED]
FILES = dict.fromkeys(NEWER, CSV) | {"ml-10m": DAT}


@pytest.fixture(autouse=True)
def own_build(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("REELBOOK_DATA", raising=False)


def pack(dataset):
    """GroupLens' archive, cut down to two ratings."""
    inner = "ml-10M100K" if dataset == "ml-10m" else dataset
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in FILES[dataset].items():
            archive.writestr(f"{inner}/{name}", text)
    return content.getvalue()


def check_tables(data):
    assert data.ratings["rating"].tolist() == [3.5, 5]
    assert data.movies["title"].tolist() == ["Land, The", "Café"]
    assert data.movies["genres"].tolist() == [["War", "Drama"], []]
    assert data.traits == {"stars", "times", "titles", "years", "genres"}


@pytest.mark.parametrize("dataset", NEWER)
def test_a_folder_or_a_zip_is_read_and_its_note_says_what_it_lacks(dataset, tmp_path, monkeypatch):
    (tmp_path / "x.zip").write_bytes(pack(dataset))
    zipfile.ZipFile(tmp_path / "x.zip").extractall(tmp_path / "data")
    for path in (tmp_path / "x.zip", tmp_path / "data", *(tmp_path / "data").iterdir()):
        monkeypatch.setenv("REELBOOK_DATA", str(path))
        data = store.load(dataset)
        check_tables(data)
        assert data.note.startswith(f"2 of the {store.PUBLISHED_COUNTS[dataset]['ratings']:,} rat")
        assert "UTF-8" not in data.source


@pytest.mark.parametrize("dataset", NEWER)
def test_the_archive_is_fetched_and_checked(dataset, monkeypatch, serve):
    content = pack(dataset)
    is_md5 = sources.ARCHIVE_CHECKSUMS[dataset].startswith("md5:")
    checksum = f"md5:{md5(content).hexdigest()}" if is_md5 else sha256(content).hexdigest()
    monkeypatch.setitem(sources.ARCHIVE_CHECKSUMS, dataset, checksum)
    monkeypatch.setattr(sources, "ARCHIVE_URL", serve(content))
    data = store.load(dataset)
    check_tables(data)
    assert data.note == ""
    assert data.source == f"GroupLens' archive {dataset}.zip"


def test_an_archive_with_another_md5_is_refused(tmp_path, serve):
    with pytest.raises(ReelbookError, match="its MD5 is not the expected one; refused"):
        sources.download(serve(b"x"), tmp_path / "x.zip", f"md5:{'0' * 32}", progress=False)


def test_what_these_data_lack_leaves_chapters_out(tmp_path, monkeypatch):
    (tmp_path / "x.zip").write_bytes(pack("ml-latest-small"))
    monkeypatch.setenv("REELBOOK_DATA", str(tmp_path / "x.zip"))
    store.prepare("ml-latest-small")
    plan = read_plan("own", "ml-latest-small")
    assert (plan.name, plan.dataset) == ("ml-latest-small", "ml-latest-small")
    assert plan.lacks == ["people", MANY, "credits", "documents"]
    assert "06_baselines" not in plan.notebooks
    assert plan.left_out["08_recommend"] == [MANY]


def test_options_are_for_files_of_ones_own(capsys):
    assert main(["data", "ml-20m", "--repeated", "last"]) == 1
    assert "give their folder or zip" in capsys.readouterr().err


def test_every_named_data_set_is_known_everywhere():
    archives = set(DATASETS) - {"made-up"}
    assert archives == layouts.DATASET_LAYOUTS.keys() == sources.ARCHIVE_CHECKSUMS.keys()
    assert archives == store.PUBLISHED_COUNTS.keys()
    assert sources.ARCHIVE_BYTES.keys() <= archives
