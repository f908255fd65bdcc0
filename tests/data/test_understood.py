import pytest

from reelbook.__main__ import main
from reelbook.data.store import load

ROWS = "wer,was,wieviel\n7,ab,3\n8,cd,4\n7,cd,viel\n7,ab,5\n"


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    path = tmp_path / "Mine 2.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_options_are_kept_beside_the_data_and_all_that_was_understood_is_told(path, capsys):
    assert main(["data", str(path)]) == 1
    assert "which column is the user" in capsys.readouterr().err
    assert main(["data", str(path), "--columns", "user=wer,item=was,rating=wieviel"]) == 1
    assert "line 4: rating 'viel' is not a number" in capsys.readouterr().err
    assert main(["data", str(path), "--skip-bad-rows"]) == 1
    assert "--repeated last" in capsys.readouterr().err
    assert main(["data", str(path), "--repeated", "mean"]) == 0
    told = capsys.readouterr().out
    for words in ["columns   user: wer, item: was, rating: wieviel", "2 ratings by 2 users",
                  "left out: 1 row that cannot be read; left out: 1 repeated rating",
                  "Mine 2.csv.reelbook.yml", "first rows\n  user  item  rating\n"]:  # fmt: skip
        assert words in told
    assert len(told.splitlines()) < 24
    data = load(str(path))
    assert data.name == "mine-2"
    assert data.traits == {"stars", "titles"}
    assert data.ratings["rating"].tolist() == [4, 4]
    assert "1 row that cannot be read" in data.note
    bad_rows = path.parent / "build" / "data" / "mine-2" / "bad_rows.txt"
    assert bad_rows.read_text() == "4: 7,cd,viel\n"


def test_a_changed_file_is_read_anew_under_its_path_and_its_name(path):
    path.write_text("user,item,rating\n1,1,3\n2,1,4\n")
    assert len(load(str(path)).ratings) == 2
    path.write_text("user,item,rating\n1,1,3\n2,1,4\n2,2,5\n")
    assert len(load("mine-2").ratings) == 3
    path.unlink()
    assert main(["data", "mine-2"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--columns", "wer"], "write ROLE=COLUMN"),
        (["--columns", "film=was"], "no role 'film'"),
        (["--columns", "user=wen,item=was"], "no column 'wen'"),
    ],
)
def test_wrong_options_are_told(path, capsys, arguments, words):
    assert main(["data", str(path), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_a_name_never_hits_another_folder_of_the_build(path, monkeypatch):
    for stem, name in [("runs", "own-runs"), ("ml-100k", "own-ml-100k"), ("Ä", "ratings")]:
        own = path.with_name(f"{stem}.csv")
        own.write_text("user,item,rating\n1,1,3\n2,1,4\n")
        assert load(str(own)).name == name


def test_options_that_are_none_are_told(path):
    path.with_name(path.name + ".reelbook.yml").write_text("column: 3\n")
    assert main(["data", str(path)]) == 1


def test_a_build_folder_within_the_data_is_no_part_of_them(tmp_path, monkeypatch):
    """Before: "changed while it was read: run again", each time."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "results.csv").write_text("user,item,rating\n1,2,3\n", encoding="utf-8")
    (tmp_path / "ratings.csv").write_text("user,item,rating\n1,2,3\n2,2,4\n", encoding="utf-8")
    assert main(["data", str(tmp_path)]) == 0
    assert len(load(str(tmp_path)).ratings) == 2
