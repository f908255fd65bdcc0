"""The space that a two-tower model learned: what lies near a movie, and a map of all of them."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE

from reelbook.data.tables import Dataset
from reelbook.data.titles import hint_at_closest, list_names, match_titles, name_movie
from reelbook.errors import ReelbookError
from reelbook.models.features.ids import make_genre_table
from reelbook.models.two_tower import best as best_tower
from reelbook.runs.store import Run
from reelbook.splits.split import Split

MAP_SEED = 0


def restore_vectors(run: Run, dataset: Dataset, split: Split) -> np.ndarray:
    """Vectors of the movies as a run of two_tower.best learned them, (movies, dim)."""
    return best_tower.embed_movies(run.restore(dataset, split).model)


def check_titles(
    dataset: Dataset, titles: Sequence[str], analogies: Sequence[Sequence[str]] = ()
) -> None:
    """Refuse what the data set does not have, before anything is learned.

    Raises:
        ReelbookError: an analogy that has not four titles, or titles that no movie has, all of
            which are told.
    """
    for analogy in analogies:
        if isinstance(analogy, str) or len(analogy) != 4:
            raise ReelbookError(f"An analogy is a list of four titles, not {analogy}.")
    faults = []
    for title in dict.fromkeys([*titles, *itertools.chain(*analogies)]):
        try:
            _find_place(dataset.movies, dataset, title)
        except ReelbookError as error:
            faults.append(str(error))
    if faults:
        raise ReelbookError("\n".join(faults))


def find_neighbours(
    vectors: np.ndarray,
    dataset: Dataset,
    titles: Sequence[str],
    *,
    size: int = 5,
    min_ratings: int = 20,
) -> pd.DataFrame:
    """The nearest movies by cosine to some movies, among those with enough ratings.

    Args:
        vectors: (movies, dim), in the order of the ids.
        dataset: the canonical tables.
        titles: of the movies to start from; for none, the five most rated.
        size: neighbours of each.
        min_ratings: the vector of a movie with few ratings says little.

    Returns:
        movie, place (from 1), neighbour, cosine.

    Raises:
        ReelbookError: a title that the data set does not have.
    """
    movies = dataset.movies.sort_values("movie_id").reset_index(drop=True)
    unit = _normalise(vectors)
    counts = _count(dataset)
    by_count = np.argsort(-counts, kind="stable")
    # Small data may have fewer movies with that many ratings than are asked for.
    often = counts >= min(min_ratings, counts[by_count[: size + 1]].min())
    rows = []
    for asked in [_find_place(movies, dataset, title) for title in titles] or by_count[:5]:
        cosines = np.where(often, unit @ unit[asked], -np.inf)
        cosines[asked] = -np.inf
        for place, near in enumerate(np.argsort(-cosines, kind="stable")[:size], 1):
            rows.append(
                {
                    "movie": name_movie(movies.iloc[asked]),
                    "place": place,
                    "neighbour": name_movie(movies.iloc[near]),
                    "cosine": cosines[near],
                }
            )
    return pd.DataFrame(rows)


def solve_analogies(
    vectors: np.ndarray,
    dataset: Dataset,
    analogies: Sequence[Sequence[str]],
    *,
    min_ratings: int = 20,
) -> pd.DataFrame:
    """First is to second as third is to what? The movies nearest to second - first + third.

    By cosine between vectors of length one, the three themselves left out (Mikolov et al. 2013).

    Args:
        vectors: (movies, dim), in the order of the ids.
        dataset: the canonical tables.
        analogies: four titles each; the last is the expected answer.
        min_ratings: movies with fewer are no answer, but for the expected one.

    Returns:
        question, expected, found (the nearest), rank (of the expected one, from 1) and
        rank_by_third, its rank among the neighbours of the third movie alone: what no analogy
        is needed for.

    Raises:
        ReelbookError: as `check_titles`.
    """
    check_titles(dataset, [], analogies)
    movies = dataset.movies.sort_values("movie_id").reset_index(drop=True)
    names = [name_movie(movie) for movie in movies.itertuples()]
    unit = _normalise(vectors)
    often = _count(dataset) >= min_ratings
    rows = []
    for titles in analogies:
        first, second, third, expected = (_find_place(movies, dataset, title) for title in titles)
        ranks, nearest = [], []
        for asked in (unit[second] - unit[first] + unit[third], unit[third]):
            cosines = np.where(often, unit @ asked, -np.inf)
            cosines[expected] = unit[expected] @ asked
            cosines[[first, second, third]] = -np.inf
            ranks.append(int(np.count_nonzero(cosines >= cosines[expected])))
            nearest.append(names[int(np.argmax(cosines))])
        rows.append(
            {
                "question": f"{names[first]} : {names[second]} = {names[third]} : ?",
                "expected": names[expected],
                "found": nearest[0],
                "rank": ranks[0],
                "rank_by_third": ranks[1],
            }
        )
    columns = ["question", "expected", "found", "rank", "rank_by_third"]
    return pd.DataFrame(rows, columns=columns)


def _find_place(movies: pd.DataFrame, dataset: Dataset, title: str) -> int:
    """Place of the first movie that a title may mean; ReelbookError if there is none."""
    names = list_names(movies)
    places = match_titles([title], names)[0]
    if not places:
        hint = hint_at_closest(title, names)
        raise ReelbookError(f"{dataset.name} has no movie with the title {title!r}.{hint}")
    return places[0]


def draw_map(vectors: np.ndarray, dataset: Dataset, *, size: int, genres: int = 5) -> pd.DataFrame:
    """The most rated movies in two dimensions, by t-SNE on their cosines.

    Args:
        vectors: (movies, dim), in the order of the ids.
        dataset: the canonical tables.
        size: how many movies.
        genres: how many of the genres get a name; all others are `other`.

    Returns:
        title (with the year), x, y and genre: the movie's rarest one, as that tells most.
    """
    movies = dataset.movies.sort_values("movie_id").reset_index(drop=True)
    chosen = np.sort(_order_by_count(dataset)[:size])
    # One thread and a start from the principal axes: the same map at every build.
    tsne = TSNE(
        metric="cosine",
        init="pca",
        random_state=MAP_SEED,
        perplexity=min(30, (len(chosen) - 1) / 3),
        n_jobs=1,
    )
    # The product of unit vectors with their axes keeps cosines and lets `pca` start it.
    places = tsne.fit_transform(_normalise(vectors[chosen]))
    names = movies["genres"].iloc[chosen]
    counts = names.explode().value_counts().to_dict()
    rarest = names.map(lambda own: min(own, key=counts.__getitem__) if own else "other")
    named = rarest[rarest != "other"].value_counts().index[:genres]
    return pd.DataFrame(
        {
            "title": [name_movie(movies.iloc[place]) for place in chosen],
            "x": places[:, 0],
            "y": places[:, 1],
            "genre": rarest.where(rarest.isin(named), "other").to_numpy(),
        }
    )


def measure_genres(vectors: np.ndarray, dataset: Dataset, *, size: int) -> dict[str, float]:
    """How often the nearest of the most rated movies shares a genre, and how often any one does."""
    chosen = _order_by_count(dataset)[:size]
    unit = _normalise(vectors[chosen])
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    table = make_genre_table(dataset)[1:][chosen]
    shared = table @ table.T > 0
    others = ~np.eye(len(chosen), dtype=bool)
    nearest = shared[np.arange(len(chosen)), cosines.argmax(axis=1)]
    return {"nearest": float(nearest.mean()), "any": float(shared[others].mean())}


def _order_by_count(dataset: Dataset) -> np.ndarray:
    """Places of the movies in the order of their ids, the most rated first."""
    return np.argsort(-_count(dataset), kind="stable")


def _count(dataset: Dataset) -> np.ndarray:
    """Ratings of each movie, in the order of the ids."""
    counts = dataset.ratings["movie_id"].value_counts()
    return counts.reindex(np.sort(dataset.movies["movie_id"]), fill_value=0).to_numpy()


def _normalise(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
