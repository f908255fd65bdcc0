"""How alike two movies are, or two users: by who rated them, by how, and by what is told of them.

With R (members, others) 1 where a known rating is, n_i its row sums, and e what a known rating
exceeds the mean and its two biases by,

    together    c_ij = |raters of both| / sqrt(n_i n_j)
    agreement   a_ij = s |s|^(1/2) n_ij / (n_ij + 25), s = sum e_i e_j / sqrt(sum e_i^2 sum e_j^2),
                all sums over the n_ij others of both
    covariance  of e: the leading axes of sum e_i e_j / (n_ij + shrinkage)
    genres      cosine of the sets of genres
    era         genres, times exp(-|years between| / 8)
    titles      cosine of the words of the titles, the rare ones weighing more
    people      exp(-|years of age between| / 6), times .3 for users of different gender

What the data do not tell is 0 for all pairs.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.feature_extraction.text import TfidfVectorizer

from reelbook.data.tables import Dataset
from reelbook.models.features.ids import make_genre_table

YEARS, AGES, OTHER_GENDER = 8.0, 6.0, 0.3
SHRINKAGE = 25  # of the agreement
MANY = 4000  # members, above which sparse products are faster
ROWS = 64  # of a table at a time
COMMON = ["the", "of", "a", "and", "in", "to", "for", "on", "la", "le", "los", "der"]


class Contents(NamedTuple):
    """What is told of movies and people, in the order of their ids.

    Attributes:
        kinds: number of each movie's set of genres, as many movies have the same (movies,).
        genres: see the head; of two such sets, float32 (kinds, kinds).
        era: see the head, float32 (movies, movies).
        titles: see the head.
        people: see the head, float32 (users, users).
        year: of each movie; the median where it is not known, 0 where none is (movies,).
        age: of each user, 0 where not known (users,).
        is_male: of each user, 0 or 1.
    """

    kinds: np.ndarray
    genres: np.ndarray
    era: np.ndarray
    titles: np.ndarray
    people: np.ndarray
    year: np.ndarray
    age: np.ndarray
    is_male: np.ndarray


class Likeness(NamedTuple):
    """How alike members are by the known ratings.

    Attributes:
        together: see the head, float32 (members, members).
        agreement: see the head, float32 (members, members).
        axes: the leading ones of the covariance, whose products it is, float32 (members, dim).
    """

    together: np.ndarray
    agreement: np.ndarray
    axes: np.ndarray


def describe_contents(dataset: Dataset) -> Contents:
    """Compare what is told of the movies and of the users."""
    movies = dataset.movies.sort_values("movie_id")
    users = dataset.users.sort_values("user_id")
    years = movies["year"].astype("float64")
    year = years.fillna(years.median()).fillna(0.0).to_numpy("float64")
    sets, kinds = np.unique(make_genre_table(dataset)[1:], axis=0, return_inverse=True)
    genres = _compute_cosine(sets)
    titles = np.zeros((len(movies), len(movies)), "float32")
    if "titles" in dataset.traits:
        titles = _compare_titles(movies["title"].tolist())
    age, is_male = users["age"].to_numpy("float64"), (users["gender"] == "M").to_numpy("float64")
    people = np.zeros((len(users), len(users)), "float32")
    if "people" in dataset.traits:
        same = np.where(is_male[:, None] == is_male, 1.0, OTHER_GENDER)
        people = (np.exp(-np.abs(age[:, None] - age) / AGES) * same).astype("float32")
    era = np.empty_like(titles)
    for part in cut_rows(len(year)):
        near = np.exp(-np.abs(year[part, None] - year) / YEARS).astype("float32")
        era[part] = genres[kinds[part]][:, kinds] * near
    return Contents(kinds, genres, era, titles, people, year, age, is_male)


def compare_members(
    residuals: np.ndarray, rated: np.ndarray, covariance: tuple[float, int] = (0.0, 0)
) -> Likeness:
    """Compare the columns of two tables.

    Args:
        residuals: e, 0 where there is no rating, float32 (others, members).
        rated: R transposed, 1 where there is a rating.
        covariance: its shrinkage, and how many of its axes to find.
    """
    products, both = _multiply(residuals, residuals), _multiply(rated, rated)
    axes = _find_axes(products, both, *covariance)
    squares = _multiply(residuals**2, rated)  # of e_i over the others of both
    np.maximum(squares, 1e-3, out=squares)
    agreement = products  # in place, as each table of many members is large
    for part in cut_rows(len(both)):
        n = both[part]
        cosine = products[part] / np.sqrt(squares[part] * squares.T[part])
        np.clip(cosine, -1, 1, out=cosine)
        agreement[part] = cosine * np.sqrt(np.abs(cosine)) * n / (n + SHRINKAGE)
    root = np.sqrt(np.maximum(np.diag(both), 1))
    together = np.divide(both, root[:, None], out=both)
    together /= root
    return Likeness(together, agreement, axes)


def cut_rows(number: int) -> list[slice]:
    """Slices of the rows of a table: what is made of one at a time is small, and in the cache."""
    return [slice(start, start + ROWS) for start in range(0, number, ROWS)]


def _find_axes(products: np.ndarray, both: np.ndarray, shrinkage: float, dim: int) -> np.ndarray:
    """The leading axes of the covariance, each as long as it counts, float32 (members, dim)."""
    dim = min(dim, len(both) - 1)
    if dim < 1:
        return np.zeros((len(both), 0), "float32")
    covariance = both + np.float32(shrinkage)
    np.divide(products, covariance, out=covariance)
    if len(covariance) > MANY:
        covariance = sparse.csr_matrix(covariance)
    # In float32, to its rounding: with a table of float64 each product takes four times as long.
    product = LinearOperator(
        covariance.shape, lambda vector: covariance @ vector.astype("float32"), dtype="float64"
    )
    start = np.ones(len(both))  # the same bits each time
    values, axes = eigsh(product, k=dim, v0=start, tol=1e-6)
    return (axes * np.sqrt(values.clip(min=0))).astype("float32")


def _multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Left' right, (members, members), where most entries of many members are zero."""
    if left.shape[1] <= MANY:
        return left.T @ right
    # Row after row, as the product in full: then whoever reads it flat copies nothing.
    return (sparse.csr_matrix(left.T) @ sparse.csr_matrix(right)).toarray()


def _compare_titles(titles: list[str]) -> np.ndarray:
    plain = [title.rsplit("(", 1)[0].lower() for title in titles]
    words = TfidfVectorizer(stop_words=COMMON, token_pattern="[a-z0-9]+", dtype=np.float32)
    try:
        found = words.fit_transform(plain)
    except ValueError:  # no title has a word
        return np.zeros((len(titles), len(titles)), "float32")
    return (found @ found.T).toarray()


def _compute_cosine(table: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(table, axis=1, keepdims=True)
    scaled = table / np.maximum(length, 1e-9)
    return (scaled @ scaled.T).astype("float32")
