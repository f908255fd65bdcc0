"""A recommender as something that runs without reelbook: a TensorFlow SavedModel."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

import reelbook.models.fitting.loop  # noqa: F401  (it sets TensorFlow to one thread)
from reelbook.errors import ReelbookError
from reelbook.files import check_place, replace_when_whole
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
    ours = {MARK, "saved_model.pb", "fingerprint.pb", "variables", "assets", "user_ids.csv"}
    if found and (MARK not in found or found - ours):
        raise ReelbookError(f"{folder} holds something else: give an empty folder or a new one.")


def export_saved_model(recommender: Recommender, folder: Path) -> None:
    """Write a TensorFlow SavedModel that takes raw ids and gives titles and scores.

    Signatures, each with `k` (int32, the length of the list) and with `movie_ids` (int64), `titles`
    (text), `scores` (float32) and `popular` (bool) of shape (k,) as what it gives; a movie is there
    for being `popular` where nothing leads to it:

    - `for_user` takes `user_id` (int64, ()).
    - `for_likes` takes `liked` (int64, (likes,)), ids of movies.

    An id that was not in the data is an error that says so. Ids that share title and year are one
    movie, and whoever rated or likes one of them gets none of the others.

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
    module = tf.Module(name="recommender")
    # What hangs on the module is saved with it.
    module.users = _make_lookup(users)
    module.movies = _make_lookup(recommender.movies["movie_id"].to_numpy())
    module.weights = tf.Variable(recommender.weights, trainable=False)
    module.rated = tf.Variable(rated, trainable=False)
    ids = tf.constant(recommender.movies["movie_id"].to_numpy("int64"))
    titles = tf.constant(recommender.movies["name"].to_list())
    numbers, names = pd.factorize(recommender.movies["name"])  # one number for all ids of a movie
    movie, num_titles = tf.constant(numbers), len(names)
    counts = recommender.movies["ratings"].to_numpy()
    by_count = tf.constant(np.argsort(-counts, kind="stable"))

    def find(table: tf.lookup.StaticHashTable, keys: tf.Tensor, what: str) -> tf.Tensor:
        places = table.lookup(keys)
        known = tf.debugging.assert_non_negative(places, f"The data have no {what} of this id.")
        with tf.control_dependencies([known]):
            return tf.identity(places)

    def list_best(mask: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
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
        places = tf.gather(order, tf.gather(first, tf.range(tf.minimum(k, tf.size(first)))))
        return {
            "movie_ids": tf.gather(ids, places),
            "titles": tf.gather(titles, places),
            "scores": tf.gather(scores, places),
            "popular": tf.gather(tf.reduce_all(own == 0, axis=0), places),
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec((), tf.int64, name="user_id"),
            tf.TensorSpec((), tf.int32, name="k"),
        ]
    )
    def for_user(user_id: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        row = find(module.users, user_id, "user with ratings")
        return list_best(tf.gather(module.rated, row), k)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.int64, name="liked"),
            tf.TensorSpec((), tf.int32, name="k"),
        ]
    )
    def for_likes(liked: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        places = find(module.movies, liked, "movie")
        mask = tf.reduce_any(tf.one_hot(places, len(titles), True, False, dtype=tf.bool), axis=0)
        return list_best(mask, k)

    module.for_user, module.for_likes = for_user, for_likes
    with replace_when_whole(folder) as target:
        signatures = {"for_user": for_user, "for_likes": for_likes}
        tf.saved_model.save(module, str(target), signatures=signatures)
        if recommender.user_names is not None:  # for_user takes the number of such an id
            recommender.user_names.to_csv(target / "user_ids.csv", index=False)
        (target / MARK).write_text(f"written by reelbook: {recommender.model}\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)


def _make_lookup(ids: np.ndarray) -> tf.lookup.StaticHashTable:
    """From raw ids to places, -1 for one that is not there."""
    keys = tf.constant(ids.astype("int64"))
    values = tf.range(len(ids), dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
