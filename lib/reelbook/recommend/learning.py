"""What recommending needs, learned from all ratings of a data set, and how sure its stars are."""

import functools
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import Score
from reelbook.models import content, gaussian, registry, topn
from reelbook.models.features.matrix import list_most_rated, list_users, make_matrix
from reelbook.models.fold_in import Taste
from reelbook.models.measured_orders import measure_orders
from reelbook.models.two_stages import BLENDED, CANDIDATES, WEIGHTS, choose_weight
from reelbook.recommend.recommender import (
    LIKED,
    TASTE,
    Recommender,
    check_model,
    find_range,
    list_movies,
)
from reelbook.runs.store import load_or_train
from reelbook.splits.inner import make_inner_split
from reelbook.splits.protocols import make_split


def make_recommender(
    dataset: Dataset, *, model: str = "topn.edlae", tuned: bool = True
) -> Recommender:
    """Learn from all ratings; settings are those of the model's run on a split, trained if missing.

    Of more than `MOST_MOVIES` movies it knows the most rated.

    Args:
        dataset: the canonical tables.
        model: one of MODELS.
        tuned: see `find_settings`.

    Raises:
        ReelbookError: a model that is not one of these.
    """
    x = make_matrix(dataset, dataset.ratings)
    kept = list_most_rated(x)
    weights = learn_weights(dataset, x, model=model, tuned=tuned)
    movies = list_movies(dataset).iloc[kept].reset_index(drop=True)
    taste = learn_taste(dataset, dataset.ratings, tuned=tuned)
    taste = taste._replace(
        base=taste.base[kept], doubt=taste.doubt[kept], vectors=taste.vectors[kept]
    )
    stars = dataset.ratings["rating"]
    places = pd.Index(movies["movie_id"]).get_indexer(dataset.ratings["movie_id"])
    return Recommender(
        dataset.name,
        model,
        movies,
        weights,
        taste,
        float(stars[stars >= min(LIKED, stars.max())].mean()),
        dataset.ratings[["user_id", "rating"]].assign(place=places)[places >= 0],
        dataset.users["user_id"].to_numpy(),
        dataset.user_names,
        choose_taste_weight(dataset, model=model, tuned=tuned),
    )


def learn_weights(
    dataset: Dataset, x: sparse.csr_matrix, *, model: str, tuned: bool = True
) -> np.ndarray:
    """W between the movies of `list_most_rated`, with the settings that validation rows chose.

    Args:
        dataset: the canonical tables.
        x: who rated what (users, movies): what is learned from.
        model: one of MODELS; the validation rows are those of its run on `stratified`.
        tuned: see `find_settings`.

    Returns:
        float32 (kept, kept), all movies where they are not too many.

    Raises:
        ReelbookError: a model that is not one of these.
    """
    check_model(model)
    kept = list_most_rated(x)
    params = find_settings(dataset, model, "stratified", tuned=tuned)
    if model in topn.WEIGHTS:
        return topn.WEIGHTS[model](x[:, kept], params)
    features = content.describe_movies(dataset)[kept]
    return content.learn_weights(x[:, kept], features, l2=params["l2"])


def learn_taste(
    dataset: Dataset, ratings: pd.DataFrame, *, fold: int = 1, tuned: bool = True
) -> Taste:
    """What `gaussian` learns from ratings, with the settings that validation rows chose."""
    params = find_settings(dataset, TASTE, "official", fold, tuned=tuned)
    return gaussian.learn_taste(params, dataset, ratings)


def choose_taste_weight(dataset: Dataset, *, model: str, tuned: bool = True) -> float:
    """How much stars count beside the score: what gives users most liked movies on validation rows.

    Those are of the first split of `stratified`; both models learn from its training rows.

    Args:
        dataset: the canonical tables.
        model: one of MODELS.
        tuned: see `find_settings`.

    Returns:
        One of WEIGHTS: 0 where all stars are the same, BLENDED where no rows can choose.
    """
    try:
        split = make_inner_split(dataset, make_split(dataset, "stratified"))
    except ReelbookError:  # too few ratings to split
        return BLENDED
    known = dataset.ratings.iloc[split.known]
    if known["rating"].min() == known["rating"].max():
        return 0.0
    x = make_matrix(dataset, known)
    weights = learn_weights(dataset, x, model=model, tuned=tuned)
    taste = learn_taste(dataset, known, tuned=tuned)
    tried = measure_orders(
        make_score(dataset, x, weights),
        gaussian.make_star_table(taste, dataset, known),
        dataset,
        split,
        weights={CANDIDATES: WEIGHTS},
    )
    return choose_weight([float(tried[CANDIDATES, weight]["liked"].mean()) for weight in WEIGHTS])


def make_score(dataset: Dataset, x: sparse.csr_matrix, weights: np.ndarray) -> Score:
    """From user ids to scores (users, movies) by the weights that `learn_weights` gives.

    Args:
        dataset: the canonical tables.
        x: who rated what (users, movies), that they were learned from.
        weights: between the movies of `list_most_rated`; all others score -inf.
    """
    return functools.partial(_score, x, list_users(dataset), list_most_rated(x), weights)


def _score(
    x: sparse.csr_matrix, users: np.ndarray, most: np.ndarray, weights: np.ndarray, ids: np.ndarray
) -> np.ndarray:
    scores = np.full((len(ids), x.shape[1]), -np.inf, "float32")  # (rows, movies)
    scores[:, most] = x[np.searchsorted(users, ids)][:, most] @ weights
    return scores


def find_settings(
    dataset: Dataset, model: str, protocol: str, fold: int | None = None, *, tuned: bool = True
) -> dict[str, Any]:
    """The settings that a run's validation rows chose, or, of ratings too few to split, defaults.

    Args:
        dataset: the canonical tables.
        model: whose run; it is trained if it is missing.
        protocol: of the run's split.
        fold: of the run's split.
        tuned: whether validation rows choose; otherwise the defaults stay.
    """
    if not tuned:
        return registry.resolve_params(model, {})
    try:
        split = make_split(dataset, protocol, fold=fold)
    except ReelbookError:  # no part of the data can choose; there is a list all the same
        return registry.resolve_params(model, {})
    run = load_or_train(model, {}, dataset, split, 0)
    return run.record.params | run.record.extra["chosen"]


def measure_sureness(dataset: Dataset, *, fold: int = 1, tuned: bool = True) -> pd.DataFrame:
    """How often ratings that were held out lie between low and high, by what is known of the user.

    Args:
        dataset: the canonical tables.
        fold: of the protocol official; its test rows are predicted from all others.
        tuned: see `find_settings`.

    Returns:
        known (how many ratings of the user were used, a text), rows, inside (share between low and
        high), width (mean of high less low, in stars).
    """
    split = make_split(dataset, "official", fold=fold)
    learned = dataset.ratings.iloc[split.known]
    taste = learn_taste(dataset, learned, fold=fold, tuned=tuned)
    test = dataset.ratings.iloc[split.test]
    low, high = find_range(taste, *gaussian.expect_rows(taste, dataset, learned, test))
    sizes = learned.groupby("user_id").size()
    own = test["user_id"].map(sizes).fillna(0)
    table = pd.DataFrame(
        {"own": own, "inside": test["rating"].between(low, high), "width": high - low}
    )
    edges = [-1, 19, 49, 99, np.inf]
    table["known"] = pd.cut(table["own"], edges, labels=["0-19", "20-49", "50-99", "100+"])
    grouped = table.groupby("known", observed=True)
    found = grouped.agg(rows=("inside", "size"), inside=("inside", "mean"), width=("width", "mean"))
    return found.reset_index().astype({"known": str})
