"""Recommendations for a person: which unseen movies, how many stars, how sure, and why.

A model of weights W between movies finds candidates: the score of movie i is the sum of W_ji over
the movies j that a person rated, or likes. So each of these movies pulls by a number, W_ji, and the
ones that pull most are the reason. Stars, and how sure they are, come from
`reelbook.models.gaussian`. Score and stars together order the candidates, as
`reelbook.models.two_stages` says. `reelbook.recommend.learning` learns all of it.
"""

import difflib
import re
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.titles import find_titles, list_names
from reelbook.errors import ReelbookError
from reelbook.models.fold_in import Taste, expect_stars
from reelbook.models.two_stages import BLENDED, CANDIDATES, rank_candidates

if TYPE_CHECKING:  # a list of what was learned takes no time for what learns and checks
    from reelbook.data.tables import Dataset

MODELS = ["topn.item_knn", "topn.ease", "topn.edlae", "content.ridge"]
TASTE = "gaussian.fold_in"  # that the stars come from
SURE = 0.8  # share of ratings that should lie between low and high
REACH = NormalDist().inv_cdf((1 + SURE) / 2)  # how many standard deviations that is to each side
POPULAR = "popular; nothing you rated leads to it"  # in place of a reason
LIKED = 4.0  # stars from which on a rating counts as a like


class Recommender(NamedTuple):
    """What recommending needs, over the movies in ascending order of their ids.

    Attributes:
        dataset: the name of the data set.
        model: that finds the candidates, one of MODELS.
        movies: movie_id, name and ratings (number) of each; the most rated where they are many.
        weights: W, float32 (movies, movies).
        taste: see `Taste`.
        liked_stars: what a liked movie counts as: the mean of all ratings from LIKED stars on.
        ratings: user_id, place (of the movie) and rating, of all users of the data set.
        user_ids: of all users, also of those without ratings.
        user_names: see `Dataset.user_names`.
        taste_weight: how much stars count beside the score, from 0 to 1.
    """

    dataset: str
    model: str
    movies: pd.DataFrame
    weights: np.ndarray
    taste: Taste
    liked_stars: float
    ratings: pd.DataFrame
    user_ids: np.ndarray
    user_names: pd.DataFrame | None = None
    taste_weight: float = BLENDED


def check_request(
    dataset: "Dataset", *, model: str, user_ids: Sequence[int], liked: Sequence[str], k: int
) -> None:
    """Refuse what no list can be made of, before anything is learned.

    Raises:
        ReelbookError: a model that does not recommend, an id that nobody has, a title that no movie
            or several have, or k below 1.
    """
    check_model(model)
    check_length(k)
    for user_id in user_ids:
        _find_ratings(dataset.ratings, user_id, dataset.users["user_id"].to_numpy())
    counts = dataset.movies["movie_id"].map(dataset.ratings["movie_id"].value_counts())
    find_titles(liked, list_names(dataset.movies), counts.fillna(0).tolist())


def find_users(known: "Dataset | Recommender", asked: Sequence[str]) -> list[int]:
    """The user_id of each id as it stands in the data, or in what was learned from them.

    Raises:
        ReelbookError: a text that is no user's, or no whole number where ids are such.
    """
    if known.user_names is None:
        if wrong := [text for text in asked if not re.fullmatch(r"-?[0-9]{1,18}", text)]:
            raise ReelbookError(f"--user {wrong[0]}: the ids of these data are whole numbers.")
        return [int(text) for text in asked]
    ids = dict(zip(known.user_names["name"], known.user_names["user_id"], strict=True))
    for text in asked:
        if text not in ids:
            close = difflib.get_close_matches(text, ids, cutoff=0)
            raise ReelbookError(f"No user has the id {text!r}; the closest are {', '.join(close)}.")
    return [ids[text] for text in asked]


def check_model(model: str) -> None:
    """Refuse a model that does not recommend: ReelbookError with those that do."""
    if model not in MODELS:
        raise ReelbookError(f"Model {model!r} cannot recommend; these can: {', '.join(MODELS)}.")


def check_length(k: int) -> None:
    """Refuse an empty list: ReelbookError where k is below 1."""
    if k < 1:
        raise ReelbookError(f"A list has at least one movie: k must be 1 or more, not {k}.")


def list_movies(dataset: "Dataset") -> pd.DataFrame:
    """movie_id, name and ratings (number) of each movie, in ascending order of the ids."""
    movies = dataset.movies.sort_values("movie_id", ignore_index=True)
    counts = dataset.ratings["movie_id"].value_counts().reindex(movies["movie_id"], fill_value=0)
    return movies[["movie_id"]].assign(name=list_names(movies), ratings=counts.to_numpy())


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
    """The k movies that a person has not rated and will like best.

    They are the first of CANDIDATES by score and stars together. Ids that share title and year are
    one movie, of which the id with the highest score is listed.

    Where scores are equal, what most people have rated comes first. So a list for likes from which
    no weight leads anywhere is what is popular, and `because` says so.

    Args:
        recommender: as `make_recommender` gives it.
        rated: places of the movies that he or she rated (ratings,).
        given: the stars (ratings,).
        k: length of the list.

    Returns:
        rank, movie_id, name, score, stars (predicted), low and high (between them a rating lies
        with a chance of SURE), and because: the names of up to three movies that pull most, each
        with its share of all that pulls, or POPULAR where nothing does.

    Raises:
        ReelbookError: k below 1.
    """
    check_length(k)
    names = recommender.movies["name"]
    scores = recommender.weights[rated].sum(axis=0, dtype="float64")  # (movies,)
    left = names.iloc[np.lexsort((-recommender.movies["ratings"].to_numpy(), -scores))]
    # A movie may have several ids: whoever rated one of them knows it, and one is enough in a list.
    left = left[~left.isin(names.iloc[rated])].drop_duplicates()
    found = left.index[: max(k, CANDIDATES)].to_numpy()
    expected = expect_stars(recommender.taste, rated, given, targets=found)
    leads = len(found) > 0 and np.ptp(scores[found]) > 0
    weight = recommender.taste_weight if leads else 0.0  # to what is popular nothing is added
    places = rank_candidates(scores[found][None], expected.stars[None], [weight], k=k)[0, 0]
    best, stars, deviation = found[places], expected.stars[places], expected.deviation[places]
    unknown = (recommender.weights[np.ix_(rated, best)] == 0).all(axis=0)  # (k,)
    low, high = find_range(recommender.taste, stars, deviation)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(best) + 1),
            "movie_id": recommender.movies["movie_id"].to_numpy()[best],
            "name": names.to_numpy()[best],
            "score": scores[best],
            "stars": stars,
            "low": low,
            "high": high,
            "because": [
                POPULAR if blind else format_pulls(find_pulls(recommender, rated, target))
                for target, blind in zip(best, unknown, strict=True)
            ],
        }
    )


def find_pulls(recommender: Recommender, rated: np.ndarray, target: int) -> pd.Series:
    """What the rated movies pull a movie into the list with, as shares by name, the largest first.

    The ids of one movie pull together; what pushes a movie down has no share.
    """
    pulls = recommender.weights[rated, target].astype("float64")  # (ratings,)
    names = recommender.movies["name"].to_numpy()[rated[pulls > 0]]
    sums = pd.Series(pulls[pulls > 0]).groupby(names, sort=False).sum()
    return (sums / sums.sum()).sort_values(ascending=False, kind="stable")


def format_pulls(shares: pd.Series, *, size: int = 3) -> str:
    """The `size` largest shares in words: "Fargo (1996) (41%), Heat (1995) (22%)"."""
    return ", ".join(
        f"{name} ({share:.{0 if share >= 0.01 else 1}%})" for name, share in shares[:size].items()
    )


def sort_by_stars(lists: pd.DataFrame) -> pd.DataFrame:
    """The same lists, of one user or of several, with the most stars first in each."""
    number = (lists["rank"] == 1).cumsum()
    order = np.lexsort((lists["rank"], -lists["stars"], number))
    return lists.iloc[order].assign(rank=lists["rank"].to_numpy()).reset_index(drop=True)


def find_range(
    taste: Taste, stars: np.ndarray, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Between which stars a rating lies with a chance of SURE, within the scale: low and high."""
    reach = REACH * deviation
    return (stars - reach).clip(*taste.scale), (stars + reach).clip(*taste.scale)
