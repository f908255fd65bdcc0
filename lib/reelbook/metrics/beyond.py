"""What lists hold beside hits: how popular, new and alike their movies are, and of which genres.

In all functions `lists` and `profiles` are sparse (users, movies), 1 where a movie stands in the
user's list, or where the user rated it before; L_u and H_u are these movies. n_i are the ratings
of movie i that are known, `counts` (movies,). A result has a value a user unless it says otherwise.
"""

import numpy as np
from scipy import sparse

ALPHA = 0.01  # of the profile in a list's genres (Steck 2018)
PERSISTENCE = 0.9  # of rank-biased overlap: the first ten places have 86% of the weight
BLOCK = 20_000_000  # numbers at a time; bounds the memory


def mark_lists(columns: np.ndarray, num_movies: int) -> sparse.csr_matrix:
    """Lists as rows of ones, float64 (users, movies).

    Args:
        columns: of the listed movies (users, k); -1 where a list ends early.
        num_movies: in the catalogue.
    """
    rows, places = np.nonzero(columns >= 0)
    cells = rows, columns[rows, places]
    return sparse.csr_matrix((np.ones(len(rows)), cells), shape=(len(columns), num_movies))


def average_movies(lists: sparse.csr_matrix, values: np.ndarray) -> np.ndarray:
    """sum_{i in L_u} v_i / |L_u|, over movies that have a value; NaN where none of a list has one.

    Args:
        lists: or profiles.
        values: of the movies, NaN where one has none (movies,).
    """
    known = ~np.isnan(values)
    return divide(lists @ np.where(known, values, 0.0), lists @ known.astype("float64"))


def compute_lift(listed: np.ndarray, rated: np.ndarray) -> np.ndarray:
    """(GAP_list - GAP_profile) / GAP_profile of a group (Abdollahpouri et al. 2019).

    GAP is the group average popularity: the mean over its users of the mean over the movies of
    their lists, or profiles, of n_i / |users|. 0 where lists hold movies as popular as profiles do.

    Args:
        listed: GAP_list, a number or an array.
        rated: GAP_profile.
    """
    return listed / rated - 1


def compute_novelty(lists: sparse.csr_matrix, counts: np.ndarray, num_users: int) -> np.ndarray:
    """Mean self-information, sum_{i in L_u} -log2(max(n_i, 1) / |users|) / |L_u|, in bits.

    Zhou et al. 2010. A movie that nobody rated counts as if one user had.
    """
    return average_movies(lists, -np.log2(np.maximum(counts, 1) / num_users))


def share_new(lists: sparse.csr_matrix, counts: np.ndarray, *, few: int) -> np.ndarray:
    """|{i in L_u: n_i < few}| / |L_u|."""
    return average_movies(lists, (counts < few).astype("float64"))


def compute_gini(exposure: np.ndarray) -> float:
    """sum_i (2 i - m - 1) x_i / (m sum_i x_i), x_i in how many lists a movie stands, ascending.

    0 where all m movies stand in as many lists, towards 1 where a single one takes all places.

    Args:
        exposure: x (movies,), not all 0.

    Returns:
        One value.
    """
    ordered, size = np.sort(exposure), len(exposure)
    weights = 2 * np.arange(1, size + 1) - size - 1
    return float(weights @ ordered / (size * ordered.sum()))


def compute_diversity(lists: sparse.csr_matrix, features: sparse.csr_matrix) -> np.ndarray:
    """sum_{i != j in L_u} (1 - cos(f_i, f_j)) / (|L_u| (|L_u| - 1)), with features f of a movie.

    Smyth and McClave 2001. Over unit vectors f the cosines of all pairs sum to
    |sum_i f_i|^2 - sum_i |f_i|^2, so no pair is ever formed. The cosine of a movie without
    features is 0. NaN for lists of less than two movies.

    Args:
        lists: or profiles.
        features: such as genres, or who rated it (movies, features).
    """
    squares = np.asarray(features.multiply(features).sum(axis=1)).ravel()
    units = (
        sparse.diags_array(divide(np.ones_like(squares), np.sqrt(squares), other=0.0)) @ features
    )
    sizes = np.asarray(lists.sum(axis=1)).ravel()
    size = max(1, BLOCK // features.shape[1])
    sums = [
        (lists[start : start + size] @ units).power(2).sum(axis=1)
        for start in range(0, lists.shape[0], size)
    ]
    cosines = np.concatenate([np.asarray(part).ravel() for part in sums]) - lists @ (squares > 0)
    return 1 - divide(cosines, sizes * (sizes - 1))


def share_genres(lists: sparse.csr_matrix, genres: sparse.csr_matrix) -> np.ndarray:
    """p(g | u) = sum_{i in L_u} p(g | i) / |L_u|, with p(g | i) = 1 / |genres of i| (Steck 2018).

    Every movie has weight 1. A movie without genres does not count; a row of
    zeros stands for a list without any.

    Args:
        lists: or profiles.
        genres: 1 where a movie is of a genre (movies, genres).

    Returns:
        (users, genres).
    """
    kinds = (lists @ split_genres(genres)).toarray()
    return divide(kinds, kinds.sum(axis=1, keepdims=True), other=0.0)


def split_genres(genres: sparse.csr_matrix) -> sparse.csr_matrix:
    """p(g | i): each movie's genres share it alike (movies, genres)."""
    sizes = np.asarray(genres.sum(axis=1), "float64").ravel()
    return sparse.csr_matrix(
        sparse.diags_array(divide(np.ones_like(sizes), sizes, other=0.0)) @ genres
    )


def compute_miscalibration(wanted: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """KL(p || q~) = sum_g p(g) ln(p(g) / q~(g)), q~ = (1 - alpha) q + alpha p, in nats.

    Steck 2018, with alpha = 0.01. 0 where a list has the genres of the profile
    in the same shares; NaN where the profile p has none.

    Args:
        wanted: p, as `share_genres` gives it of profiles (..., genres).
        listed: q, of lists (..., genres).
    """
    smoothed = (1 - ALPHA) * listed + ALPHA * wanted
    there = wanted > 0
    ratios = np.divide(wanted, smoothed, out=np.ones_like(smoothed), where=there)
    distance = np.sum(wanted * np.log(ratios), axis=-1)
    return np.where(there.any(axis=-1), distance, np.nan)


def compute_jaccard(first: sparse.csr_matrix, second: sparse.csr_matrix) -> np.ndarray:
    """|A_u and B_u| / |A_u or B_u| of a user's two lists (Jaccard 1912); NaN of two empty ones."""
    shared = np.asarray(first.multiply(second).sum(axis=1)).ravel()
    sizes = np.asarray(first.sum(axis=1) + second.sum(axis=1)).ravel()
    return divide(shared, sizes - shared)


def compute_rbo(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Extrapolated rank-biased overlap of two lists of k (Webber et al. 2010).

    X_k / k p^k + (1 - p) / p sum_{d <= k} X_d / d p^d, with X_d how many movies the first d places
    of both lists share and p = 0.9. 1 for equal lists; the first places count most.

    Args:
        first: columns of the listed movies (users, k); -1 where a list ends early.
        second: those of the other lists.
    """
    depths = np.arange(1, first.shape[1] + 1)
    same = (first[:, :, None] == second[:, None, :]) & (first >= 0)[:, :, None]
    deeper = np.maximum(depths[:, None], depths[None, :])  # from where on both have the movie
    agreement = np.stack([same[:, deeper <= d].sum(axis=1) / d for d in depths], axis=1)
    weights = PERSISTENCE**depths
    share = (1 - PERSISTENCE) / PERSISTENCE
    return agreement[:, -1] * weights[-1] + share * (agreement @ weights)


def weigh_rare(counts: np.ndarray, beta: float) -> np.ndarray:
    """s_i = max(n_i, 1)^-beta (movies,): 1 for all with beta = 0, and more for rare ones."""
    return np.maximum(counts, 1).astype("float64") ** -beta


def split_recall(
    place: np.ndarray, rank: np.ndarray, weights: np.ndarray, *, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The two sums of popularity-stratified recall (Steck 2011), by user.

    recall(k) = sum_u sum_{i in R_u: rank <= k} s_i / sum_u sum_{i in R_u} s_i, with R_u the
    held-out movies. It is the mean of the users' recalls, each weighed by its sum of s_i.

    Args:
        place: of the user of each held-out movie, from 0, ascending (rows,).
        rank: of the movie in the user's list (rows,).
        weights: s_i of the movie, as `weigh_rare` gives it (rows,).
        k: length of the lists.

    Returns:
        The users' terms above and below the line.
    """
    return np.bincount(place, weights * (rank <= k)), np.bincount(place, weights)


def divide(numbers: np.ndarray, by: np.ndarray, *, other: float = np.nan) -> np.ndarray:
    """Quotients (..., n), and `other` where the divisor is 0."""
    shape = np.broadcast_shapes(np.shape(numbers), np.shape(by))
    return np.divide(numbers, by, out=np.full(shape, other), where=by > 0)
