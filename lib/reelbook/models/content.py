"""What a movie is in place of who rated it: for movies that nobody has rated yet.

f_i is the vector of movie i's features, each weighted by log((1 + M) / (1 + M_f)) + 1 with M_f of
the M movies having it (TF-IDF), and of length one: words of the title, genres, year and decade,
director and star where the film graph has them. With F (W, features) those of the W movies that
have training ratings, x_u (W,) 1 where user u rated one, and n (W,) how many did,

    ridge        f_i F' (F F' + l2 I)^-1 x_u: one ridge regression a user on features of movies,
                 all users at once (dual form; Pazzani and Billsus 2007, section 10.4)
    popularity   f_i F' (F F' + l2 I)^-1 log(1 + n): the same for all users

No rating of the movie that is scored is used, so one that has none is scored as well as any other.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, sparse
from sklearn.feature_extraction.text import TfidfTransformer

from reelbook.data.tables import Dataset
from reelbook.models.features.matrix import count_ratings, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import NDCG, Learned, choose_and_refit
from reelbook.models.registry import Family
from reelbook.splits.split import Split

PARAMS: dict[str, Any] = {"l2": 3.0, "grid": {"l2": [0.3, 1.0, 3.0, 10.0, 30.0]}}
MODELS: dict[str, dict[str, Any]] = {"content.ridge": {}, "content.popularity": {}}
FAMILY = Family(
    chapter="07_next_steps",
    predicts="lists",
    requires=("titles",),
    grows=("users x movies", "movies x movies"),
    words={
        "content.ridge": "a linear taste for words, genres, years, directors and stars",
        "content.popularity": "how popular a movie with such contents should be",
    },
    source={"content.ridge": "Pazzani and Billsus 2007", "content.popularity": "ours"},
    needs=("titles", "genres", "credits"),
    defaults=PARAMS,
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""
    users = list_users(dataset)
    features = describe_movies(dataset)  # (movies, features)

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        x = make_matrix(dataset, ratings)  # (users, movies)
        rated, likeness, gram = compare_movies(x, features, l2=params["l2"])
        if model_name == "content.popularity":
            counts = np.log1p(count_ratings(x)[rated])
            known = counts - counts.mean()  # (W,)
            scores = linalg.solve(gram, known, assume_a="pos") @ likeness  # (movies,)
            return Learned(features.shape[1], score=lambda ids: np.tile(scores, (len(ids), 1)))
        # Solved for users, of whom there are fewer than movies where movies are many.
        shares = linalg.solve(gram, x[:, rated].T.toarray(), assume_a="pos")  # (W, users)

        def score(ids: np.ndarray) -> np.ndarray:
            return shares[:, np.searchsorted(users, ids)].T @ likeness  # (rows, movies)

        return Learned(shares.size, score=score)

    return choose_and_refit(learn, params, dataset, split, by=NDCG)


def learn_weights(x: sparse.csr_matrix, features: sparse.csr_matrix, *, l2: float) -> np.ndarray:
    """(F F' + l2 I)^-1 F f_i of each movie i, float32 (movies, movies); rows of no rating are 0."""
    rated, likeness, gram = compare_movies(x, features, l2=l2)
    weights = np.zeros((features.shape[0], features.shape[0]), "float32")
    weights[rated] = linalg.solve(gram, likeness, assume_a="pos")
    return weights


def compare_movies(
    x: sparse.csr_matrix, features: sparse.csr_matrix, *, l2: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Movies with ratings (W,), F f_i of each movie i (W, movies), and F F' + l2 I (W, W)."""
    rated = np.flatnonzero(count_ratings(x))
    likeness = (features[rated] @ features.T).toarray()
    return rated, likeness, likeness[:, rated] + l2 * np.eye(len(rated))


def describe_movies(dataset: Dataset) -> sparse.csr_matrix:
    """f: what each movie is, sparse float64 (movies, features), in the order of the ids."""
    told = list_features(dataset)
    names = sorted({name for row in told for name in row})
    places = {name: place for place, name in enumerate(names)}
    columns = np.array([places[name] for row in told for name in row])
    rows = np.repeat(np.arange(len(told)), [len(row) for row in told])
    counts = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(told), len(names)))
    return TfidfTransformer().fit_transform(counts)


def list_features(dataset: Dataset) -> list[list[str]]:
    """What is told of each movie, such as `genre Drama`, in the order of the ids."""
    movies = dataset.movies.sort_values("movie_id")
    told: list[list[str]] = []
    for title, genres, year in zip(movies["title"], movies["genres"], movies["year"], strict=True):
        row = [f"title {word}" for word in title.lower().split()]
        row += [f"genre {genre}" for genre in genres]
        row += [] if pd.isna(year) else [f"year {int(year)}", f"decade {int(year) // 10}"]
        told.append(row)
    if dataset.credits is not None:
        credits = dataset.credits.set_index("movie_id").reindex(movies["movie_id"])
        for role in ("director", "star"):
            for row, name in zip(told, credits[role], strict=True):
                row += [] if pd.isna(name) or not name else [f"{role} {name}"]
    return told
