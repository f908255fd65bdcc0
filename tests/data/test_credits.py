import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from layouts import GROUPLENS_100K

from reelbook.data import film_graph, sources, store
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


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """ml-100k under REELBOOK_DATA and a wheel with a graph; the list holds why there is none."""
    folder, wheel, failures = tmp_path / "source", tmp_path / "recbole.whl", []
    folder.mkdir()
    for name, content in GROUPLENS_100K.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in GRAPH.items():
            archive.writestr(name, content)

    def fetch(**_):
        if failures:
            raise ReelbookError(failures[0])
        return wheel

    monkeypatch.setenv("REELBOOK_DATA", str(folder))
    monkeypatch.setattr(sources, "fetch_wheel", fetch)
    monkeypatch.setattr(store, "describe_difference", lambda *args, **kwargs: "")
    return failures


def test_without_the_graph_the_data_set_loads_and_says_why_until_it_is_at_hand(wheel):
    wheel.append("the network is down")
    folder = store.prepare("ml-100k")
    assert store.load("ml-100k").credits is None
    before = (folder / "data.json").read_text()
    assert json.loads(before)["no_people"] == "the network is down"
    wheel[0] = "no answer"
    store.prepare("ml-100k")
    assert (folder / "data.json").read_text() == before  # or Snakemake would make the report again
    wheel.clear()
    assert store.load("ml-100k").credits is None  # only `prepare` asks for it again
    store.prepare("ml-100k")
    assert store.load("ml-100k").credits["movie_id"].tolist() == [2, 7, 9]
    assert json.loads((folder / "data.json").read_text())["no_people"] == ""


def test_other_movies_under_the_same_name_do_not_keep_the_people_of_these(wheel, monkeypatch):
    """Before, the table stayed as it was, whatever movies came."""
    assert store.load("ml-100k").credits is not None
    monkeypatch.setattr(store, "describe_difference", lambda *args, **kwargs: "another catalogue")
    movies = Path(os.environ["REELBOOK_DATA"]) / "u.item"
    movies.write_bytes(movies.read_bytes().replace(b"Noir", b"Vert"))
    dataset = store.load("ml-100k")
    assert dataset.movies["title"][0] == "Café Vert"
    assert dataset.credits is None
