import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from reelbook import __main__
from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.features import matrix
from reelbook.models.two_stages import CANDIDATES, WEIGHTS
from reelbook.recommend import learning, lists, page, recommender
from reelbook.recommend.page import keep_largest
from reelbook.recommend.saved_model import check_folder, export_saved_model
from reelbook.splits.protocols import make_split


def test_a_list_has_unseen_movies_the_best_first_with_reasons(made):
    user = int(made.ratings["user_id"].iloc[0])
    found = recommender.recommend_to_user(made, user, k=7)
    rated, _ = recommender.find_history(made, user)
    seen = made.movies["movie_id"].to_numpy()[rated]
    assert found["rank"].tolist() == list(range(1, 8))
    assert not found["movie_id"].isin(seen).any()
    assert found["stars"].between(found["low"], found["high"]).all()
    names = made.movies["name"].to_numpy()
    for row in found.itertuples():
        target = int(np.flatnonzero(made.movies["movie_id"] == row.movie_id)[0])
        pulls = made.weights[rated, target]
        assert row.score == pytest.approx(pulls.sum(), abs=1e-4)
        assert row.because.startswith(names[rated[np.argmax(pulls)]])


def test_score_and_stars_together_order_the_candidates(made):
    """Before, the third movie of a list could be one that was expected to get 2.7 stars."""
    user = int(made.ratings["user_id"].iloc[0])
    by_score = recommender.recommend_to_user(made._replace(taste_weight=0.0), user, k=CANDIDATES)
    assert by_score["score"].is_monotonic_decreasing
    by_stars = recommender.recommend_to_user(made._replace(taste_weight=1.0), user, k=CANDIDATES)
    assert by_stars["stars"].is_monotonic_decreasing
    assert set(by_score["name"]) == set(by_stars["name"])
    score, stars = (by_score[name] - by_score[name].mean() for name in ("score", "stars"))
    value = 0.7 * score / score.std(ddof=0) + 0.3 * stars / stars.std(ddof=0)
    order = value.sort_values(ascending=False, kind="stable").index
    found = recommender.recommend_to_user(made._replace(taste_weight=0.3), user, k=10)
    assert found["name"].tolist() == by_score["name"].loc[order[:10]].tolist()


def test_validation_rows_choose_how_much_stars_count(made, dataset):
    assert made.taste_weight in WEIGHTS
    split = make_split(dataset, "stratified")
    ratings = dataset.ratings.copy()
    stars = ratings["rating"].to_numpy().copy()
    stars[split.test] = np.random.default_rng(0).permutation(stars[split.test])
    other = dataclasses.replace(dataset, ratings=ratings.assign(rating=stars), sha256="other")
    chosen = [
        learning.choose_taste_weight(data, model="topn.edlae", tuned=False)
        for data in (dataset, other)
    ]
    assert chosen[0] == chosen[1]


def test_a_fan_is_known_by_titles(made):
    names = made.movies["name"].tolist()
    found = recommender.recommend_to_fan(made, names[3:5], k=4)
    assert len(found) == 4
    assert not found["name"].isin(names[3:5]).any()
    one = recommender.recommend_to_fan(made, [names[3], names[3]], k=4)
    pd.testing.assert_frame_equal(one, recommender.recommend_to_fan(made, [names[3]], k=4))


def test_lists_of_several_users_are_one_table(made):
    users = made.ratings["user_id"].unique()[:2].tolist()
    found = recommender.recommend_to_users(made, users, k=3)
    assert found["user_id"].tolist() == [users[0]] * 3 + [users[1]] * 3
    text = lists.format_lists(found)
    assert text.startswith(f"User {users[0]}\n  1. ")


def test_users_whose_ids_are_texts_are_known_by_them(made, dataset, tmp_path):
    ids = dataset.users["user_id"]
    names = pd.DataFrame({"user_id": ids, "name": [f"u{user:03}" for user in ids]})
    data = dataclasses.replace(dataset, user_names=names)
    users = recommender.find_users(data, ["u002", "u001"])
    assert users == [2, 1]
    with pytest.raises(ReelbookError, match="No user has the id 'u02'; the closest are u0"):
        recommender.find_users(data, ["u02"])
    with pytest.raises(ReelbookError, match="--user u002: the ids of these data are whole numbers"):
        recommender.find_users(dataset, ["u002"])
    named = made._replace(user_names=names)
    found = recommender.recommend_to_users(named, users, k=2)
    assert found["user_id"].tolist() == ["u002", "u002", "u001", "u001"]
    for _ in range(2):  # the second replaces the first
        export_saved_model(named, tmp_path / "model")
        check_folder(tmp_path / "model")
    assert (tmp_path / "model" / "user_ids.csv").read_text().startswith("user_id,name\n1,u001\n")


def test_a_list_says_nothing_of_stars_that_cannot_differ(made):
    """Before, each movie got 1.0 stars (1.0 to 1.0) where the data have no stars."""
    found = recommender.recommend_to_fan(made, made.movies["name"].tolist()[3:4], k=2)
    assert " stars (" in lists.format_lists(found)
    assert "stars" not in lists.format_lists(found.assign(stars=1.0, low=1.0, high=1.0))


@pytest.mark.parametrize("model", recommender.MODELS)
def test_every_model_of_weights_recommends(made, dataset, model):
    found = learning.make_recommender(dataset, model=model)
    assert found.weights.shape == (len(dataset.movies),) * 2
    assert len(recommender.recommend_to_user(found, int(dataset.users["user_id"].iloc[0]))) == 10


def test_a_list_to_which_nothing_leads_is_what_is_popular_and_says_so(blind):
    """Before, it was the movies 1, 2, 3, ... in the order of their ids, without a word."""
    found = recommender.recommend_to_fan(blind, blind.movies["name"].tolist()[:1], k=5)
    most = blind.movies.iloc[1:].sort_values("ratings", ascending=False, kind="stable")
    assert found["movie_id"].tolist() == most["movie_id"].head(5).tolist()
    assert (found["because"] == recommender.POPULAR).all()
    text = lists.format_lists(found)
    assert text.count(f"     {recommender.POPULAR}") == 5
    assert "because of" not in text


def test_a_movie_of_two_ids_is_one_movie_in_a_list(twins):
    """Before, the other id of a rated movie was recommended, and a title could stand twice."""
    liked = twins.movies["name"].tolist()[0]
    found = recommender.recommend_to_fan(twins, [liked], k=200)
    assert found["name"].is_unique
    assert set(found["name"]) == set(twins.movies["name"]) - {liked}
    plain = recommender.recommend_to_fan(twins._replace(taste_weight=0.0), [liked], k=200)
    assert plain["score"].is_monotonic_decreasing
    for user in twins.ratings["user_id"].unique()[:10]:
        rated, _ = recommender.find_history(twins, user)
        own = recommender.recommend_to_user(twins, user, k=20)
        assert own["name"].is_unique
        assert not own["name"].isin(twins.movies["name"].iloc[rated]).any()
        for because in own["because"]:
            names = re.split(r" \([\d.]+%\)(?:, |$)", because)
            assert len(set(names)) == len(names)


def test_an_export_knows_it_too(twins, tmp_path):
    export_saved_model(twins, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for user in twins.ratings["user_id"].unique()[:5]:
        ours = recommender.recommend_to_user(twins, user, k=200)
        theirs = loaded.signatures["for_user"](
            user_id=tf.constant(user, tf.int64), k=tf.constant(200)
        )
        assert [title.decode() for title in theirs["titles"].numpy()] == ours["name"].tolist()
        assert theirs["movie_ids"].numpy().tolist() == ours["movie_id"].tolist()
        assert np.allclose(theirs["scores"], ours["score"], atol=1e-4)
        assert np.allclose(theirs["stars"], ours["stars"], atol=1e-4)


SMALL = {
    "five ratings": lambda ratings: ratings.head(5),
    "a rating a user": lambda ratings: ratings.drop_duplicates("user_id"),
    "stars all equal": lambda ratings: ratings.assign(rating=np.float32(3)),
    "one second": lambda ratings: ratings.assign(timestamp=880_000_000),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", SMALL)
def test_there_is_a_list_however_little_the_ratings_say(dataset, tmp_path, monkeypatch, kind):
    """Before, someone who asked for a list was told of an empty part of a split."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    ratings = SMALL[kind](dataset.ratings).reset_index(drop=True)
    small = Dataset("made-up", ratings, dataset.users, dataset.movies, kind, "a test")
    made = learning.make_recommender(small)
    found = recommender.recommend_to_user(made, int(ratings["user_id"].iloc[0]))
    assert len(found) == 10
    assert found.notna().all(axis=None)


def test_an_export_says_so_too(blind, tmp_path):
    export_saved_model(blind, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    liked = tf.constant(blind.movies["movie_id"].to_numpy("int64")[:1])
    theirs = loaded.signatures["for_likes"](liked=liked, k=tf.constant(5))
    ours = recommender.recommend_to_fan(blind, blind.movies["name"].tolist()[:1], k=5)
    assert theirs["movie_ids"].numpy().tolist() == ours["movie_id"].tolist()
    assert theirs["popular"].numpy().all()


def test_what_cannot_be_is_explained(made, dataset):
    with pytest.raises(
        ReelbookError, match="No user has the id 99999: .* have ratings, .* the closest"
    ):
        recommender.recommend_to_user(made, 99_999)
    with pytest.raises(ReelbookError, match="No movie is called 'Qqq'"):
        recommender.recommend_to_fan(made, ["Qqq"])
    with pytest.raises(ReelbookError, match="at least one title"):
        recommender.recommend_to_fan(made, [])
    with pytest.raises(ReelbookError, match="k must be 1 or more, not 0"):
        recommender.recommend_to_user(made, int(made.ratings["user_id"].iloc[0]), k=0)
    with pytest.raises(ReelbookError, match="'mf.dot' cannot recommend; these can: topn"):
        learning.make_recommender(dataset, model="mf.dot")


def test_a_user_without_ratings_is_told_so(made):
    """Before, it was told that no user had the id."""
    user = int(made.ratings["user_id"].iloc[0])
    silent = made._replace(ratings=made.ratings[made.ratings["user_id"] != user])
    with pytest.raises(ReelbookError, match=f"User {user} exists but has no ratings"):
        recommender.recommend_to_user(silent, user)


def test_the_saved_model_gives_the_same_lists(made, tmp_path):
    export_saved_model(made, tmp_path / "model")
    export_saved_model(made, tmp_path / "model")  # over the old one
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    user = int(made.ratings["user_id"].iloc[0])
    ours = recommender.recommend_to_user(made, user, k=6)
    theirs = loaded.signatures["for_user"](user_id=tf.constant(user, tf.int64), k=tf.constant(6))
    assert theirs["movie_ids"].numpy().tolist() == ours["movie_id"].tolist()
    assert [title.decode() for title in theirs["titles"].numpy()] == ours["name"].tolist()
    assert np.allclose(theirs["scores"], ours["score"], atol=1e-4)
    liked = made.movies["movie_id"].to_numpy()[[2, 5]]
    theirs = loaded.signatures["for_likes"](liked=tf.constant(liked, tf.int64), k=tf.constant(6))
    ours = recommender.recommend(made, np.array([2, 5]), np.array([5.0, 5.0]), k=6)
    assert theirs["movie_ids"].numpy().tolist() == ours["movie_id"].tolist()
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="The data have no user with ratings of this id"
    ):
        loaded.signatures["for_user"](user_id=tf.constant(-5, tf.int64), k=tf.constant(6))


def test_an_export_spares_what_is_something_else(made, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ReelbookError, match="holds something else"):
        export_saved_model(made, tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_an_export_replaces_nothing_but_an_export(made, tmp_path):
    """A model of somebody else, and an export with a file of the person's own in it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "saved_model.pb").write_text("theirs")
    with pytest.raises(ReelbookError, match="holds something else"):
        export_saved_model(made, folder)
    (folder / "saved_model.pb").unlink()
    export_saved_model(made, folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ReelbookError, match="holds something else"):
        export_saved_model(made, folder)
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["mine.csv", "README.md", "."])
def test_a_list_replaces_nothing_but_a_list(tmp_path, capsys, name):
    (tmp_path / "mine.csv").write_text("user,item,rating\n1,1,5\n")
    (tmp_path / "README.md").write_text("read me")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    code = __main__.main(["recommend", "--user", "1", "--output", str(tmp_path / name)])
    assert code == 1
    assert "learning" not in capsys.readouterr().err  # it is told at once
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_the_largest_weights_are_kept():
    weights = np.array([[0, 3.0, -4.0], [2.0, 0, 0.5], [1.0, 0, 0]])
    found = keep_largest(weights, np.array([1, 4, 9]), kept=3)
    # 3, 4, 2 * 2, 0.5 * 2 and 1 * 3: the third largest is tied, and both of these stay
    assert found.tolist() == [[0, 3, -4], [2, 0, 0], [1, 0, 0]]
    assert keep_largest(weights, np.ones(3), kept=9) is weights


def test_the_command_line_shows_its_help_where_nothing_is_given(capsys):
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["recommend"])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "--ratings FILE" in shown.err
    assert "Give --user (of the data set), --like (titles) or --ratings (a file)" in shown.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["recommend", "--user", "1", "--k", "0"], "k must be 1 or more, not 0"),
        (["recommend", "--user", "99999"], "No user has the id 99999"),
        (["recommend", "--like", "Qqq", "--like", "Zzz"], "Qqq.*Zzz"),
        (["recommend", "--user", "1", "--model", "mf.dot"], "'mf.dot' cannot recommend"),
        (["recommend", "--user", "1", "--output", "/etc/passwd/x.csv"], "cannot be written"),
        (["export", "--model", "mf.dot"], "'mf.dot' cannot recommend"),
        (["export", "--output", "/etc/passwd/x"], "cannot be written"),
    ],
)
def test_what_can_be_checked_is_checked_before_anything_is_learned(
    tmp_path, monkeypatch, capsys, arguments, told
):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setattr(__main__, "set_environment", lambda: None)
    assert __main__.main([*arguments, "--dataset", "made-up"]) == 1
    error = capsys.readouterr().err
    assert re.search(told, error, re.DOTALL), error
    assert "learning" not in error
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("model", ["topn.edlae", "content.ridge"])
def test_of_many_movies_it_knows_the_most_rated(made, dataset, monkeypatch, model):
    monkeypatch.setattr(matrix, "MOST_MOVIES", 40)
    some = learning.make_recommender(dataset, model=model)
    counts = dataset.ratings["movie_id"].value_counts()
    assert len(some.movies) == len(some.weights) == len(some.taste.base) == 40
    assert some.movies["ratings"].min() >= counts.sort_values().iloc[-41]
    user = recommender.pick_user(dataset.ratings)
    known = some.movies["movie_id"].to_numpy()[recommender.find_history(some, user)[0]]
    own = dataset.ratings.query("user_id == @user")["movie_id"]
    assert set(known) == set(own) & set(some.movies["movie_id"])
    assert len(recommender.recommend_to_user(some, user, k=5)) == 5
    assert page.measure_kept(dataset, model=model)["all"] > 0
