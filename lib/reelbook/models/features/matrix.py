"""Who rated what, as a sparse matrix."""

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset

# Tables of movies x movies have no more rows than this: 1.2 GB of float64, and their inverse takes
# the cube in seconds. Of more movies the most rated ones stand in them.
MOST_MOVIES = 12_000


def make_matrix(
    dataset: Dataset, ratings: pd.DataFrame, values: np.ndarray | None = None
) -> sparse.csr_matrix:
    """A value (default: 1, float32) a rating, (users, movies), both in the order of their ids."""
    users, movies = list_users(dataset), list_movies(dataset)
    rows = np.searchsorted(users, ratings["user_id"])
    columns = np.searchsorted(movies, ratings["movie_id"])
    values = np.ones(len(ratings), "float32") if values is None else values
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(users), len(movies)))


def count_ratings(x: sparse.csr_matrix) -> np.ndarray:
    """n: ratings of each movie, float32 (movies,)."""
    return np.bincount(x.indices, minlength=x.shape[1]).astype("float32")


def list_users(dataset: Dataset) -> np.ndarray:
    """Ids of the users, ascending: the rows of the matrix."""
    return np.sort(dataset.users["user_id"].to_numpy())


def list_movies(dataset: Dataset) -> np.ndarray:
    """Ids of the movies, ascending: the columns of the matrix."""
    return np.sort(dataset.movies["movie_id"].to_numpy())


def list_most_rated(x: sparse.csr_matrix) -> np.ndarray:
    """Columns of the MOST_MOVIES movies with most ratings, ascending; of fewer movies, all."""
    if x.shape[1] <= MOST_MOVIES:
        return np.arange(x.shape[1])
    return np.sort(np.argsort(-count_ratings(x), kind="stable")[:MOST_MOVIES])
