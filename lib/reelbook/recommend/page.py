"""A recommender as a page of its own, which needs no server."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.data.titles import ARTICLES
from reelbook.metrics.catalogue import measure_ndcg
from reelbook.models.features.matrix import count_ratings, list_most_rated, make_matrix
from reelbook.models.two_stages import CANDIDATES
from reelbook.recommend.learning import learn_weights, make_score
from reelbook.recommend.ratings_file import COLUMNS, SITES, TOPS
from reelbook.recommend.recommender import POPULAR, REACH, Recommender
from reelbook.splits.protocols import make_split

BROWSER = Path(__file__).parent / "browser"
# The scripts share one scope, in this order.
SCRIPTS = ("model.js", "titles.js", "ratings_file.js", "page.js")
KEPT = 160_000  # weights that the page gets: three bytes each, a third more as text


def make_page(recommender: Recommender) -> str:
    """HTML in which a reader types liked movies, or gives a file of ratings, and gets a list.

    It needs no server, and sends nothing.

    The page gets the model in few bytes: the KEPT weights that count most, in 8 bits, and the
    vectors of `gaussian` in 16. What that costs is measured by `measure_kept`.
    """
    # A title that holds "</script>" would end the script.
    model = json.dumps(pack_model(recommender), separators=(",", ":")).replace("<", "\\u003c")
    css, html, *scripts = (
        (BROWSER / name).read_text(encoding="utf-8") for name in ("page.css", "page.html", *SCRIPTS)
    )
    code = "\n".join(['"use strict";', f"const model = {model};", *scripts])
    return f"<style>{css}</style>\n{html}\n<script>\n(function () {{\n{code}\n}})();\n</script>"


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
        "articles": ARTICLES,
        "roles": COLUMNS,
        "sites": SITES,
        "tops": TOPS,
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
        "taste_weight": recommender.taste_weight,
        "candidates": CANDIDATES,
        "reach": REACH,
        "popular": POPULAR,
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


def measure_kept(dataset: Dataset, *, model: str, tuned: bool = True) -> dict[str, float]:
    """nDCG@10 of all weights and of those that the page gets, on the first split of stratified.

    Args:
        dataset: the canonical tables.
        model: one of `recommender.MODELS`.
        tuned: see `learning.find_settings`.

    Returns:
        `all` and `kept`.
    """
    split = make_split(dataset, "stratified")
    x = make_matrix(dataset, dataset.ratings.iloc[split.known])
    counts = count_ratings(x)[list_most_rated(x)]
    weights = learn_weights(dataset, x, model=model, tuned=tuned)
    found = {}
    for name, part in {"all": weights, "kept": keep_largest(weights, counts)}.items():
        score = make_score(dataset, x, part)
        found[name] = measure_ndcg(score, dataset, split, part="test")
    return found


def _encode(array: np.ndarray, dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()
