import errno
import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from layouts import GROUPLENS_1M, GROUPLENS_100K, RECBOLE_100K, flags

from reelbook.data import layouts, parsing, sources, store, synthetic
from reelbook.data.sources import SourceFiles
from reelbook.errors import ReelbookError
from reelbook.report.inventory import list_data
from reelbook.report.tables import describe_dataset

ITEM = f"9|Unseen (1995)|||x|{flags('War')}\n".encode()
NAMES = ["ratings", "users", "movies"]


@pytest.fixture(autouse=True)
def own_build(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("REELBOOK_DATA", raising=False)


@pytest.fixture
def small_100k(tmp_path, monkeypatch):
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in GROUPLENS_100K.items():
        (folder / name).write_bytes(content)
    monkeypatch.setenv("REELBOOK_DATA", str(folder))
    return folder


def test_load_prepares_and_gives_back_what_was_parsed(small_100k):
    dataset = store.load("ml-100k")
    parsed = parsing.parse("grouplens-100k", GROUPLENS_100K)
    for name in NAMES:
        pd.testing.assert_frame_equal(getattr(dataset, name), getattr(parsed, name))
    assert dataset.sha256 == store.compute_fingerprint(parsed)
    assert all(isinstance(genres, list) for genres in dataset.movies["genres"])
    assert "folder that REELBOOK_DATA names" in dataset.source


def test_tables_need_no_source_any_more(small_100k, monkeypatch):
    first = store.load("ml-100k")
    monkeypatch.delenv("REELBOOK_DATA")
    shutil.rmtree(small_100k)
    monkeypatch.setattr(sources, "find_source", lambda *args, **kwargs: pytest.fail("asked for"))
    assert store.load("ml-100k").sha256 == first.sha256


def test_a_source_that_is_named_has_to_be_there_even_beside_good_tables(small_100k, monkeypatch):
    store.load("ml-100k")
    monkeypatch.setenv("REELBOOK_DATA", "/nowhere")
    for ask in (store.load, store.prepare):
        with pytest.raises(ReelbookError, match="REELBOOK_DATA=/nowhere: no such folder or zip"):
            ask("ml-100k")
    assert store.load("made-up").note  # which has no source


@pytest.mark.parametrize("ask", [store.load, store.prepare])
def test_other_files_under_reelbook_data_replace_the_tables(small_100k, monkeypatch, tmp_path, ask):
    first = store.load("ml-100k")
    other = tmp_path / "other"
    shutil.copytree(small_100k, other)
    rows = (other / "u.data").read_bytes().splitlines(keepends=True)
    (other / "u.data").write_bytes(b"".join(rows[:-1]))
    monkeypatch.setenv("REELBOOK_DATA", str(other))
    ask("ml-100k")
    monkeypatch.delenv("REELBOOK_DATA")  # what is there and whole needs no source
    second = store.load("ml-100k")
    assert len(second.ratings) == len(first.ratings) - 1
    assert second.sha256 != first.sha256


def test_tables_of_older_parsers_are_prepared_anew(small_100k, monkeypatch):
    before = store.load("ml-100k")
    record = store.get_data_dir("ml-100k") / "data.json"
    record.write_text(record.read_text().replace('"code": "', '"code": "0lder'))
    assert store.load("ml-100k").sha256 == before.sha256
    assert "0lder" not in record.read_text()


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ReelbookError, match="'ml-200k'.*ml-100k, ml-1m, made-up"):
        store.load("ml-200k")


@pytest.mark.parametrize("name", [*NAMES, "people"])
@pytest.mark.parametrize("damage", ["altered", "truncated", "missing"])
def test_a_damaged_table_is_written_anew_by_itself(name, damage):
    """Before, `load` told a person to delete the folder, and lost directors and stars silently."""
    before = store.load("made-up")
    path = store.get_data_dir("made-up") / f"{name}.parquet"
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[:-1] + b"x" if damage == "altered" else content[:-10])
    after = store.load("made-up")
    assert path.read_bytes() == content
    assert after.sha256 == before.sha256
    pd.testing.assert_frame_equal(after.credits, before.credits)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"sha256": "', '{"code": "x"}'])
def test_a_damaged_record_is_written_anew_by_itself(content):
    record = store.prepare("made-up") / "data.json"
    before = record.read_text()
    record.write_text(content)
    assert len(store.load("made-up").ratings) > 0
    assert record.read_text() == before


def test_fault_in_the_source_names_all_and_leaves_no_record(small_100k):
    (small_100k / "u.data").write_bytes(b"1\t1\t7\t881250949\n")
    message = r"ml-100k from GroupLens' files .*: u\.data, line 1: rating 7"
    with pytest.raises(ReelbookError, match=message):
        store.prepare("ml-100k")
    assert list(store.get_data_dir("ml-100k").iterdir()) == []


def test_a_conversion_to_utf8_is_told_with_the_source_and_changes_no_table(small_100k):
    before = store.load("ml-100k")
    item = small_100k / "u.item"
    item.write_bytes(item.read_bytes().decode("latin-1").encode())
    after = store.load("ml-100k")
    assert after.source == f"{before.source}, u.item in UTF-8"
    assert (after.sha256, after.note) == (before.sha256, before.note)


def test_full_disk_is_a_clear_error_and_leaves_nothing_half_written(small_100k, monkeypatch):
    def fill_disk(self, path, **_):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(pd.DataFrame, "to_parquet", fill_disk)
        with pytest.raises(ReelbookError, match="No space left"):
            store.prepare("ml-100k")
        assert list(store.get_data_dir("ml-100k").iterdir()) == []
    assert len(store.load("ml-100k").ratings) == 3


def test_unwritable_folder_is_a_clear_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "file"))
    with pytest.raises(ReelbookError, match="Cannot write in"):
        store.prepare("made-up")


def test_several_processes_prepare_at_once():
    code = "from reelbook import data; print(data.load('made-up').sha256)"
    command = [sys.executable, "-c", code]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {process.communicate(timeout=120)[0] for process in started}
    assert printed == {store.load("made-up").sha256 + "\n"}


def test_fingerprint_depends_on_every_value_and_on_the_order():
    tables = parsing.parse("grouplens-100k", GROUPLENS_100K)
    prints = {store.compute_fingerprint(tables)}
    ratings, users, movies = tables.ratings, tables.users, tables.movies
    changed = [
        (ratings.iloc[::-1], users, movies),
        (ratings.assign(rating=ratings["rating"] + 0.5), users, movies),
        (ratings.assign(timestamp=ratings["timestamp"] + 1), users, movies),
        (ratings, users.assign(zip_code=["1002", "V3N4P"]), movies),
        (ratings, users, movies.assign(genres=[["Comedy"], ["unknown"], ["War"]])),
        (ratings, users, movies.assign(year=pd.array([1995, 1996, 1990], "Int32"))),
    ]
    for parts in changed:
        prints.add(store.compute_fingerprint(parsing.Tables(*parts)))
    assert len(prints) == len(changed) + 1


def test_fingerprint_is_the_same_on_both_roads():
    roads = [("grouplens-100k", GROUPLENS_100K), ("recbole-100k", RECBOLE_100K)]
    tables = [parsing.parse(layout, files) for layout, files in roads]
    assert store.compute_fingerprint(tables[0]) == store.compute_fingerprint(tables[1])


def test_note_says_what_differs(monkeypatch):
    tables = parsing.parse("grouplens-1m", GROUPLENS_1M)
    note = store.describe_difference("ml-1m", tables)
    assert note.startswith("2 of the 1,000,209 ratings and 2 of the 6,040 users")
    monkeypatch.setitem(
        store.PUBLISHED_COUNTS, "ml-1m", {"ratings": 1_000_209, "users": 2, "movies": 2}
    )
    assert store.describe_difference("ml-1m", tables) == "2 of the 1,000,209 ratings of ml-1m"
    assert store.describe_difference("ml-1m", tables, verified=True) == ""


def test_note_on_the_right_counts_but_other_contents(monkeypatch):
    tables = parsing.parse("grouplens-100k", GROUPLENS_100K)
    counts = {"ratings": 3, "users": 2, "movies": 3}
    monkeypatch.setitem(store.PUBLISHED_COUNTS, "ml-100k", counts)
    assert "not the publisher's contents" in store.describe_difference("ml-100k", tables)
    monkeypatch.setitem(store.PUBLISHED_SHA256, "ml-100k", store.compute_fingerprint(tables))
    assert store.describe_difference("ml-100k", tables) == ""
    monkeypatch.setitem(store.PUBLISHED_COUNTS, "ml-1m", {**counts, "ratings": 2})
    note = store.describe_difference("ml-1m", tables)
    assert note == "3 ratings where the publisher has 2 of ml-1m"


def test_description_shows_the_note_and_no_path(small_100k, tmp_path):
    text = describe_dataset(store.load("ml-100k"))
    assert "3 ratings by 2 users of 3 movies" in text
    assert "**Note: 3 of the 100,000 ratings" in text
    assert str(tmp_path) not in text


def test_pages_count_who_rated_and_what_was_rated(small_100k):
    """Before, 6,040 users gave the ratings of which 2,999 had given some."""
    for name, row in [("u.user", b"9|30|F|artist|10001\n"), ("u.item", ITEM)]:
        with (small_100k / name).open("ab") as file:
            file.write(row)
    dataset = store.load("ml-100k")
    assert (len(dataset.users), len(dataset.movies)) == (3, 4)
    assert "3 ratings by 2 users of 3 movies" in describe_dataset(dataset)
    assert "and 2 of the 943 users and 3 of the 1,682 movies" in dataset.note
    told = list_data(dataset).set_index("what")["value"]
    assert told[["ratings", "users", "movies"]].tolist() == ["3", "2", "3"]


def test_made_up_data_are_labelled_varied_and_the_same_each_time():
    dataset = store.load("made-up")
    assert "made-up" in dataset.note
    assert dataset.sha256 == store.compute_fingerprint(synthetic.make_tables())
    assert dataset.sha256 != store.compute_fingerprint(synthetic.make_tables(seed=1))
    assert 2_500 <= len(dataset.ratings) <= 3_500
    assert set(dataset.users["gender"]) == {"F", "M"}
    assert set(dataset.users["occupation"]) == set(synthetic.OCCUPATIONS)
    assert set(dataset.movies["genres"].explode()) == set(parsing.GENRES_100K)
    assert dataset.users["zip_code"].str.contains("[A-Z]").any()
    assert dataset.ratings.duplicated(["user_id", "timestamp"]).any()
    assert dataset.movies["title"].duplicated().any()


def test_made_up_ratings_have_something_to_learn():
    ratings = synthetic.make_tables().ratings
    centered = ratings["rating"] - ratings["rating"].mean()
    by_movie = centered.groupby(ratings["movie_id"]).transform("mean")
    rest = centered - by_movie
    assert rest.var() < 0.85 * centered.var()


def test_wheel_holds_the_publishers_contents():
    try:
        sources.fetch_wheel(progress=False)
    except ReelbookError as error:
        pytest.skip(f"needs PyPI: {error}")
    layout, files = layouts.read_zip(sources.fetch_wheel(), ["recbole-100k"])
    tables = parsing.parse(layout, files)
    assert store.describe_difference("ml-100k", tables) == ""
    assert tables.movies.set_index("movie_id").loc[267, "title"] == "unknown"


def test_verified_archive_has_no_note(monkeypatch):
    found = SourceFiles("grouplens-100k", GROUPLENS_100K, "the archive", verified=True)
    monkeypatch.setattr(sources, "find_source", lambda *args, **kwargs: found)
    folder = store.prepare("ml-100k")
    record = json.loads((folder / "data.json").read_text())
    assert record["note"] == ""
    assert record["counts"] == {"ratings": 3, "users": 2, "movies": 3}
