"""Movie vectors from what users liked, as word vectors from sentences.

The movies that a user gave at least `least_stars`, in the order of time, are a sentence (Barkan and
Koenigstein 2016). With u_i and v_j two vectors of each movie and sigma the logistic function,
word2vec (Mikolov et al. 2013) maximises over pairs of movies i, j within `window` of each other,
and negatives k drawn by popularity,

    skipgram   log sigma(u_i . v_j) + sum_k log sigma(-u_i . v_k)
    cbow       the same with the mean of u over the window in place of u_i

Negatives by popularity take popularity out of the vectors. So with w_i = u_i / |u_i|, p the sum of
w over what a user liked and n_i the training ratings of movie i, the score is

    closeness * p . w_i / |p| + log n_i

A movie that nobody liked has the cosine 0, and so has every movie for a user who liked nothing. The
vectors are those of the package gensim.
"""

from typing import Any

import numpy as np
import pandas as pd
from gensim.models import Word2Vec

from reelbook.data.tables import Dataset, order_by_time
from reelbook.models.features.matrix import count_ratings, list_movies, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import NDCG, Learned, choose_and_refit
from reelbook.models.registry import Family
from reelbook.splits.split import Split

PARAMS: dict[str, Any] = {
    "dim": 32,
    "window": 20,  # movies to each side, at most
    "negative": 5,
    "epochs": 20,
    "learning_rate": 0.05,
    "least_stars": 4.0,
    "closeness": 5.0,
    "grid": {"closeness": [2.5, 5.0, 10.0, 20.0]},
}
MODELS: dict[str, dict[str, Any]] = {"item2vec.skipgram": {}, "item2vec.cbow": {"epochs": 60}}
FAMILY = Family(
    predicts="lists",
    words={
        "item2vec.skipgram": "vectors of movies that are liked one after another",
        "item2vec.cbow": "vectors of movies, each from all that were liked around it",
    },
    source="Barkan and Koenigstein 2016",
    needs=("times",),
    defaults=PARAMS,
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""
    users = list_users(dataset)
    learned: dict[str, np.ndarray] = {}  # vectors, by all that decides them

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        key = f"{len(ratings)} {params | {'closeness': None, 'grid': None}}"
        if key not in learned:
            learned[key] = learn_vectors(model_name, params, dataset, ratings, seed)
        vectors = learned[key]  # (movies, dim)
        counts = count_ratings(make_matrix(dataset, ratings))
        # 0.5: a movie without ratings stands below one with a single rating.
        popularity = np.log(np.maximum(counts, 0.5))  # (movies,)
        liked = make_matrix(dataset, ratings[ratings["rating"] >= params["least_stars"]])
        profiles = normalise(liked @ vectors)  # (users, dim)

        def score(ids: np.ndarray) -> np.ndarray:
            cosines = profiles[np.searchsorted(users, ids)] @ vectors.T  # (rows, movies)
            return params["closeness"] * cosines + popularity

        return Learned(2 * vectors.size, score=score)

    return choose_and_refit(learn, params, dataset, split, by=NDCG)


def learn_vectors(
    model_name: str, params: dict[str, Any], dataset: Dataset, ratings: pd.DataFrame, seed: int
) -> np.ndarray:
    """w: vectors of length one in the order of the ids, float32 (movies, dim); 0 where none.

    Args:
        model_name: a key of MODELS.
        params: all parameters of the model.
        dataset: the canonical tables.
        ratings: to learn from.
        seed: decides the first vectors and the negatives drawn.
    """
    model = Word2Vec(
        list_sentences(ratings, least_stars=params["least_stars"]),
        vector_size=params["dim"],
        window=params["window"],
        negative=params["negative"],
        epochs=params["epochs"],
        alpha=params["learning_rate"],
        sg=int(model_name == "item2vec.skipgram"),
        min_count=1,
        sample=0,
        workers=1,  # with more, threads race and no two runs are alike
        seed=seed,
    )
    movies = list_movies(dataset)
    vectors = np.zeros((len(movies), params["dim"]), "float32")
    vectors[np.searchsorted(movies, model.wv.index_to_key)] = model.wv.vectors
    return normalise(vectors)


def list_sentences(ratings: pd.DataFrame, *, least_stars: float) -> list[list[int]]:
    """The ids of the movies that each user liked, the earliest first."""
    ordered = ratings.iloc[order_by_time(ratings)]
    liked = ordered[ordered["rating"] >= least_stars]
    return [part.tolist() for _, part in liked.groupby("user_id")["movie_id"]]


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one; a row of zeros stays."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
