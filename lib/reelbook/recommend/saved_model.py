"""A recommender as something that runs without reelbook: a TensorFlow SavedModel."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

import reelbook.models.fitting.loop  # noqa: F401  (it sets TensorFlow to one thread)
from reelbook.data.titles import look_up_titles
from reelbook.errors import ReelbookError
from reelbook.files import check_place, replace_when_whole
from reelbook.models.two_stages import CANDIDATES
from reelbook.recommend.lists import guard_texts
from reelbook.recommend.recommender import Recommender

MARK = "reelbook.txt"  # in a folder that an export wrote, and may replace


def check_folder(folder: Path) -> None:
    """Refuse a folder whose contents an export would delete, but for an earlier export.

    Raises:
        ReelbookError: the folder is a file, or holds files that an export does not write.
    """
    if not folder.exists():
        return check_place(folder)
    if not folder.is_dir():
        raise ReelbookError(f"{folder} is a file: give an empty folder or a new one.")
    found = {file.name for file in folder.iterdir()}
    ours = {MARK, "saved_model.pb", "fingerprint.pb", "variables", "assets"}
    ours |= {"movies.csv", "user_ids.csv"}
    if found and (MARK not in found or found - ours):
        raise ReelbookError(f"{folder} holds something else: give an empty folder or a new one.")


def export_saved_model(recommender: Recommender, folder: Path) -> None:
    """Write a TensorFlow SavedModel that takes ids or titles, and `movies.csv` with both beside it.

    Signatures, each with `k` (int32, the length of the list) and with `movie_ids` (int64), `titles`
    (text), `scores` (float32), `stars` (float32, expected) and `popular` (bool) of shape (k,) as
    what it gives; a movie is there for being `popular` where nothing leads to it. The order is that
    of `recommender.recommend`:

    - `for_user` takes `user_id` (int64, ()).
    - `for_likes` takes `liked` (int64, (likes,)), ids of movies.
    - `for_titles` takes `liked` (text, (likes,)), with the year or without, in any case.

    An id or title that was not in the data is an error that says so. Ids that share title and year
    are one movie, and whoever rated or likes one of them gets none of the others.

    Args:
        recommender: as `make_recommender` gives it.
        folder: where to; what is there is replaced when the new one is whole.

    Raises:
        ReelbookError: the folder holds something else than a model.
    """
    check_folder(folder)
    users, rows = np.unique(recommender.ratings["user_id"], return_inverse=True)
    rated = np.zeros((len(users), len(recommender.movies)), bool)
    rated[rows, recommender.ratings["place"]] = True
    given = np.zeros(rated.shape, "float32")
    given[rows, recommender.ratings["place"]] = recommender.ratings["rating"]
    module = tf.Module(name="recommender")
    # What hangs on the module is saved with it.
    module.users = _make_lookup(users, range(len(users)))
    movie_ids = recommender.movies["movie_id"].to_numpy("int64")
    module.movies = _make_lookup(movie_ids, range(len(movie_ids)))
    module.weights = tf.Variable(recommender.weights, trainable=False)
    module.rated = tf.Variable(rated, trainable=False)
    module.given = tf.Variable(given, trainable=False)
    taste, share = recommender.taste, recommender.taste_weight
    module.vectors = tf.Variable(taste.vectors, dtype=tf.float64, trainable=False)
    module.base = tf.Variable(taste.base, dtype=tf.float64, trainable=False)
    noise = taste.noise * tf.eye(taste.vectors.shape[1], dtype=tf.float64)
    module.titles = _make_title_lookup(recommender.movies)
    ids = tf.constant(movie_ids)
    titles = tf.constant(recommender.movies["name"].to_list())
    numbers, names = pd.factorize(recommender.movies["name"])  # one number for all ids of a movie
    movie, num_titles = tf.constant(numbers), len(names)
    likes = tf.fill([len(movie_ids)], np.float32(recommender.liked_stars))
    counts = recommender.movies["ratings"].to_numpy()
    by_count = tf.constant(np.argsort(-counts, kind="stable"))

    def find(table: tf.lookup.StaticHashTable, keys: tf.Tensor, error: str) -> tf.Tensor:
        places = table.lookup(keys)
        known = tf.debugging.assert_non_negative(places, error)
        with tf.control_dependencies([known]):
            return tf.identity(places)

    def expect(mask: tf.Tensor, stars: tf.Tensor) -> tf.Tensor:
        """What `fold_in.expect_stars` gives, of all movies."""
        own = tf.boolean_mask(module.vectors, mask)  # (ratings, dim + 1)
        left = tf.cast(tf.boolean_mask(stars, mask), tf.float64)
        left = (left - tf.boolean_mask(module.base, mask))[:, None]
        inner = tf.matmul(own, own, transpose_a=True) + noise
        z = tf.linalg.solve(inner, tf.matmul(own, left, transpose_a=True))  # (dim + 1, 1)
        return tf.clip_by_value(module.base + tf.matmul(module.vectors, z)[:, 0], *taste.scale)

    def list_best(mask: tf.Tensor, stars: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        own = tf.boolean_mask(module.weights, mask)  # (ratings, movies)
        # A movie may have several ids: whoever rated one of them knows it.
        known = tf.math.unsorted_segment_max(tf.cast(mask, tf.int32), movie, num_titles) > 0
        seen = tf.gather(known, movie)  # (movies,)
        scores = tf.where(seen, -np.inf, tf.reduce_sum(own, axis=0))  # (movies,)
        # Of equal scores the first comes first: what most people have rated.
        order = tf.gather(by_count, tf.math.top_k(tf.gather(scores, by_count), len(ids)).indices)
        order = tf.boolean_mask(order, ~tf.gather(seen, order))
        # The first of the ids of each movie, the best movie first.
        different, row = tf.unique(tf.gather(movie, order))
        first = tf.math.unsorted_segment_min(tf.range(tf.size(row)), row, tf.size(different))
        number = tf.minimum(tf.maximum(k, CANDIDATES), tf.size(first))
        found = tf.gather(order, tf.gather(first, tf.range(number)))
        expected = expect(mask, stars)
        by_score = _standardise(tf.cast(tf.gather(scores, found), tf.float64))
        by_stars = _standardise(tf.gather(expected, found))
        leads = tf.cast(tf.reduce_any(by_score != 0), tf.float64)
        value = (1 - share) * by_score + share * leads * by_stars
        # Of equal values the higher score comes first: top_k keeps the order.
        places = tf.gather(found, tf.math.top_k(value, tf.minimum(k, number)).indices)
        return {
            "movie_ids": tf.gather(ids, places),
            "titles": tf.gather(titles, places),
            "scores": tf.gather(scores, places),
            "stars": tf.cast(tf.gather(expected, places), tf.float32),
            "popular": tf.gather(tf.reduce_all(own == 0, axis=0), places),
        }

    def mark(places: tf.Tensor) -> tf.Tensor:
        return tf.reduce_any(tf.one_hot(places, len(titles), True, False, dtype=tf.bool), axis=0)

    @tf.function(
        input_signature=[
            tf.TensorSpec((), tf.int64, name="user_id"),
            tf.TensorSpec((), tf.int32, name="k"),
        ]
    )
    def for_user(user_id: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        row = find(module.users, user_id, "The data have no user with ratings of this id.")
        return list_best(tf.gather(module.rated, row), tf.gather(module.given, row), k)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.int64, name="liked"),
            tf.TensorSpec((), tf.int32, name="k"),
        ]
    )
    def for_likes(liked: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        mask = mark(find(module.movies, liked, "The data have no movie of this id."))
        return list_best(mask, likes, k)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, name="liked"),
            tf.TensorSpec((), tf.int32, name="k"),
        ]
    )
    def for_titles(liked: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        keys = tf.strings.lower(tf.strings.strip(liked), encoding="utf-8")
        error = "No movie has this title, or several have it: movies.csv lists all, with their ids."
        return list_best(mark(find(module.titles, keys, error)), likes, k)

    functions = {"for_user": for_user, "for_likes": for_likes, "for_titles": for_titles}
    for name, function in functions.items():
        setattr(module, name, function)
    with replace_when_whole(folder) as target:
        tf.saved_model.save(module, str(target), signatures=functions)
        listed = pd.DataFrame(
            {"movie_id": movie_ids, "title": guard_texts(recommender.movies["name"])}
        )
        listed.to_csv(target / "movies.csv", index=False, encoding="utf-8", lineterminator="\n")
        if recommender.user_names is not None:  # for_user takes the number of such an id
            recommender.user_names.to_csv(target / "user_ids.csv", index=False)
        (target / MARK).write_text(f"written by reelbook: {recommender.model}\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)


def _standardise(values: tf.Tensor) -> tf.Tensor:
    """What `two_stages.standardise` gives, of one row."""
    left = values - tf.reduce_mean(values)
    deviation = tf.sqrt(tf.reduce_mean(left**2))
    flat = deviation <= 1e-9 * tf.reduce_max(tf.abs(values))
    return tf.where(
        flat, tf.zeros_like(left), left / tf.where(flat, tf.ones_like(deviation), deviation)
    )


def describe_use(recommender: Recommender, folder: Path) -> str:
    """Lines of Python that load an exported model and get lists from it."""
    title = recommender.movies["name"].iloc[recommender.movies["ratings"].argmax()]
    user = recommender.ratings["user_id"].min()
    return f"""import tensorflow as tf

model = tf.saved_model.load({str(folder.absolute())!r})
found = model.for_titles([{title!r}], 10)  # ids of movies: model.for_likes([...], 10)
print(*[title.decode() for title in found["titles"].numpy()], sep="\\n")
found = model.for_user({user}, 10)
print(found["movie_ids"].numpy(), found["scores"].numpy())"""


def _make_title_lookup(movies: pd.DataFrame) -> tf.lookup.StaticHashTable:
    """From titles in small letters, with the year or without, to places as `find_titles` has."""
    names = movies["name"].to_list()
    texts = list(dict.fromkeys([*names, *(re.sub(r" \(\d{4}\)$", "", name) for name in names)]))
    found, _ = look_up_titles(texts, names, movies["ratings"].to_list())
    places = {
        text.lower(): place for text, place in zip(texts, found, strict=True) if place is not None
    }
    return _make_lookup(list(places), list(places.values()))


def _make_lookup(keys: np.ndarray | list[Any], places: Sequence[int]) -> tf.lookup.StaticHashTable:
    """From ids or texts to places, -1 for one that is not there."""
    found = tf.constant(keys, tf.string if isinstance(keys[0], str) else tf.int64)
    values = tf.constant(places, tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(found, values), -1)
