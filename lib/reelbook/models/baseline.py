"""Simple models that predict ratings: means, damped biases, neighbours, factors by plain SGD.

With mu the mean of the training ratings, r_ui a rating and R_u what user u rated:

    mean        mu
    user_mean   the mean of r_uj over R_u
    biases      b_ui = mu + b_u + b_i, damped: `reelbook.models.biases`
    knn         b_ui + sum_j s_ij (r_uj - b_uj) / sum_j s_ij over the k movies j in R_u most like i,
                s_ij the correlation of their residuals over the n_ij users of both, times
                (n_ij - 1) / (n_ij - 1 + shrinkage) (Koren 2010, equations 2 and 3)
    svd         b_ui + q_i . p_u, all by SGD with one penalty (Koren, Bell and Volinsky 2009)
    svdpp       b_ui + q_i . (p_u + |R_u|^-1/2 sum_{j in R_u} y_j) (Koren 2008, equation 15)

knn, svd and svdpp are learned by the package Surprise, which holds each rating as Python objects;
from what they learned whole arrays of rows are predicted here at once. What training never saw has
no bias and no factors. Predictions are clipped to the range of the training ratings.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import surprise
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.models import biases
from reelbook.models.biases import BIASES, Known, Predictor, predict_by_biases, predict_rows
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import RMSE, Learned, choose_and_refit
from reelbook.models.registry import Family
from reelbook.splits.split import Split

OBJECTS = "ratings as Python objects"  # in Surprise
SVD: dict[str, Any] = {"factors": 100, "epochs": 40, "learning_rate": 0.01, "l2": 0.1}
SVDPP: dict[str, Any] = {"factors": 10, "epochs": 20, "learning_rate": 0.015, "l2": 0.09}
MODELS: dict[str, dict[str, Any]] = {
    "baseline.mean": {},
    "baseline.user_mean": {},
    "baseline.biases": BIASES | {"grid": {"reg_u": [3.0, 9.0], "reg_i": [1.0, 3.0, 9.0]}},
    "baseline.knn": BIASES
    | {
        "neighbours": 40,
        "shrinkage": 400.0,
        "grid": {"neighbours": [30, 60], "shrinkage": [200.0, 400.0, 800.0]},
    },
    "baseline.svd": SVD | {"grid": {"l2": [0.08, 0.1, 0.12, 0.14]}},
    "baseline.svdpp": SVDPP | {"grid": {"l2": [0.06, 0.09, 0.12]}},
}
QUICK = ("baseline.mean", "baseline.user_mean", "baseline.biases")
FAMILY = Family(
    predicts="stars",
    grows={name: ("ratings",) for name in MODELS}
    | dict.fromkeys(["baseline.svd", "baseline.svdpp"], (OBJECTS,))
    | {"baseline.knn": ("movies x movies", OBJECTS)},
    words={
        "baseline.mean": "the mean of all ratings",
        "baseline.user_mean": "each user's mean",
        "baseline.biases": "damped biases of users and movies",
        "baseline.knn": "neighbours of a movie among what the user rated",
        "baseline.svd": "biases and factors by plain gradient descent",
        "baseline.svdpp": "biases and factors by plain gradient descent, with who rated what",
    },
    source={
        **dict.fromkeys(["baseline.mean", "baseline.user_mean"], "none needed"),
        **dict.fromkeys(["baseline.biases", "baseline.knn"], "Koren 2010"),
        "baseline.svd": "Koren, Bell and Volinsky 2009",
        "baseline.svdpp": "Koren 2008",
    },
    defaults={"grid": {}},
    unseen=dict.fromkeys(MODELS, "the mean and what is known of the other one")
    | {"baseline.mean": "the mean", "baseline.user_mean": "the user's mean or that of all"},
)


# What predicts, and the number of numbers learned.
Learner = Callable[[Known, dict[str, Any], int], tuple[Predictor, int]]


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        known = biases.number_ratings(ratings)
        predict, num_parameters = LEARNERS[model_name](known, params, seed)

        def predict_clipped(rows: pd.DataFrame) -> np.ndarray:
            return predict_rows(predict, rows, known=known).clip(*known.scale)

        return Learned(num_parameters, predict=predict_clipped)

    quick = model_name in QUICK
    return choose_and_refit(learn, params, dataset, split, by=RMSE, quick=quick)


def learn_mean(known: Known, params: dict[str, Any], seed: int) -> tuple[Predictor, int]:
    """The mean of all ratings."""
    return lambda users, movies: np.full(len(users), known.mean), 1


def learn_user_mean(known: Known, params: dict[str, Any], seed: int) -> tuple[Predictor, int]:
    """Each user's mean; the mean of all for a new user."""
    means = np.bincount(known.user, known.stars) / np.bincount(known.user)
    means = np.append(means, known.mean)
    return lambda users, movies: means[users], len(means) - 1


def learn_biases(known: Known, params: dict[str, Any], seed: int) -> tuple[Predictor, int]:
    """Damped biases of users and movies."""
    return biases.learn_biases(known, params), len(known.users) + len(known.movies)


def make_trainset(known: Known) -> surprise.Trainset:
    """The ratings as Surprise holds them; it numbers users and movies in the same order."""
    columns = pd.DataFrame({"user": known.user, "movie": known.movie, "stars": known.stars})
    reader = surprise.Reader(rating_scale=known.scale)
    return surprise.Dataset.load_from_df(columns, reader).build_full_trainset()


def learn_neighbours(known: Known, params: dict[str, Any], seed: int) -> tuple[Predictor, int]:
    """Biases, and the residuals of the user's ratings of the most similar movies."""
    algo = surprise.KNNBaseline(
        k=params["neighbours"],
        sim_options={
            "name": "pearson_baseline",
            "user_based": False,
            "shrinkage": params["shrinkage"],
        },
        bsl_options=_pick_bias_options(params),
        verbose=False,
    )
    trainset = make_trainset(known)
    algo.fit(trainset)
    mean, predict_base = known.mean, predict_by_biases(known.mean, algo.bu, algo.bi)

    def predict(users: np.ndarray, movies: np.ndarray) -> np.ndarray:
        stars = predict_base(users, movies)
        both = np.flatnonzero((users >= 0) & (movies >= 0))
        for user, of_user in pd.Series(both).groupby(users[both]).indices.items():
            rows = both[of_user]
            rated, given = np.array(trainset.ur[user]).T  # (ratings,)
            rated = rated.astype(int)
            residuals = given - mean - algo.bu[user] - algo.bi[rated]
            likeness = algo.sim[movies[rows][:, None], rated]  # (rows, ratings)
            # Stable, so that of equals the first is taken, as Surprise does.
            nearest = np.argsort(-likeness, axis=1, kind="stable")[:, : params["neighbours"]]
            weights = np.take_along_axis(likeness, nearest, axis=1).clip(min=0)  # (rows, k)
            sums, totals = (weights * residuals[nearest]).sum(axis=1), weights.sum(axis=1)
            stars[rows] += np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
        return stars

    return predict, algo.sim.size + len(algo.bu) + len(algo.bi)


def learn_svd(known: Known, params: dict[str, Any], seed: int) -> tuple[Predictor, int]:
    """Biases and factors."""
    algo = surprise.SVD(random_state=seed, **_pick_sgd_options(params))
    algo.fit(make_trainset(known))
    return _predict_by_factors(known, algo, algo.pu)


def learn_svdpp(known: Known, params: dict[str, Any], seed: int) -> tuple[Predictor, int]:
    """Biases and factors, those of a user with what the user rated."""
    algo = surprise.SVDpp(random_state=seed, cache_ratings=True, **_pick_sgd_options(params))
    algo.fit(make_trainset(known))
    shape = (len(known.users), len(known.movies))
    rated = sparse.csr_matrix((np.ones(len(known.user)), (known.user, known.movie)), shape=shape)
    implicit = (rated @ algo.yj) / np.sqrt(np.diff(rated.indptr))[:, None]  # (users, dim)
    predict, num_parameters = _predict_by_factors(known, algo, algo.pu + implicit)
    return predict, num_parameters + algo.yj.size


def _pick_bias_options(params: dict[str, Any]) -> dict[str, Any]:
    return {"method": "als", "reg_u": params["reg_u"], "reg_i": params["reg_i"]}


def _pick_sgd_options(params: dict[str, Any]) -> dict[str, Any]:
    """Surprise's names for the parameters of SGD."""
    return {
        "n_factors": params["factors"],
        "n_epochs": params["epochs"],
        "lr_all": params["learning_rate"],
        "reg_all": params["l2"],
    }


def _predict_by_factors(known: Known, algo: Any, user_factors: np.ndarray) -> tuple[Predictor, int]:
    """The sum mu + b_u + b_i + q_i . p_u, with p_u as given, (users, dim)."""
    predict_base = predict_by_biases(known.mean, algo.bu, algo.bi)
    of_user, of_movie = (np.vstack([f, np.zeros(f.shape[1])]) for f in (user_factors, algo.qi))

    def predict(users: np.ndarray, movies: np.ndarray) -> np.ndarray:
        return predict_base(users, movies) + (of_user[users] * of_movie[movies]).sum(axis=1)

    learned = (algo.bu, algo.bi, algo.pu, algo.qi)
    return predict, sum(array.size for array in learned)


LEARNERS: dict[str, Learner] = {
    "baseline.mean": learn_mean,
    "baseline.user_mean": learn_user_mean,
    "baseline.biases": learn_biases,
    "baseline.knn": learn_neighbours,
    "baseline.svd": learn_svd,
    "baseline.svdpp": learn_svdpp,
}
