import exports
import numpy as np
import pandas as pd
import pytest

from reelbook import __main__
from reelbook.errors import ReelbookError
from reelbook.recommend import learning, lists, recommender
from reelbook.recommend.ratings_file import match_ratings, read_ratings

PLACES = [3, 5, 8, 13]
FILES = exports.make_files([("a", "1990")] * 4)
TOLD = {
    "letterboxd.csv": "(Letterboxd): 5 ratings, stars out of 5.",
    "excel.txt": "(Letterboxd): 5 ratings, stars out of 5.",
    "imdb.csv": "(IMDb): 5 ratings, stars out of 10; left out: 1 without a title or stars.",
    "imdb-old.csv": "(IMDb): 5 ratings, stars out of 10.",
    "goodreads.csv": "(Goodreads): 5 ratings, stars out of 5; left out: 1 without a title",
    "two.csv": "(titles and stars): 5 ratings, stars out of 5.",
    "nameless.tsv": "(titles and stars): 5 ratings, stars out of 5.",
    "hundred.csv": "(titles and stars): 4 ratings, stars out of 100.",
}


@pytest.fixture
def files(dataset, tmp_path):
    """A file in each layout, of the movies in PLACES."""
    movies = dataset.movies.sort_values("movie_id").iloc[PLACES]
    films = list(zip(movies["title"], movies["year"].astype(str), strict=True))
    for name, content in exports.make_files(films).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_the_ratings_of_a_person_are_read_whoever_wrote_the_file(dataset, files, name):
    own = read_ratings(files / name)
    assert own.told[0].startswith(f"{name} {TOLD[name]}")
    found = match_ratings(own, dataset)
    assert found.rated.tolist() == PLACES
    assert found.given.tolist() == [5, 1, 3, 4]  # half a star is as few as the data have
    assert found.told[0].startswith(f"4 of {len(own.titles)} titles found in made-up")
    unknown = [line for line in found.told[1:] if exports.UNKNOWN in line]
    assert len(unknown) == (0 if name == "hundred.csv" else 1)


def test_the_last_rating_of_a_movie_counts_and_whatever_is_no_rating_does_not(dataset, tmp_path):
    name = recommender.list_movies(dataset)["name"][4]
    file = tmp_path / "mine.csv"
    stars = ["2", "", "0", "-3", "five", "7"]
    file.write_text("\n".join(["Title,Rating", *(f"{name},{text}" for text in stars), ",4"]))
    own = read_ratings(file)
    assert (own.stars.tolist(), own.top) == ([2, 7], 10)
    assert "left out: 5 without a title or stars" in own.told[0]
    assert match_ratings(own, dataset).given.tolist() == [3.5]
    file.write_text("Title,My Rating\nA,9\nB,2\n")
    assert read_ratings(file).top == 10  # more than Goodreads has


def test_the_command_lists_movies_for_a_file(dataset, files, made, monkeypatch, capsys):
    monkeypatch.setattr(learning, "make_recommender", lambda dataset, model: made)
    monkeypatch.setenv("REELBOOK_BUILD", str(files))
    file = str(files / "letterboxd.csv")
    assert __main__.main(["recommend", "--dataset", "made-up", "--ratings", file, "--k", "5"]) == 0
    shown = capsys.readouterr()
    ours = recommender.recommend(made, np.array(PLACES), np.array([5.0, 1, 3, 4]), k=5)
    assert shown.out == f"{lists.format_lists(ours)}\n"
    assert "because of" in shown.out
    assert "4 of 5 titles found in made-up" in shown.err
    assert f"No movie is called '{exports.UNKNOWN} (2001)'" in shown.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04", "is an archive or a workbook: give the CSV file"),
        (b"a,b,c\nFargo,Heat,3\n", "which column has the titles.* There are: a, b, c"),
        (b"Name,Year,Letterboxd URI\nFargo,1996,x\n", "which column has the titles"),
        (b"Title,Rating\nFargo,0\n", "no row has a title and a number of stars"),
        (b"Title,Rating\nQqqq,3\nZzzz,4\n", "None of the 2 titles .*\n.*'Qqqq'.*\n.*'Zzzz'"),
        (None, "there is no such file"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_before_anything_is_learned(
    content, says, tmp_path, monkeypatch, capsys, dataset
):
    file = tmp_path / "mine.csv"
    if content:
        file.write_bytes(content)
    with pytest.raises(ReelbookError, match=says):
        match_ratings(read_ratings(file), dataset)
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    assert __main__.main(["recommend", "--dataset", "made-up", "--ratings", str(file)]) == 1
    assert "learning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--like", "Qqqq", "--like", "Zzzz"], "'Qqqq'.\nNo movie is called 'Zzzz'"),
        (["--user", "99999"], "No user has the id 99999"),
        (["--user", "1", "--k", "0"], "k must be 1 or more, not 0"),
        (["--user", "1", "--model", "mf.dot"], "'mf.dot' cannot recommend"),
        (["--user", "1", "--like", "Fargo"], "one of them"),
    ],
)
def test_what_is_cheap_to_check_is_told_before_anything_is_learned(
    arguments, says, tmp_path, monkeypatch, capsys
):
    """Before, an unknown title was told after all had been learned."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    assert __main__.main(["recommend", "--dataset", "made-up", *arguments]) == 1
    shown = capsys.readouterr()
    assert says in shown.err
    assert "learning" not in shown.err


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_runs_no_title_as_a_formula(made, tmp_path, start):
    """Before, a cell such as =HYPERLINK(...) was a title as it stood."""
    movies = made.movies.assign(name=start + made.movies["name"])
    found = recommender.recommend_to_user(made._replace(movies=movies), 1)
    lists.write_lists(found, tmp_path / "lists.csv")
    cells = pd.read_csv(tmp_path / "lists.csv", lineterminator="\n")
    assert (cells["name"] == "'" + found["name"]).all()
    assert (cells["because"] == "'" + found["because"]).all()
    assert cells["score"].tolist() == pytest.approx(found["score"].tolist(), abs=6e-4)
    lists.write_lists(recommender.recommend_to_user(made, 1), tmp_path / "lists.csv")
    assert "'" not in (tmp_path / "lists.csv").read_text()
