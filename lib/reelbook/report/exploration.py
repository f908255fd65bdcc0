"""The questions of document B, sections 4 and 5, and a few beyond it, each answered by a table.

`rows` is what `demographics.join_tables` gives: one row a rating, with its user and movie. The
document answers on the cleaned rows; what is beyond it uses all of them: how dense the ratings are,
what popularity says, and what time can say. That decides what a model can learn, and how to test.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

from reelbook.data.tables import make_keys
from reelbook.data.titles import turn_title
from reelbook.metrics.graded import LIKED
from reelbook.models.features.ids import bucketize_age
from reelbook.report import demographics

HOUR, DAY = 3600, 86_400  # seconds
THURSDAY = 3  # was the first day of 1970
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DAMPING = 25  # ratings at the global mean that a damped mean adds to a movie's own


def compute_statistics(rows: pd.DataFrame) -> pd.DataFrame:
    """Document B's table of section 5b: count, mean, deviation and quantiles, to one decimal.

    On ml-1m ages are known as groups only, and both age columns hold their lower bounds.
    """
    zip_codes = rows["zip_code"].cat
    numbers = pd.to_numeric(zip_codes.categories.to_series(), errors="coerce").to_numpy("float64")
    columns: dict[str, Callable[[], pd.Series]] = {
        "bucketized_user_age": lambda: bucketize_age(rows["age"]),
        "movie_id": lambda: rows["movie_id"],
        "raw_user_age": lambda: rows["age"],
        "user_id": lambda: rows["user_id"],
        "user_occupation_label": lambda: demographics.label_occupations(rows["occupation"]),
        "user_rating": lambda: rows["rating"],
        "user_zip_code": lambda: pd.Series(numbers[zip_codes.codes]),
    }
    # One column at a time: as float64 they would fill the memory.
    described = {name: make().astype("float64").describe() for name, make in columns.items()}
    return pd.DataFrame(described).round(1)


def count_ratings(rows: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Ratings and users of each group, the group with most ratings first.

    Returns:
        The columns of `by`, ratings, users, share (of all the rows) and ratings_per_user.
    """
    groups = rows.groupby(by, observed=True)["user_id"]
    table = _name_groups(groups.agg(ratings="size", users="nunique").reset_index())
    table["share"] = table["ratings"] / len(rows)
    table["ratings_per_user"] = table["ratings"] / table["users"]
    # A stable order: groups with as many ratings stay in the order of their names.
    return table.sort_values("ratings", ascending=False, kind="stable", ignore_index=True)


def cross_occupations(rows: pd.DataFrame) -> pd.DataFrame:
    """Ratings by occupation (the one with most ratings first) and age group (the columns)."""
    counts = rows.groupby(["occupation", "age_group"], observed=True).size()
    table = _name_groups(counts.reset_index(name="ratings"))
    table = table.pivot_table("ratings", "occupation", "age_group", fill_value=0, observed=True)
    table = table.astype("int64")
    return table.loc[count_ratings(rows, "occupation")["occupation"]]


def count_days(rows: pd.DataFrame) -> pd.DataFrame:
    """Ratings by day of the week in UTC, Monday first: day, ratings, share."""
    days = (rows["timestamp"].to_numpy() // DAY + THURSDAY) % len(DAYS)
    table = pd.DataFrame({"day": DAYS, "ratings": np.bincount(days, minlength=len(DAYS))})
    return table.assign(share=table["ratings"] / len(rows))


def count_stars(rows: pd.DataFrame, by: str = "gender") -> pd.DataFrame:
    """Ratings by number of stars within each group, with their share of the group."""
    counts = rows.groupby([by, "rating"], observed=True).size()
    table = _name_groups(counts.reset_index(name="ratings"))
    return table.assign(
        share=table["ratings"] / table.groupby(by, observed=True)["ratings"].transform("sum")
    )


def find_place(stars: pd.Series, share: float) -> float:
    """What lies at this share of the scale that ratings take: 4 at 0.75 of 1 to 5."""
    low, high = stars.min(), stars.max()
    return float(low + share * (high - low))


def summarize_movies(rows: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """One row a movie (and group of users, where `by` names a column) with what says it is liked.

    Returns:
        movie_id, title, year, ratings, liked (ratings at LIKED of the scale or above), mean, low
        and high (95% interval of the mean, normal approximation; missing for a single rating) and
        damped_mean: the mean after 25 more ratings at the mean of all the group's ratings, so that
        a handful of fives does not beat hundreds of fours.
    """
    keys = [by, "movie_id"] if by else ["movie_id"]
    stars = rows["rating"].astype("float64")
    frame = rows[keys].assign(rating=stars, liked=stars >= find_place(stars, LIKED))
    table = frame.groupby(keys, observed=True).agg(
        ratings=("rating", "size"),
        liked=("liked", "sum"),
        mean=("rating", "mean"),
        deviation=("rating", "std"),
    )
    table = _name_groups(table.reset_index())
    movies = _get_movies(rows).set_index("movie_id").loc[table["movie_id"]]
    movies = movies.astype({"title": "str"}).set_axis(table.index)
    table.insert(len(keys), "title", movies["title"])
    table.insert(len(keys) + 1, "year", movies["year"])
    groups = [by] if by else np.zeros(len(frame), dtype="int8")
    prior = frame.groupby(groups, observed=True)["rating"].mean()
    center = table[by].map(prior).astype("float64") if by else prior.iloc[0]
    half_width = 1.96 * table["deviation"] / np.sqrt(table["ratings"])
    total = table["mean"] * table["ratings"] + DAMPING * center
    return table.drop(columns="deviation").assign(
        title=table["title"].map(turn_title),
        low=table["mean"] - half_width,
        high=table["mean"] + half_width,
        damped_mean=total / (table["ratings"] + DAMPING),
    )


def rank_movies(
    rows: pd.DataFrame, order: str, *, by: str | None = None, number: int = 10
) -> pd.DataFrame:
    """The first movies by ratings, liked or damped_mean, for all or within each group of users.

    Ties go to the smaller movie id. `rank` counts from 1 within a group.
    """
    table = summarize_movies(rows, by)
    keys = [by, order, "movie_id"] if by else [order, "movie_id"]
    table = table.sort_values(keys, ascending=[key != order for key in keys], ignore_index=True)
    rank = table.groupby(by, observed=True).cumcount() if by else pd.Series(table.index)
    return table.assign(rank=rank + 1)[rank < number].reset_index(drop=True)


def rank_movies_by_group(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """The first three movies of each group of users in each of the three orders, to read.

    Returns:
        The column `by`, order (its name in words), first, second, third (titles, missing where the
        group rated fewer movies).
    """
    orders = {"ratings": "most rated", "liked": "most high ratings", "damped_mean": "damped mean"}
    places = {1: "first", 2: "second", 3: "third"}
    parts = []
    for order, words in orders.items():
        ranking = rank_movies(rows, order, by=by, number=len(places))
        titles = ranking.pivot(index=by, columns="rank", values="title").reindex(columns=[*places])
        titles = titles.rename(columns=places)
        parts.append(titles.rename_axis(None, axis=1).reset_index().assign(order=words))
    table = pd.concat(parts).sort_values(by, kind="stable", ignore_index=True)
    return table[[by, "order", *places.values()]]


def find_worst_movies(
    rows: pd.DataFrame, *, min_ratings: int = 20, number: int = 10
) -> pd.DataFrame:
    """The movies of the lowest mean among those with enough ratings to tell, the worst first."""
    table = summarize_movies(rows)
    table = table[table["ratings"] >= min_ratings]
    return table.sort_values(["mean", "movie_id"], ignore_index=True).head(number)


def count_release_years(rows: pd.DataFrame) -> pd.DataFrame:
    """By year of release: rated movies, ratings, ratings_per_movie and mean stars."""
    table = rows.groupby("year").agg(ratings=("rating", "size"), mean=("rating", "mean"))
    table.insert(0, "movies", _get_movies(rows).groupby("year").size())
    table = table.reset_index()
    return table.assign(ratings_per_movie=table["ratings"] / table["movies"])


def compare_occupations(rows: pd.DataFrame, state: str = "CA") -> pd.DataFrame:
    """Each occupation's share of a state's ratings beside its share of all, the largest first.

    An occupation drives a state if its share there is above its share everywhere.
    """
    everywhere = rows["occupation_group"].value_counts(normalize=True)
    there = rows["occupation_group"][rows["state"] == state].value_counts(normalize=True)
    table = pd.DataFrame({"share_there": there, "share_everywhere": everywhere}).fillna(0.0)
    table = table[table["share_everywhere"] > 0]  # a category may be that of no row
    table["excess"] = table["share_there"] - table["share_everywhere"]
    table = _name_groups(table.rename_axis("occupation").reset_index())
    return table.sort_values(["share_there", "occupation"], ascending=[False, True])


def summarize_zip_codes(rows: pd.DataFrame, state: str = "CA") -> pd.DataFrame:
    """Each zip code of a state: ratings, users, its first occupation and the share that one has."""
    there = rows[rows["state"] == state]
    table = count_ratings(there, "zip_code").drop(columns=["share", "ratings_per_user"])
    leading = count_ratings(there, ["zip_code", "occupation_group"]).drop_duplicates("zip_code")
    leading = leading.set_index("zip_code").loc[table["zip_code"]]
    return table.assign(
        occupation=leading["occupation_group"].to_numpy(),
        share=leading["ratings"].to_numpy() / table["ratings"],
    )


def count_genres(rows: pd.DataFrame) -> pd.DataFrame:
    """Ratings of movies of each genre, most first; a movie of three genres counts in all three."""
    table = demographics.explode_genres(_get_movies(rows))
    table["ratings"] = table["movie_id"].map(rows["movie_id"].value_counts())
    counts = table.groupby("genre", sort=False)["ratings"].sum()
    return counts.sort_values(ascending=False, kind="stable").reset_index()


def count_genre_characters(rows: pd.DataFrame) -> pd.DataFrame:
    """Document B's count of genres (section 5l): the characters of the lists of genre labels.

    TFDS gives a movie's genres as numbers, such as [4, 14]. Counted character by character, the
    list of a romantic comedy gives 4, 1 and 4 again: two comedies and an adventure, no romance.

    Returns:
        character (a digit), genre (what that digit stands for) and ratings, most first.
    """
    number_of_ratings = rows["movie_id"].value_counts()
    movies = _get_movies(rows)
    counts: Counter[str] = Counter()
    for movie_id, genres in zip(movies["movie_id"], movies["genres"], strict=True):
        for character in "".join(str(label) for label in demographics.label_genres(genres)):
            counts[character] += int(number_of_ratings[movie_id])
    return pd.DataFrame(
        [
            (character, demographics.GENRE_LABELS[int(character)], count)
            for character, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ],
        columns=["character", "genre", "ratings"],
    )


def to_time(timestamps: pd.Series) -> pd.Series:
    """Seconds since 1970 as points in time, UTC."""
    return pd.to_datetime(timestamps, unit="s", utc=True)


def _get_movies(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of each movie."""
    return rows[~rows["movie_id"].duplicated()]


def _name_groups(table: pd.DataFrame) -> pd.DataFrame:
    """A table of groups with their names as texts; age groups keep their order."""
    texts = [
        name
        for name, kind in table.dtypes.items()
        if isinstance(kind, pd.CategoricalDtype) and not kind.ordered
    ]
    return table.astype(dict.fromkeys(texts, "str"))


def compute_density(ratings: pd.DataFrame) -> float:
    """Share of all pairs of a user and a movie in these rows that hold a rating."""
    return len(ratings) / (ratings["user_id"].nunique() * ratings["movie_id"].nunique())


def compute_concentration(ratings: pd.DataFrame, key: str) -> pd.DataFrame:
    """How the ratings pile up on few: cumulated share of the ratings, the most active first.

    Args:
        ratings: the canonical ratings.
        key: `movie_id` or `user_id`.

    Returns:
        share_of_ids and share_of_ratings, both from 0 to 1; their diagonal is an even spread.
    """
    counts = ratings[key].value_counts().to_numpy()
    return pd.DataFrame(
        {
            "share_of_ids": np.arange(len(counts) + 1) / len(counts),
            "share_of_ratings": np.r_[0, counts.cumsum()] / counts.sum(),
        }
    )


def find_share_of_top(ratings: pd.DataFrame, key: str, top: float = 0.1) -> float:
    """Share of the ratings that falls on the most rated (or most active) tenth."""
    curve = compute_concentration(ratings, key)
    return float(np.interp(top, curve["share_of_ids"], curve["share_of_ratings"]))


def correlate_popularity(movies: pd.DataFrame, *, min_ratings: int = 20) -> float:
    """Spearman's correlation of a movie's number of ratings and its mean, from -1 to 1.

    Args:
        movies: the result of `summarize_movies`.
        min_ratings: movies with fewer do not count, their means are mostly noise.
    """
    enough = movies[movies["ratings"] >= min_ratings]
    return float(enough["ratings"].rank().corr(enough["mean"].rank()))


def count_over_time(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings and users seen for the first time, by week, or by month if there are over 104 weeks.

    Returns:
        start (of the week or month, UTC), ratings, new_users.
    """
    times = ratings["timestamp"].to_numpy()
    by_week = (times.max() - times.min()) // DAY <= 7 * 104
    if by_week:
        steps = (times // DAY + THURSDAY) // 7
    else:
        steps = times.astype("M8[s]").astype("M8[M]").astype("int64")
    first = pd.Series(steps).groupby(ratings["user_id"].to_numpy()).min()
    every = np.arange(steps.min(), steps.max() + 1)
    starts = (7 * every - THURSDAY).astype("M8[D]") if by_week else every.astype("M8[M]")
    number, newcomers = (np.bincount(of - every[0], minlength=len(every)) for of in (steps, first))
    return pd.DataFrame(
        {"start": starts.astype("M8[us]"), "ratings": number, "new_users": newcomers}
    )


def count_tie_sizes(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings by how many ratings their user gave in the same second (itself counted).

    Returns:
        size and share of the ratings, the smallest size first.
    """
    ties = count_pairs(ratings, "user_id", "timestamp")
    counts = np.bincount(ties["ratings"])
    sizes = np.flatnonzero(counts)
    return pd.DataFrame({"size": sizes, "share": sizes * counts[sizes] / len(ratings)})


def measure_time(ratings: pd.DataFrame) -> dict[str, float]:
    """What stands in the way of an order by time, as shares from 0 to 1.

    Returns:
        tied_ratings: ratings that share their second with another one of their user.
        users_with_tied_last: users whose last second holds several ratings.
        users_within_an_hour: users whose first and last rating lie at most an hour apart.
    """
    ties = count_pairs(ratings, "user_id", "timestamp")
    by_user = ties.groupby("user_id", sort=False)
    span = by_user["timestamp"].last() - by_user["timestamp"].first()
    return {
        "tied_ratings": float(ties["ratings"][ties["ratings"] > 1].sum() / len(ratings)),
        "users_with_tied_last": float((by_user["ratings"].last() > 1).mean()),
        "users_within_an_hour": float((span <= HOUR).mean()),
    }


def count_pairs(ratings: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """How many ratings each pair of two whole numbers has, in their order: the pair and ratings."""
    keys = make_keys(ratings[first], ratings[second])
    keys.sort()
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]), len(keys) - 1)
    codes, numbers = np.divmod(keys[ends], ratings[second].max() + 1)
    ids = np.sort(ratings[first].unique())[codes]
    return pd.DataFrame({first: ids, second: numbers, "ratings": np.diff(ends, prepend=-1)})
