"""Simple models that rank: popularity, neighbours, linear item weights, implicit factors.

With X (users, movies) 1 where a training rating is and 0 elsewhere, n_i the ratings of movie i and
G = X'X, the score of movie i for user u is

    popularity   n_i
    item_knn     sum_{j rated by u} w_ji, w_ji = G_ji / (sqrt(n_j n_i) + shrinkage) for the k movies
                 j most like i, else 0 (Deshpande and Karypis 2004, cosine)
    ease         (x_u B)_i, B = I - P diag(1 / diag(P)), P = (G + l2 I)^-1 (Steck 2019, equation 8)
    edlae        the same with P = (G + l2 I + p / (1 - p) diag(G))^-1: what EASE becomes where each
                 input is dropped with chance p in training (Steck 2020, equation 12)
    ials         p_u . q_i, least squares over all pairs, a rated one with weight alpha and target
                 1, any other with weight 1 and target 0 (Hu, Koren and Volinsky 2008). With more
                 users more noise must be held down: `scale_regularization` says by how much.
    bpr          p_u . q_i + b_i + log n_i, trained so that a rated movie scores above another one
                 (Rendle et al. 2009). implicit draws the other by popularity, so what it learns is
                 by how much more than n_i the user likes i; log n_i puts that back.

Of more than `MOST_MOVIES` movies, item_knn, ease and edlae weigh the most rated ones; all others
stand behind these, by popularity. A user without training ratings gets popularity. ials and bpr
come from the package implicit.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

# In a notebook it asks for widgets, for bars that nobody draws here.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "IProgress not found")
    from implicit.als import AlternatingLeastSquares
    from implicit.bpr import BayesianPersonalizedRanking

from reelbook.data.tables import Dataset
from reelbook.models.features.matrix import count_ratings, list_most_rated, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import NDCG, Learned, choose_and_refit
from reelbook.models.registry import Family
from reelbook.splits.split import Split

BPR: dict[str, Any] = {
    "factors": 64,
    "learning_rate": 0.05,
    "regularization": 0.05,
    "iterations": 100,
    "corrected": True,  # whether log n_i is added
    "grid": {"factors": [64, 128, 256], "regularization": [0.03, 0.05]},
}
MODELS: dict[str, dict[str, Any]] = {
    "topn.popularity": {},
    "topn.item_knn": {
        "neighbours": 100,
        "shrinkage": 0.0,
        "grid": {"neighbours": [100, 200, 400], "shrinkage": [0.0, 20.0]},
    },
    "topn.ease": {"l2": 300.0, "grid": {"l2": [50.0, 100.0, 200.0, 400.0, 800.0, 1600.0]}},
    "topn.edlae": {
        "l2": 100.0,
        "dropout": 0.5,
        "grid": {"l2": [100.0, 200.0, 400.0], "dropout": [0.5, 0.75]},
    },
    "topn.ials": {
        "factors": 64,
        "regularization": 30.0,
        "alpha": 3.0,
        "iterations": 15,
        "grid": {"regularization": [25.0, 35.0, 50.0], "alpha": [3.0, 5.0]},
    },
    "topn.bpr": BPR,
    "topn.bpr_plain": BPR | {"corrected": False},
}
FAMILY = Family(
    predicts="lists",
    words={
        "topn.popularity": "the most rated movies for all",
        "topn.item_knn": "the movies most like those that were rated",
        "topn.ease": "linear weights between movies",
        "topn.edlae": "linear weights between movies, with dropout",
        "topn.ials": "factors by weighted least squares",
        "topn.bpr": "factors by pairs of movies",
        "topn.bpr_plain": "factors by pairs of movies, without popularity put back",
    },
    source={
        "topn.popularity": "none needed",
        "topn.item_knn": "Deshpande and Karypis 2004",
        "topn.ease": "Steck 2019",
        "topn.edlae": "Steck 2020",
        "topn.ials": "Hu, Koren and Volinsky 2008",
        "topn.bpr": "Rendle et al. 2009",
        "topn.bpr_plain": "Rendle et al. 2009",
    },
    defaults={"grid": {}},
)

# From rows of X to scores (rows, movies), and the number of numbers learned.
RowScorer = tuple[Callable[[np.ndarray], np.ndarray], int]


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""
    users = list_users(dataset)

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        x = make_matrix(dataset, ratings)
        score_rows, num_parameters = LEARNERS[model_name](x, params, seed)
        counts = count_ratings(x)
        is_new = np.diff(x.indptr) == 0  # (users,)

        def score(user_ids: np.ndarray) -> np.ndarray:
            rows = np.searchsorted(users, user_ids)
            scores = score_rows(rows)  # (rows, movies)
            scores[is_new[rows]] = counts
            return scores

        return Learned(num_parameters, score=score)

    return choose_and_refit(learn, params, dataset, split, by=NDCG)


def compute_gram(x: sparse.csr_matrix) -> np.ndarray:
    """G: how many users rated both of two movies, float64 (movies, movies)."""
    return (x.T @ x).toarray().astype("float64")


def learn_popularity(x: sparse.csr_matrix, params: dict[str, Any], seed: int) -> RowScorer:
    """The number of ratings, the same for all users."""
    counts = count_ratings(x)
    return lambda rows: np.tile(counts, (len(rows), 1)), len(counts)


def compute_neighbour_weights(x: sparse.csr_matrix, params: dict[str, Any]) -> np.ndarray:
    """The w of item_knn: cosine of the k movies that are most like a movie, (movies, movies)."""
    gram = compute_gram(x)
    length = np.sqrt(gram.diagonal())  # (movies,)
    scale = np.outer(length, length) + params["shrinkage"]
    likeness = np.divide(gram, scale, out=np.zeros_like(gram), where=gram > 0)
    np.fill_diagonal(likeness, 0)
    k = min(params["neighbours"], len(likeness))
    least = -np.partition(-likeness, k - 1, axis=0)[k - 1]  # (movies,), of each column
    return np.where(likeness >= least, likeness, 0).astype("float32")


def compute_linear_weights(x: sparse.csr_matrix, params: dict[str, Any]) -> np.ndarray:
    """The B of ease and edlae: what rebuilds X best without its diagonal, (movies, movies)."""
    dropout = params.get("dropout", 0.0)
    counts = count_ratings(x).astype("float64")
    inverse = invert_gram(x, params["l2"] + dropout / (1 - dropout) * counts)
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0)
    return weights.astype("float32")


def invert_gram(x: sparse.csr_matrix, penalty: np.ndarray) -> np.ndarray:
    """P = (X'X + D)^-1, float64 (movies, movies), D a diagonal of positive penalties (movies,).

    With fewer users than movies through the smaller X D^-1 X' (Woodbury's identity):
    P = D^-1 - D^-1 X' (I + X D^-1 X')^-1 X D^-1.
    """
    num_users, num_movies = x.shape
    if num_users >= num_movies:
        return np.linalg.inv(compute_gram(x) + np.diag(penalty))
    scaled = x.toarray() / penalty  # X D^-1, (users, movies)
    inverse = scaled.T @ -np.linalg.solve(np.eye(num_users) + x @ scaled.T, scaled)
    inverse[np.diag_indices(num_movies)] += 1 / penalty
    return inverse


def learn_als(x: sparse.csr_matrix, params: dict[str, Any], seed: int) -> RowScorer:
    """Factors by alternating least squares."""
    model = AlternatingLeastSquares(
        factors=params["factors"],
        regularization=params["regularization"] * scale_regularization(x),
        alpha=params["alpha"],
        iterations=params["iterations"],
        num_threads=1,
        random_state=seed,
    )
    model.fit(x, show_progress=False)
    return _score_by_factors(model.user_factors, model.item_factors)


def scale_regularization(x: sparse.csr_matrix) -> float:
    """How much more regularisation ials takes than on ml-100k: (users with ratings / 1000)^(1/4).

    From 625 to 2,500 users of ml-1m the best one grows by up to 1.4, so that what is best on a
    sample of users, unscaled, would be too little for all of them. 1 up to 1000 users.
    """
    num_users = np.count_nonzero(np.diff(x.indptr))
    return float(max(1.0, num_users / 1000) ** 0.25)


def learn_bpr(x: sparse.csr_matrix, params: dict[str, Any], seed: int) -> RowScorer:
    """Factors by pairs of movies; the last factor of a movie is its bias."""
    model = BayesianPersonalizedRanking(
        factors=params["factors"],
        learning_rate=params["learning_rate"],
        regularization=params["regularization"],
        iterations=params["iterations"],
        num_threads=1,
        random_state=seed,
    )
    model.fit(x, show_progress=False)
    # 0.5: a movie without ratings stands below one with a single rating.
    bias = np.log(np.maximum(count_ratings(x), 0.5)) if params["corrected"] else 0.0
    return _score_by_factors(model.user_factors, model.item_factors, bias)


def _score_by(compute_weights: Callable[..., np.ndarray]) -> Callable[..., RowScorer]:
    """How a model of weights between movies is learned: a score sums those of a user's movies."""

    def learn(x: sparse.csr_matrix, params: dict[str, Any], seed: int) -> RowScorer:
        kept = list_most_rated(x)
        weighed = x[:, kept]  # (users, kept)
        weights = compute_weights(weighed, params)  # (kept, kept)
        counts = count_ratings(x)
        behind = counts / (counts.max() + 1) - 1  # (movies,), below 0 and by popularity

        def score(rows: np.ndarray) -> np.ndarray:
            found = weighed[rows] @ weights  # (rows, kept)
            if len(kept) == x.shape[1]:
                return found
            scores = found.min(axis=1, keepdims=True) + behind  # (rows, movies)
            scores[:, kept] = found
            return scores

        return score, int(np.count_nonzero(weights))

    return learn


def _score_by_factors(users: np.ndarray, movies: np.ndarray, bias: Any = 0.0) -> RowScorer:
    """Products of factors (users, dim) and (movies, dim), and a bias (movies,)."""
    return lambda rows: users[rows] @ movies.T + bias, users.size + movies.size


# Models whose scores are sums over a user's movies of weights between movies.
WEIGHTS: dict[str, Callable[[sparse.csr_matrix, dict[str, Any]], np.ndarray]] = {
    "topn.item_knn": compute_neighbour_weights,
    "topn.ease": compute_linear_weights,
    "topn.edlae": compute_linear_weights,
}
LEARNERS: dict[str, Callable[[sparse.csr_matrix, dict[str, Any], int], RowScorer]] = {
    "topn.popularity": learn_popularity,
    "topn.ials": learn_als,
    "topn.bpr": learn_bpr,
    "topn.bpr_plain": learn_bpr,
} | {name: _score_by(compute_weights) for name, compute_weights in WEIGHTS.items()}
