"""A recommender is learned once: a later list answers from it, and from no other data or code."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import toys

from reelbook.data import store
from reelbook.paths import ROOT
from reelbook.recommend import kept, learning, recommender

MODEL = "topn.ease"
# Prints a list as the command does, then which slow packages were loaded for it.
WARM = """
import sys
from reelbook.__main__ import main
code = main(["recommend", "--dataset", "made-up", "--model", "topn.ease", "--user", "1"])
slow = {"tensorflow", "sklearn", "pandera", "matplotlib"} & set(sys.modules)
sys.exit(f"loaded {slow}" if slow else code)
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A build folder with a recommender of made-up ratings."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("build")
        patch.setenv("REELBOOK_BUILD", str(folder))
        patch.setenv("REELBOOK_JOBS", "1")
        patch.delenv("REELBOOK_DATA", raising=False)
        kept.get_recommender(store.load("made-up"), model=MODEL)
        yield folder


@pytest.fixture
def calls(monkeypatch):
    """Notes each learning."""
    found = []
    learn = learning.make_recommender

    def note(dataset, *, model):
        found.append(model)
        return learn(dataset, model=model)

    monkeypatch.setattr(learning, "make_recommender", note)
    return found


def test_what_was_learned_once_gives_the_same_lists(build, calls):
    learned = learning.make_recommender(store.load("made-up"), model=MODEL)
    calls.clear()
    found = kept.find_kept("made-up", MODEL)
    again = kept.get_recommender(store.load("made-up"), model=MODEL)
    assert calls == []
    user = int(learned.user_ids[0])
    liked = learned.movies["name"].iloc[[3, 5]].tolist()
    for one in (found, again):
        for make, of in (
            (recommender.recommend_to_user, user),
            (recommender.recommend_to_fan, liked),
        ):
            pd.testing.assert_frame_equal(make(one, of), make(learned, of))


def test_another_model_is_another_recommender(build):
    assert kept.find_kept("made-up", "topn.item_knn") is None


@pytest.mark.parametrize("what", ["weights", "half a file", "no file"])
def test_damaged_arrays_are_learned_anew(build, calls, what):
    file = build / "recommenders" / "made-up" / f"{MODEL}.npz"
    content = file.read_bytes()
    if what == "weights":
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif what == "half a file":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()
    assert kept.find_kept("made-up", MODEL) is None
    kept.get_recommender(store.load("made-up"), model=MODEL)
    assert calls == [MODEL]
    assert file.read_bytes() == content


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": '])
def test_a_damaged_record_counts_as_none(build, calls, text):
    file = build / "recommenders" / "made-up" / f"{MODEL}.json"
    whole = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    assert kept.find_kept("made-up", MODEL) is None
    kept.get_recommender(store.load("made-up"), model=MODEL)
    assert calls == [MODEL]
    assert file.read_text(encoding="utf-8") == whole


def test_other_code_or_versions_look_at_the_data_again(build, calls):
    """A file of the library changed, but none that decides the weights: nothing is learned."""
    file = build / "recommenders" / "made-up" / f"{MODEL}.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    versions = record["inputs"]["versions"] | {"numpy": "0.1"}
    for change in (
        {"library": "abc"},
        {"tables": {}},
        {"inputs": record["inputs"] | {"versions": versions}},
    ):
        file.write_text(json.dumps(record | change), encoding="utf-8")
        assert kept.find_kept("made-up", MODEL) is None
        kept.get_recommender(store.load("made-up"), model=MODEL)
        assert kept.find_kept("made-up", MODEL) is not None
    assert calls == [MODEL]  # of the three, only another numpy could give other weights


def test_other_ratings_are_learned_anew(build, calls):
    dataset = store.load("made-up")
    ratings = dataset.ratings.assign(rating=6 - dataset.ratings["rating"])
    other = dataclasses.replace(dataset, ratings=ratings, sha256="other")
    found = kept.get_recommender(other, model=MODEL)
    assert calls == [MODEL]
    assert found.ratings["rating"].tolist() == ratings["rating"].tolist()
    assert kept.find_kept("made-up", MODEL) is None  # the tables that stand are not these
    kept.get_recommender(dataset, model=MODEL)


def test_a_changed_file_is_never_answered_from_the_old_one(build, tmp_path):
    file = tmp_path / "mine.csv"
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "user": np.repeat(np.arange(1, 31), 12),
            "item": np.concatenate([rng.permutation(40)[:12] + 1 for _ in range(30)]),
            "rating": rng.integers(1, 6, 360),
        }
    )
    rows.to_csv(file, index=False)
    kept.get_recommender(store.load(str(file)), model=MODEL)
    assert kept.find_kept(str(file), MODEL) is not None
    rows.assign(rating=6 - rows["rating"]).to_csv(file, index=False)
    assert kept.find_kept(str(file), MODEL) is None


def test_a_second_call_loads_nothing_that_learns(build):
    done = subprocess.run(
        [sys.executable, "-c", WARM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("User 1\n  1. ")


def test_the_printed_lines_of_an_export_run_as_they_stand(build, tmp_path):
    done = toys.run(
        ROOT, "export", "--dataset", "made-up", "--model", MODEL, "--output", str(tmp_path / "m")
    )
    assert done.returncode == 0, done.stderr
    told, code = done.stdout.split("\n\n", 1)
    assert told.startswith("Exported: ")
    file = tmp_path / "use.py"
    file.write_text(code, encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, str(file)], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    movies = pd.read_csv(tmp_path / "m" / "movies.csv")
    assert set(shown.splitlines()[:10]) <= set(movies["title"])
