"""Bayesian factorisation machines, averaged over draws of all their weights.

With x the features of a rating, a sparse row, and w and v drawn anew in each of S Gibbs draws

    r = 1/S sum_s ( w0_s + sum_a x_a w_as + sum_{a<b} x_a x_b v_as . v_bs )

where each group of features has normal priors of its own, with means and precisions that are drawn
too, so there is no penalty to tune (Rendle 2012; Salakhutdinov and Mnih 2008).

    mf       x: one-hot user and movie. This is Bayesian matrix factorisation.
    timesvd  also the day of the rating; of the user what he or she rated, each 1 / sqrt(number),
             age by five years, occupation, gender, first character of the zip code; of the movie
             who rated it, each 1 / sqrt(number), and the genres. This is "timeSVD++ flipped" of
             Rendle, Zhang and Koren 2019 (section 3.2), with side features as in myFM's example.

The draws are those of the package myFM. Who rated what is counted on training ratings only. What
training never saw has no feature, and is predicted by the rest. Predictions are clipped to the
range of the training ratings.

A draw is kept as what it says of each day, user and movie, which are fewer than their features.
With p = sum_a x_a v_a over the features of one of them, and

    b = sum_a x_a w_a + (|p|^2 - sum_a x_a^2 |v_a|^2) / 2,

the sum over s above is one over w0 + b_d + b_u + b_i + p_d . p_u + p_d . p_i + p_u . p_i.
"""

import contextlib
import io
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

# It asks for its own version in a way that setuptools has given up.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    import myfm

from reelbook.data.tables import Dataset
from reelbook.models.features.ids import make_genre_table
from reelbook.models.features.matrix import list_movies, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import RMSE, Learned, choose_and_refit
from reelbook.models.registry import Family
from reelbook.splits.split import Split

MODELS: dict[str, dict[str, Any]] = {
    "bayes.mf": {"rank": 10, "draws": 300},
    "bayes.timesvd": {"rank": 10, "draws": 512},
}
FAMILY = Family(
    predicts="stars",
    words={
        "bayes.mf": "Bayesian matrix factorisation",
        "bayes.timesvd": "Bayesian factors with implicit feedback, days and side features if known",
    },
    source={
        "bayes.mf": "Salakhutdinov and Mnih 2008",
        "bayes.timesvd": "Rendle, Zhang and Koren 2019",
    },
    needs={"bayes.mf": (), "bayes.timesvd": ("times", "genres", "people")},
    defaults={"grid": {}},
    unseen="the mean and what is known of the other one",
)
ROWS = 256  # predicted at a time; bounds the memory
BURN_IN = 5  # draws that are not averaged, as myFM does by default
DAY = 24 * 60 * 60


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        return learn_draws(model_name, params, dataset, ratings, seed)

    return choose_and_refit(learn, params, dataset, split, by=RMSE)


def learn_draws(
    model_name: str, params: dict[str, Any], dataset: Dataset, ratings: pd.DataFrame, seed: int
) -> Learned:
    """Draw the weights of a model that these ratings allow; `params` are rank and draws."""
    describe = describe_ids if model_name == "bayes.mf" else describe_all
    sampler = myfm.MyFMGibbsRegressor(rank=params["rank"], random_seed=seed)
    stars = ratings["rating"].to_numpy("float64")
    blocks = describe(dataset, ratings)
    groups = [size for block in blocks for size in block.groups]
    x, relations = make_inputs(blocks, ratings)
    draws = Draws(blocks, max(params["draws"] - BURN_IN, 1), params["rank"])

    def keep(number: int, drawn: Any, *_: Any) -> tuple[bool, None]:
        draws.keep(number - params["draws"] + draws.number, drawn)
        return False, None  # neither stop nor say something

    with contextlib.redirect_stderr(io.StringIO()):  # myFM always draws a bar
        sampler.fit(
            x,
            stars,
            X_rel=relations,
            n_iter=params["draws"],
            n_kept_samples=1,
            group_shapes=groups,
            callback=keep,
        )

    def predict(rows: pd.DataFrame) -> np.ndarray:
        return draws.predict(rows).clip(stars.min(), stars.max())

    return Learned(1 + sum(groups) * (1 + params["rank"]), predict=predict)


class Block(NamedTuple):
    """Features of what ratings share: of days, users or movies.

    Attributes:
        column: of the ratings, whose values say which row of the features holds.
        values: those values, ascending, (entities,).
        features: sparse (entities, features).
        groups: how many of the features, one after another, share their priors.
        related: whether to hand it to myFM as a relation: each entity's features once, and not
            again in every rating, which is what makes many of them affordable.
    """

    column: str
    values: np.ndarray
    features: sparse.csr_matrix
    groups: list[int]
    related: bool

    def find(self, ratings: pd.DataFrame) -> np.ndarray:
        """The row of the features that holds for each rating, (ratings,)."""
        return np.searchsorted(self.values, _get_column(ratings, self.column))


class Draws:
    """Draws as what they say of the entities of each block: see the head.

    Args:
        blocks: in the order of myFM, which has the related ones last.
        number: of draws to keep.
        rank: of a draw.
    """

    def __init__(self, blocks: list[Block], number: int, rank: int) -> None:
        self.blocks, self.number, self.rank = blocks, number, rank
        self.squares = [block.features.power(2) for block in blocks]
        self.mean = 0.0  # of w0
        self.biases = [np.zeros(len(block.values)) for block in blocks]  # means of b
        # p of one draw after another; float32, as there are many.
        self.vectors = [np.zeros((len(b.values), number * rank), "float32") for b in blocks]

    def keep(self, place: int, drawn: Any) -> None:
        """Keep a draw of myFM as the one at this place; below 0 it burns in, and is not kept."""
        if place < 0:
            return
        self.mean += drawn.w0 / self.number
        w, v = np.asarray(drawn.w), np.ascontiguousarray(drawn.V)  # (features,), (features, rank)
        start = 0
        for n, block in enumerate(self.blocks):
            own = slice(start, start + block.features.shape[1])
            p = block.features @ v[own]  # (entities, rank)
            pairs = (p**2).sum(axis=1) - self.squares[n] @ (v[own] ** 2).sum(axis=1)
            self.biases[n] += (block.features @ w[own] + pairs / 2) / self.number
            self.vectors[n][:, place * self.rank :][:, : self.rank] = p
            start = own.stop

    def predict(self, ratings: pd.DataFrame) -> np.ndarray:
        """The mean of all draws, float64 (ratings,)."""
        places = [block.find(ratings) for block in self.blocks]
        found = self.mean + sum(b[rows] for b, rows in zip(self.biases, places, strict=True))
        for start in range(0, len(ratings), ROWS):
            part = slice(start, start + ROWS)
            first, *others = (v[rows[part]] for v, rows in zip(self.vectors, places, strict=True))
            for other in others:
                found[part] += np.einsum("ri,ri->r", first, other) / self.number
                first += other
        return found


def describe_ids(dataset: Dataset, ratings: pd.DataFrame) -> list[Block]:
    """One-hot users and movies."""
    ids = {"user_id": list_users(dataset), "movie_id": list_movies(dataset)}
    return [
        _make_block(column, values, [_one_hot(values, values)], ratings, related=False)
        for column, values in ids.items()
    ]


def describe_all(dataset: Dataset, ratings: pd.DataFrame) -> list[Block]:
    """Days, users and movies with all that is said of them above."""
    users, movies = list_users(dataset), list_movies(dataset)
    days = np.unique(dataset.ratings["timestamp"] // DAY)
    rated = make_matrix(dataset, ratings)
    people = dataset.users.sort_values("user_id")
    told = [
        people["age"] // 5, people["occupation"], people["gender"], people["zip_code"].str[:1],
    ]  # fmt: skip
    told_of_user = [_one_hot(values.to_numpy(), np.unique(values)) for values in told]
    of_user = [_one_hot(users, users), _damp(rated), *told_of_user]
    genres = sparse.csr_matrix(make_genre_table(dataset)[1:], dtype="float64")
    of_movie = [_one_hot(movies, movies), _damp(rated.T), genres]
    return [
        _make_block("day", days, [_one_hot(days, days)], ratings, related=False),
        _make_block("user_id", users, of_user, ratings),
        _make_block("movie_id", movies, of_movie, ratings),
    ]


def make_inputs(
    blocks: list[Block], ratings: pd.DataFrame
) -> tuple[sparse.csr_matrix, list[myfm.RelationBlock]]:
    """Ratings as myFM takes them: sparse (rows, features), and the related blocks."""
    own, relations = [], []
    for block in blocks:
        rows = block.find(ratings)
        if block.related:
            entities, places = np.unique(rows, return_inverse=True)
            relations.append(myfm.RelationBlock(places, block.features[entities]))
        else:
            own.append(block.features[rows])
    return sparse.hstack(own, format="csr"), relations


def _make_block(
    column: str,
    values: np.ndarray,
    parts: list[sparse.csr_matrix],
    ratings: pd.DataFrame,
    *,
    related: bool = True,
) -> Block:
    """The parts side by side, each a group, without what no training rating has."""
    used = np.unique(np.searchsorted(values, _get_column(ratings, column)))
    kept = [part[:, part[used].getnnz(axis=0) > 0] for part in parts]
    kept = [part for part in kept if part.shape[1]]
    features = sparse.hstack(kept, format="csr")
    return Block(column, values, features, [part.shape[1] for part in kept], related)


def _get_column(ratings: pd.DataFrame, column: str) -> np.ndarray:
    values = ratings["timestamp"] // DAY if column == "day" else ratings[column]
    return values.to_numpy()


def _one_hot(values: np.ndarray, vocabulary: np.ndarray) -> sparse.csr_matrix:
    """A row a value with a one at its place in the sorted vocabulary, (values, vocabulary)."""
    places = np.searchsorted(vocabulary, values)
    rows = np.arange(len(values))
    return sparse.csr_matrix(
        (np.ones(len(values)), (rows, places)), shape=(len(values), len(vocabulary))
    )


def _damp(rated: sparse.spmatrix) -> sparse.csr_matrix:
    """Rows of ones, each one divided by the square root of their number."""
    rated = rated.tocsr().astype("float64")
    sizes = np.diff(rated.indptr)
    return sparse.csr_matrix(sparse.diags(1 / np.sqrt(np.maximum(sizes, 1))) @ rated)
