"""Statistics of each rating's user and movie from training ratings, its own rating left out.

A mean that holds the answer's own rating is a leak inside training: the model trusts it, and on
test rows, whose rating it never holds, it fails. So each sum here is over the training ratings but
the row's own. With e_ui = r_ui - center, and sums over k ratings at zero more ("damped"):

    movie mean      m_i = sum_v e_vi / (n_i + k)           user mean    a_u = sum_j e_uj / (n_u + k)
    user residual   b_u = sum_j (e_uj - M_j) / (n_u + k)   M_j: m_j over all ratings
    movie residual  c_i = sum_v (e_vi - A_v) / (n_i + k)   A_v: a_v over all ratings
    genre           mean over i's genres g of sum_{j in g} (e_uj - M_j - b_u) / (n_ug + k)
    group           sum_{v in u's group} (e_vi - A_v - c_i) / (n_i,group + k)
    neighbours      sum_j w_ij (e_uj - M_j - b_u) / (1 + sum_j w_ij), over u's other movies j, with
                    w_ij = max(0, sum_v h_vi h_vj / (n_ij + s)), h_vi = e_vi - A_v, over the n_ij
                    users v but u who rated both

M_j and A_v of other movies and users never hold r_ui, and the row's own term leaves its sum whole,
so no statistic of a row depends on its own rating. Beside them log(1 + n_u) and log(1 + n_i).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.models.features.ids import encode_user_feature, encode_values, make_genre_table

GROUPS = ["gender", "age_group", "occupation"]
NAMES = [
    "movie mean", "user mean", "user residual", "movie residual", "genre", *GROUPS, "neighbours",
    "user count", "movie count",
]  # fmt: skip
SHRINKAGE = 100  # s above: a likeness of two movies counts by how many users it rests on


class Coded(NamedTuple):
    """Ratings as arrays.

    Attributes:
        user: code of the user of each rating, int32 (ratings,).
        movie: code of its movie.
        centred: the rating less the center, e_ui.
        own: 1 where the rating is a training rating itself, else 0.
    """

    user: np.ndarray
    movie: np.ndarray
    centred: np.ndarray
    own: np.ndarray


def compute_statistics(
    dataset: Dataset, ratings: pd.DataFrame, known: pd.DataFrame, *, center: float, damping: float
) -> np.ndarray:
    """The statistics of NAMES for each of `ratings`, float32 (ratings, statistics).

    Args:
        dataset: the canonical tables, of which no rating is read.
        ratings: rows of `dataset.ratings`; those whose index is in `known` leave themselves out.
        known: the training ratings.
        center: what is taken off every rating, in stars.
        damping: k above.
    """
    rows, base = (_encode(dataset, part, known, center) for part in (ratings, known))
    user, movie, own = rows.user, rows.movie, rows.own
    num_users, num_movies = len(dataset.users) + 1, len(dataset.movies) + 1
    shape = (num_users, num_movies)

    def average(total: np.ndarray, count: np.ndarray) -> np.ndarray:
        return total / (count + damping)

    n_u, n_i = (np.bincount(c, minlength=n) for c, n in zip(base[:2], shape, strict=True))
    s_u, s_i = (np.bincount(c, base.centred, n) for c, n in zip(base[:2], shape, strict=True))
    means_u, means_i = average(s_u, n_u), average(s_i, n_i)  # A_v and M_j
    of_movie = base.centred - means_i[base.movie]  # e_uj - M_j of each training rating
    of_user = base.centred - means_u[base.user]  # e_vi - A_v
    own_of_movie, own_of_user = (
        own * (rows.centred - means) for means in (means_i[movie], means_u[user])
    )
    count_u, count_i = n_u[user] - own, n_i[movie] - own
    b = average(np.bincount(base.user, of_movie, num_users)[user] - own_of_movie, count_u)
    c = average(np.bincount(base.movie, of_user, num_movies)[movie] - own_of_user, count_i)

    genres = make_genre_table(dataset)  # (movies, genres)
    by_pair, is_pair = np.zeros(shape, "float32"), np.zeros(shape, "float32")
    by_pair[base.user, base.movie], is_pair[base.user, base.movie] = of_movie, 1
    total = (by_pair @ genres)[user] - own_of_movie[:, None] * genres[movie]  # (ratings, genres)
    count = (is_pair @ genres)[user] - own[:, None] * genres[movie]
    by_genre = average(total - count * b[:, None], count) * genres[movie]
    columns = [
        average(s_i[movie] - own * rows.centred, count_i),
        average(s_u[user] - own * rows.centred, count_u),
        b,
        c,
        by_genre.sum(axis=1) / genres[movie].sum(axis=1).clip(min=1),
    ]
    for name in GROUPS:
        group = encode_user_feature(dataset, name)  # by user
        number = group.max() + 1
        cell, row_cell = base.movie * number + group[base.user], movie * number + group[user]
        total = np.bincount(cell, of_user, num_movies * number)[row_cell] - own_of_user
        count = np.bincount(cell, minlength=num_movies * number)[row_cell] - own
        columns.append(average(total - count * c, count))
    likeness = np.zeros(shape, "float32")
    likeness[base.user, base.movie] = of_user  # h_vi
    columns.append(_ask_neighbours(rows, b, likeness, by_pair, is_pair))
    columns += [np.log1p(count_u), np.log1p(count_i)]
    return np.stack(columns, axis=1).astype("float32")


def _ask_neighbours(
    rows: Coded, b: np.ndarray, h: np.ndarray, by_pair: np.ndarray, is_pair: np.ndarray
) -> np.ndarray:
    """What the user gave to movies that others rate like this one, (ratings,).

    h, by_pair (e_uj - M_j) and is_pair (whether there is a rating) are (users, movies).
    """
    products, counts = h.T @ h, is_pair.T @ is_pair  # (movies, movies)
    found = np.zeros(len(rows.user))
    order = np.argsort(rows.user, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(rows.user[order])) + 1):
        user, movie, own = rows.user[places[0]], rows.movie[places], rows.own[places][:, None]
        past = np.flatnonzero(is_pair[user])  # the user's movies j
        if len(past) == 0:
            continue
        # The user's own part leaves the products, so that w_ij does not hold r_ui.
        product = products[np.ix_(movie, past)] - own * np.outer(h[user, movie], h[user, past])
        count = counts[np.ix_(movie, past)] - own * is_pair[user, past]
        weights = np.maximum(product / (count + SHRINKAGE), 0) * (movie[:, None] != past)
        residuals = by_pair[user, past] - b[places][:, None]  # (places, past)
        found[places] = (weights * residuals).sum(axis=1) / (1 + weights.sum(axis=1))
    return found


def _encode(dataset: Dataset, ratings: pd.DataFrame, known: pd.DataFrame, center: float) -> Coded:
    return Coded(
        encode_values(ratings["user_id"], dataset.users["user_id"]),
        encode_values(ratings["movie_id"], dataset.movies["movie_id"]),
        ratings["rating"].to_numpy("float64") - center,
        ratings.index.isin(known.index).astype("float64"),
    )
