"""A recommender as something that runs without reelbook: a SavedModel, and a page of its own."""

import base64
import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import sparse

from reelbook.errors import ReelbookError
from reelbook.files import replace_when_whole
from reelbook.models.rating_matrix import count_ratings, list_users, make_matrix
from reelbook.recommender import REACH, Recommender, learn_weights
from reelbook.recommending import measure_ndcg
from reelbook.schema import Dataset
from reelbook.splits import make_split

BROWSER = Path(__file__).parent / "browser"
MARK = "reelbook.txt"  # in a folder that an export wrote, and may replace
KEPT = 160_000  # weights that the page gets: three bytes each, a third more as text


def export_saved_model(recommender: Recommender, folder: Path) -> None:
    """Write a TensorFlow SavedModel that takes raw ids and gives titles and scores.

    Signatures, each with `k` (int32, the length of the list) and with `movie_ids` (int64), `titles`
    (text) and `scores` (float32) of shape (k,) as what it gives:

    - `for_user` takes `user_id` (int64, ()).
    - `for_likes` takes `liked` (int64, (likes,)), ids of movies.

    An id that was not in the data is an error that says so.

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

    def find(table: tf.lookup.StaticHashTable, keys: tf.Tensor, what: str) -> tf.Tensor:
        places = table.lookup(keys)
        known = tf.debugging.assert_non_negative(places, f"No {what} of the data has this id.")
        with tf.control_dependencies([known]):
            return tf.identity(places)

    def list_best(mask: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        own = tf.boolean_mask(module.weights, mask)  # (ratings, movies)
        scores = tf.where(mask, -np.inf, tf.reduce_sum(own, axis=0))  # (movies,)
        left = tf.reduce_sum(tf.cast(~mask, tf.int32))
        best = tf.math.top_k(scores, tf.minimum(k, left))
        return {
            "movie_ids": tf.gather(ids, best.indices),
            "titles": tf.gather(titles, best.indices),
            "scores": best.values,
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec((), tf.int64, name="user_id"),
            tf.TensorSpec((), tf.int32, name="k"),
        ]
    )
    def for_user(user_id: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        row = find(module.users, user_id, "user")
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
        (target / MARK).write_text(f"written by reelbook: {recommender.model}\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Refuse a folder whose contents an export would delete, but for an earlier export.

    Raises:
        ReelbookError: the folder is a file, or holds files that an export does not write.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ReelbookError(f"{folder} is a file: give an empty folder or a new one.")
    found = {file.name for file in folder.iterdir()}
    ours = {MARK, "saved_model.pb", "fingerprint.pb", "variables", "assets"}
    if found and (MARK not in found or found - ours):
        raise ReelbookError(f"{folder} holds something else: give an empty folder or a new one.")


def make_page(recommender: Recommender) -> str:
    """HTML in which a reader types liked movies and gets a list; it needs no server.

    The page gets the model in few bytes: the KEPT weights that count most, in 8 bits, and the
    vectors of `gaussian` in 16. What that costs is measured by `measure_kept`.
    """
    # A title that holds "</script>" would end the script.
    model = json.dumps(pack_model(recommender), separators=(",", ":")).replace("<", "\\u003c")
    parts = {name: (BROWSER / f"page.{name}").read_text() for name in ("css", "html", "js")}
    return (
        f"<style>{parts['css']}</style>\n{parts['html']}\n"
        f"<script>\n(function () {{\nconst model = {model};\n{parts['js']}\n}})();\n</script>"
    )


def pack_model(recommender: Recommender) -> dict[str, Any]:
    """What the page computes with, as JSON; arrays are little-endian bytes in base 64."""
    counts = recommender.movies["ratings"].to_numpy()
    weights = sparse.csr_matrix(keep_largest(recommender.weights, counts))
    sizes = np.diff(weights.indptr)
    steps = abs(weights).max(axis=1).toarray().ravel() / 127  # (movies,), of the values in a row
    values = np.rint(weights.data / np.repeat(steps, sizes))
    taste = recommender.taste
    step = max(float(np.abs(taste.vectors).max()), 1e-12) / 32_767
    return {
        "names": recommender.movies["name"].to_list(),
        "counts": counts.tolist(),
        "starts": _encode(weights.indptr, "<u4"),
        "columns": _encode(weights.indices, "<u2"),
        "values": _encode(values, "<i1"),
        "steps": _encode(steps, "<f4"),
        "vectors": _encode(np.rint(taste.vectors / step), "<i2"),
        "step": step,
        "base": _encode(taste.base, "<f4"),
        "doubt": _encode(taste.doubt, "<f4"),
        "noise": taste.noise,
        "scale": list(taste.scale),
        "liked": recommender.liked_stars,
        "reach": REACH,
    }


def keep_largest(weights: np.ndarray, counts: np.ndarray, *, kept: int = KEPT) -> np.ndarray:
    """The weights that count most, all others zero, (movies, movies).

    What a weight W_ji does to lists grows with its size and with how many users rated movie j, of
    whom each has other movies that pull: it counts by |W_ji| times the root of that number.

    Args:
        weights: W (movies, movies).
        counts: ratings of each movie (movies,).
        kept: how many.
    """
    size = np.abs(weights) * np.sqrt(counts)[:, None]
    if kept >= size.size:
        return weights
    least = np.partition(size.ravel(), -kept)[-kept]
    return np.where((size >= least) & (size > 0), weights, 0).astype("float32")


def measure_kept(dataset: Dataset, *, model: str) -> dict[str, float]:
    """nDCG@10 of all weights and of those that the page gets, on the first split of stratified.

    Args:
        dataset: the canonical tables.
        model: one of `recommender.MODELS`.

    Returns:
        `all` and `kept`.
    """
    split = make_split(dataset, "stratified")
    x = make_matrix(dataset, dataset.ratings.iloc[np.union1d(split.train, split.validation)])
    users, counts = list_users(dataset), count_ratings(x)
    weights = learn_weights(dataset, x, model=model)
    found = {}
    for name, part in {"all": weights, "kept": keep_largest(weights, counts)}.items():
        score = functools.partial(_score, x, users, part)
        found[name] = measure_ndcg(score, dataset, split, part="test")
    return found


def _score(
    x: sparse.csr_matrix, users: np.ndarray, weights: np.ndarray, ids: np.ndarray
) -> np.ndarray:
    return x[np.searchsorted(users, ids)] @ weights  # (rows, movies)


def _encode(array: np.ndarray, dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()


def _make_lookup(ids: np.ndarray) -> tf.lookup.StaticHashTable:
    """From raw ids to places, -1 for one that is not there."""
    keys = tf.constant(ids.astype("int64"))
    values = tf.range(len(ids), dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
