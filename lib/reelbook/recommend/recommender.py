"""Recommendations for a person: which unseen movies, how many stars, how sure, and why.

A list is ordered by a model of weights W between movies: the score of movie i is the sum of W_ji
over the movies j that a person rated, or likes. So each of these movies pulls by a number, W_ji,
and the ones that pull most are the reason. Stars, and how sure they are, come from
`reelbook.models.gaussian`. Both are learned from all ratings of the data set, with the settings
that validation rows chose; how good they are is measured elsewhere, on ratings held out.
"""

import difflib
import re
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.data.titles import find_titles, list_names
from reelbook.errors import ReelbookError
from reelbook.models import content, gaussian, registry, topn
from reelbook.models.features.matrix import make_matrix
from reelbook.runs.store import load_or_train
from reelbook.splits.protocols import make_split

MODELS = [*topn.WEIGHTS, "content.ridge"]
TASTE = "gaussian.fold_in"
SURE = 0.8  # share of ratings that should lie between low and high
REACH = NormalDist().inv_cdf((1 + SURE) / 2)  # how many standard deviations that is to each side
POPULAR = "popular; nothing you rated leads to it"  # in place of a reason
LIKED = 4.0  # stars from which on a rating counts as a like


class Recommender(NamedTuple):
    """What recommending needs, over the movies in ascending order of their ids.

    Attributes:
        model: that ordered the lists, one of MODELS.
        movies: movie_id, name and ratings (number) of each.
        weights: W, float32 (movies, movies).
        taste: see `gaussian.Taste`.
        liked_stars: what a liked movie counts as: the mean of all ratings from LIKED stars on.
        ratings: user_id, place (of the movie) and rating, of all users of the data set.
        user_ids: of all users, also of those without ratings.
        user_names: see `Dataset.user_names`.
    """

    model: str
    movies: pd.DataFrame
    weights: np.ndarray
    taste: gaussian.Taste
    liked_stars: float
    ratings: pd.DataFrame
    user_ids: np.ndarray
    user_names: pd.DataFrame | None = None


def check_request(
    dataset: Dataset, *, model: str, user_ids: Sequence[int], liked: Sequence[str], k: int
) -> None:
    """Refuse what no list can be made of, before anything is learned.

    Raises:
        ReelbookError: a model that does not recommend, an id that nobody has, a title that no movie
            or several have, or k below 1.
    """
    check_model(model)
    _check_length(k)
    for user_id in user_ids:
        _find_ratings(dataset.ratings, user_id, dataset.users["user_id"].to_numpy())
    counts = dataset.movies["movie_id"].map(dataset.ratings["movie_id"].value_counts())
    find_titles(liked, list_names(dataset.movies), counts.fillna(0).tolist())


def find_users(dataset: Dataset, asked: Sequence[str]) -> list[int]:
    """The user_id of each id as it stands in the data.

    Raises:
        ReelbookError: a text that is no user's, or no whole number where ids are such.
    """
    if dataset.user_names is None:
        if wrong := [text for text in asked if not re.fullmatch(r"-?[0-9]{1,18}", text)]:
            raise ReelbookError(f"--user {wrong[0]}: the ids of these data are whole numbers.")
        return [int(text) for text in asked]
    ids = dict(zip(dataset.user_names["name"], dataset.user_names["user_id"], strict=True))
    for text in asked:
        if text not in ids:
            close = difflib.get_close_matches(text, ids, cutoff=0)
            raise ReelbookError(f"No user has the id {text!r}; the closest are {', '.join(close)}.")
    return [ids[text] for text in asked]


def check_model(model: str) -> None:
    """Refuse a model that does not recommend: ReelbookError with those that do."""
    if model not in MODELS:
        raise ReelbookError(f"Model {model!r} cannot recommend; these can: {', '.join(MODELS)}.")


def _check_length(k: int) -> None:
    if k < 1:
        raise ReelbookError(f"A list has at least one movie: k must be 1 or more, not {k}.")


def make_recommender(dataset: Dataset, *, model: str = "topn.edlae") -> Recommender:
    """Learn from all ratings; settings are those of the model's run on a split, trained if missing.

    Args:
        dataset: the canonical tables.
        model: one of MODELS.

    Raises:
        ReelbookError: a model that is not one of these.
    """
    x = make_matrix(dataset, dataset.ratings)
    weights = learn_weights(dataset, x, model=model)
    movies = list_movies(dataset)
    stars = dataset.ratings["rating"]
    places = np.searchsorted(movies["movie_id"], dataset.ratings["movie_id"])
    return Recommender(
        model,
        movies,
        weights,
        learn_taste(dataset, dataset.ratings),
        float(stars[stars >= min(LIKED, stars.max())].mean()),
        dataset.ratings[["user_id", "rating"]].assign(place=places),
        dataset.users["user_id"].to_numpy(),
        dataset.user_names,
    )


def list_movies(dataset: Dataset) -> pd.DataFrame:
    """movie_id, name and ratings (number) of each movie, in ascending order of the ids."""
    movies = dataset.movies.sort_values("movie_id", ignore_index=True)
    counts = dataset.ratings["movie_id"].value_counts().reindex(movies["movie_id"], fill_value=0)
    return movies[["movie_id"]].assign(name=list_names(movies), ratings=counts.to_numpy())


def learn_weights(dataset: Dataset, x: sparse.csr_matrix, *, model: str) -> np.ndarray:
    """W, float32 (movies, movies), with the settings that validation rows of stratified chose.

    Args:
        dataset: the canonical tables.
        x: who rated what (users, movies): what is learned from.
        model: one of MODELS.

    Raises:
        ReelbookError: a model that is not one of these.
    """
    check_model(model)
    params = find_settings(dataset, model, "stratified")
    if model in topn.WEIGHTS:
        return topn.WEIGHTS[model](x, params)
    return content.learn_weights(x, content.describe_movies(dataset), l2=params["l2"])


def learn_taste(dataset: Dataset, ratings: pd.DataFrame, *, fold: int = 1) -> gaussian.Taste:
    """What `gaussian` learns from ratings, with the settings that validation rows chose."""
    return gaussian.learn_taste(find_settings(dataset, TASTE, "official", fold), dataset, ratings)


def find_settings(
    dataset: Dataset, model: str, protocol: str, fold: int | None = None
) -> dict[str, Any]:
    """The settings that a run's validation rows chose, or, of ratings too few to split, defaults.

    Args:
        dataset: the canonical tables.
        model: whose run; it is trained if it is missing.
        protocol: of the run's split.
        fold: of the run's split.
    """
    try:
        split = make_split(dataset, protocol, fold=fold)
    except ReelbookError:  # no part of the data can choose; there is a list all the same
        return registry.resolve_params(model, {})
    run = load_or_train(model, {}, dataset, split, 0)
    return run.record.params | run.record.extra["chosen"]


def pick_user(ratings: pd.DataFrame) -> int:
    """A user with a usual number of ratings: the first of those with the median."""
    counts = ratings["user_id"].value_counts().sort_index()
    distance = (counts - counts.median()).abs().to_numpy()
    return int(counts.index.to_numpy()[distance.argmin()])


def recommend_to_user(recommender: Recommender, user_id: int, *, k: int = 10) -> pd.DataFrame:
    """The k best movies that a user of the data set has not rated; see `recommend`.

    Raises:
        ReelbookError: nobody has this id, or who has it rated nothing.
    """
    return recommend(recommender, *find_history(recommender, user_id), k=k)


def recommend_to_users(
    recommender: Recommender, user_ids: Sequence[int], *, k: int = 10
) -> pd.DataFrame:
    """The lists of several users, one below the other, with user_id as the first column.

    It holds the ids as they stand in the data, which may be texts.
    """
    lists = [recommend_to_user(recommender, user, k=k) for user in dict.fromkeys(user_ids)]
    found = pd.concat(lists, keys=dict.fromkeys(user_ids), names=["user_id"])
    found = found.reset_index("user_id").reset_index(drop=True)
    if recommender.user_names is not None:
        names = recommender.user_names.set_index("user_id")["name"]
        found["user_id"] = found["user_id"].map(names)
    return found


def recommend_to_fan(
    recommender: Recommender, liked: Sequence[str], *, k: int = 10
) -> pd.DataFrame:
    """The k best movies for someone of whom only a few liked titles are known; see `recommend`.

    Raises:
        ReelbookError: no title, or one that no movie or several have.
    """
    if not liked:
        raise ReelbookError("Give at least one title that you like.")
    movies = recommender.movies
    rated = np.unique(find_titles(liked, movies["name"].tolist(), movies["ratings"].tolist()))
    return recommend(recommender, rated, np.full(len(rated), recommender.liked_stars), k=k)


def find_history(recommender: Recommender, user_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Places and stars of the movies that a user rated, the best first.

    Raises:
        ReelbookError: a user without ratings, or nobody has this id; the message then has the
            range and the closest ids.
    """
    own = _find_ratings(recommender.ratings, user_id, recommender.user_ids)
    own = own.sort_values(["rating", "place"], ascending=[False, True])
    return own["place"].to_numpy(), own["rating"].to_numpy("float64")


def _find_ratings(ratings: pd.DataFrame, user_id: int, user_ids: np.ndarray) -> pd.DataFrame:
    """The rows of a user; ReelbookError with the range and the closest ids if there are none."""
    own = ratings[ratings["user_id"] == user_id]
    if own.empty and user_id in user_ids:
        raise ReelbookError(f"User {user_id} exists but has no ratings: name titles instead.")
    if own.empty:
        ids = np.unique(ratings["user_id"])
        closest = ids[np.argsort(np.abs(ids - user_id), kind="stable")[:3]]
        raise ReelbookError(
            f"No user has the id {user_id}: {len(ids)} have ratings, from {ids[0]} to {ids[-1]}; "
            f"the closest are {', '.join(map(str, np.sort(closest)))}."
        )
    return own


def recommend(
    recommender: Recommender, rated: np.ndarray, given: np.ndarray, *, k: int = 10
) -> pd.DataFrame:
    """The k movies with the highest scores among those that a person has not rated.

    Ids that share title and year are one movie, of which the id with the highest score is listed.

    Where scores are equal, what most people have rated comes first. So a list for likes from which
    no weight leads anywhere is what is popular, and `because` says so.

    Args:
        recommender: as `make_recommender` gives it.
        rated: places of the movies that he or she rated (ratings,).
        given: the stars (ratings,).
        k: length of the list.

    Returns:
        rank, movie_id, name, score, stars (predicted), low and high (between them a rating lies
        with a chance of SURE), and because: the names of up to three movies that pull most, or
        POPULAR where nothing does.

    Raises:
        ReelbookError: k below 1.
    """
    _check_length(k)
    names = recommender.movies["name"]
    scores = recommender.weights[rated].sum(axis=0, dtype="float64")  # (movies,)
    left = names.iloc[np.lexsort((-recommender.movies["ratings"].to_numpy(), -scores))]
    # A movie may have several ids: whoever rated one of them knows it, and one is enough in a list.
    best = left[~left.isin(names.iloc[rated])].drop_duplicates().index[:k].to_numpy()
    unknown = (recommender.weights[np.ix_(rated, best)] == 0).all(axis=0)  # (k,)
    expected = gaussian.expect_stars(recommender.taste, rated, given, targets=best)
    low, high = find_range(recommender.taste, expected.stars, expected.deviation)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(best) + 1),
            "movie_id": recommender.movies["movie_id"].to_numpy()[best],
            "name": names.to_numpy()[best],
            "score": scores[best],
            "stars": expected.stars,
            "low": low,
            "high": high,
            "because": [
                POPULAR if blind else ", ".join(find_pulls(recommender, rated, target))
                for target, blind in zip(best, unknown, strict=True)
            ],
        }
    )


def find_pulls(
    recommender: Recommender, rated: np.ndarray, target: int, *, size: int = 3
) -> list[str]:
    """Which of the rated movies pull a movie most into the list, at most `size`; none that push."""
    pulls = recommender.weights[rated, target]  # (ratings,)
    order = np.argsort(-pulls, kind="stable")
    names = recommender.movies["name"].iloc[rated[order[pulls[order] > 0]]]
    return names.drop_duplicates().head(size).tolist()


def find_range(
    taste: gaussian.Taste, stars: np.ndarray, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Between which stars a rating lies with a chance of SURE, within the scale: low and high."""
    reach = REACH * deviation
    return (stars - reach).clip(*taste.scale), (stars + reach).clip(*taste.scale)


def measure_sureness(dataset: Dataset, *, fold: int = 1) -> pd.DataFrame:
    """How often ratings that were held out lie between low and high, by what is known of the user.

    Args:
        dataset: the canonical tables.
        fold: of the protocol official; its test rows are predicted from all others.

    Returns:
        known (how many ratings of the user were used, a text), rows, inside (share between low and
        high), width (mean of high less low, in stars).
    """
    split = make_split(dataset, "official", fold=fold)
    learned = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    taste = learn_taste(dataset, learned, fold=fold)
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
