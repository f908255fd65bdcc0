"""The questions of document B, sections 4 and 5, and a few beyond it, each answered by a table.

`rows` is what `features.join_tables` gives: one row a rating, with its user and movie. The document
answers on the cleaned rows; what is beyond it (feedback, sparsity, time) uses all of them.
"""

from collections import Counter

import numpy as np
import pandas as pd

from reelbook import features
from reelbook.schema import Dataset

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
LIKED = 4  # stars from which on a movie counts as liked
DAMPING = 25  # ratings at the global mean that a damped mean adds to a movie's own
# The Californian zip code that document B looked at: 35 ratings, all of them by a student.
DOCUMENT_ZIP_CODE = "94708"


def compute_statistics(rows: pd.DataFrame) -> pd.DataFrame:
    """Document B's table of section 5b: count, mean, deviation and quantiles, to one decimal.

    On ml-1m ages are known as groups only, and both age columns hold their lower bounds.
    """
    columns = pd.DataFrame(
        {
            "bucketized_user_age": features.bucketize_age(rows["age"]),
            "movie_id": rows["movie_id"],
            "raw_user_age": rows["age"],
            "user_id": rows["user_id"],
            "user_occupation_label": features.label_occupations(rows["occupation"]),
            "user_rating": rows["rating"],
            "user_zip_code": rows["zip_code"].astype("int64"),
        }
    )
    return columns.astype("float64").describe().round(1)


def count_ratings(rows: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Ratings and users of each group, the group with most ratings first.

    Returns:
        The columns of `by`, ratings, users, share (of all the rows) and ratings_per_user.
    """
    groups = rows.groupby(by, observed=True)["user_id"]
    table = groups.agg(ratings="size", users="nunique").reset_index()
    table["share"] = table["ratings"] / len(rows)
    table["ratings_per_user"] = table["ratings"] / table["users"]
    # A stable order: groups with as many ratings stay in the order of their names.
    return table.sort_values("ratings", ascending=False, kind="stable", ignore_index=True)


def count_days(rows: pd.DataFrame) -> pd.DataFrame:
    """Ratings by day of the week in UTC, Monday first: day, ratings, share."""
    days = to_time(rows["timestamp"]).dt.day_name()
    table = days.value_counts().reindex(DAYS, fill_value=0).rename_axis("day").reset_index()
    table.columns = pd.Index(["day", "ratings"])
    return table.assign(share=table["ratings"] / len(rows))


def count_stars(rows: pd.DataFrame, by: str = "gender") -> pd.DataFrame:
    """Ratings by number of stars within each group, with their share of the group."""
    table = rows.groupby([by, "rating"], observed=True).size().reset_index(name="ratings")
    return table.assign(
        share=table["ratings"] / table.groupby(by, observed=True)["ratings"].transform("sum")
    )


def summarize_movies(rows: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """One row a movie (and group of users, where `by` names a column) with what says it is liked.

    Returns:
        movie_id, title, year, ratings, liked (ratings of 4 or 5 stars), mean, low and high (95%
        interval of the mean, normal approximation; missing for a single rating) and damped_mean:
        the mean after 25 more ratings at the mean of all the group's ratings, so that a handful of
        fives does not beat hundreds of fours.
    """
    keys = [by, "movie_id"] if by else ["movie_id"]
    stars = rows["rating"].astype("float64")
    frame = rows.assign(rating=stars, liked=stars >= LIKED)
    table = frame.groupby(keys, observed=True).agg(
        title=("title", "first"),
        year=("year", "first"),
        ratings=("rating", "size"),
        liked=("liked", "sum"),
        mean=("rating", "mean"),
        deviation=("rating", "std"),
    )
    table = table.reset_index()
    groups = [by] if by else np.zeros(len(frame), dtype="int8")
    prior = frame.groupby(groups, observed=True)["rating"].mean()
    center = table[by].map(prior).astype("float64") if by else prior.iloc[0]
    half_width = 1.96 * table["deviation"] / np.sqrt(table["ratings"])
    total = table["mean"] * table["ratings"] + DAMPING * center
    return table.drop(columns="deviation").assign(
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
        The column `by`, order (its name in words), first, second, third (titles).
    """
    orders = {"ratings": "most rated", "liked": "most 4s and 5s", "damped_mean": "damped mean"}
    places = {1: "first", 2: "second", 3: "third"}
    parts = []
    for order, words in orders.items():
        ranking = rank_movies(rows, order, by=by, number=len(places))
        titles = ranking.pivot(index=by, columns="rank", values="title").rename(columns=places)
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
    groups = rows.dropna(subset="year").groupby("year")
    table = groups.agg(
        movies=("movie_id", "nunique"), ratings=("rating", "size"), mean=("rating", "mean")
    ).reset_index()
    return table.assign(ratings_per_movie=table["ratings"] / table["movies"])


def compare_occupations(rows: pd.DataFrame, state: str = "CA") -> pd.DataFrame:
    """Each occupation's share of a state's ratings beside its share of all, the largest first.

    An occupation drives a state if its share there is above its share everywhere.
    """
    everywhere = rows["occupation_group"].value_counts(normalize=True)
    there = rows[rows["state"] == state]["occupation_group"].value_counts(normalize=True)
    table = pd.DataFrame({"share_there": there, "share_everywhere": everywhere}).fillna(0.0)
    table["excess"] = table["share_there"] - table["share_everywhere"]
    table = table.rename_axis("occupation").reset_index()
    return table.sort_values(["share_there", "occupation"], ascending=[False, True])


def summarize_zip_codes(rows: pd.DataFrame, state: str = "CA") -> pd.DataFrame:
    """Each zip code of a state: ratings, users, its first occupation and the share that one has."""
    there = rows[rows["state"] == state]
    table = count_ratings(there, "zip_code").drop(columns=["share", "ratings_per_user"])
    leading = count_ratings(there, ["zip_code", "occupation_group"]).drop_duplicates("zip_code")
    leading = leading.set_index("zip_code")
    table["occupation"] = table["zip_code"].map(leading["occupation_group"])
    table["share"] = table["zip_code"].map(leading["ratings"]) / table["ratings"]
    return table


def count_genres(rows: pd.DataFrame) -> pd.DataFrame:
    """Ratings of movies of each genre, most first; a movie of three genres counts in all three."""
    exploded = rows[["movie_id"]].merge(features.explode_genres(_get_movies(rows)), on="movie_id")
    return exploded["genre"].value_counts().rename_axis("genre").reset_index(name="ratings")


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
        for character in "".join(str(label) for label in features.label_genres(genres)):
            counts[character] += int(number_of_ratings[movie_id])
    return pd.DataFrame(
        [
            (character, features.GENRE_LABELS[int(character)], count)
            for character, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ],
        columns=["character", "genre", "ratings"],
    )


def to_time(timestamps: pd.Series) -> pd.Series:
    """Seconds since 1970 as points in time, UTC."""
    return pd.to_datetime(timestamps, unit="s", utc=True)


def _get_movies(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates("movie_id")[["movie_id", "genres"]]


def measure_claims(dataset: Dataset) -> dict[str, float | str | list]:
    """The evidence for claims B1 to B8, by name, measured on the cleaned rows of a data set."""
    rows = features.join_tables(dataset, cleaned=True)
    days = count_days(rows).sort_values("ratings", ascending=False, kind="stable")
    genders = count_ratings(rows, "gender").set_index("gender")
    ages = count_ratings(rows, "age_group")
    occupations = count_ratings(rows, ["age_group", "occupation"])
    stars = count_stars(rows).sort_values("ratings", ascending=False).drop_duplicates("gender")
    favorite = stars.set_index("gender")["rating"]
    states = count_ratings(rows, "state")
    california = compare_occupations(rows, "CA").set_index("occupation")
    codes = summarize_zip_codes(rows, "CA").set_index("zip_code")
    genres = count_genres(rows)
    characters = count_genre_characters(rows)
    return {
        "b1_rows": len(rows),
        "b1_table": compute_statistics(rows).to_numpy().tolist(),
        "b2_busiest_day": str(days["day"].iloc[0]),
        "b2_count": int(days["ratings"].iloc[0]),
        "b2_share": float(days["share"].iloc[0]),
        "b2_lead_over_second": float(days["ratings"].iloc[0] / days["ratings"].iloc[1] - 1),
        "b3_men": int(genders["ratings"].get("M", 0)),
        "b3_women": int(genders["ratings"].get("F", 0)),
        "b3_ratings_per_man": float(genders["ratings_per_user"].get("M", 0)),
        "b3_ratings_per_woman": float(genders["ratings_per_user"].get("F", 0)),
        "b4_age_groups": ages["age_group"].astype(str).tolist(),
        "b4_counts": ages["ratings"].tolist(),
        "b5_age_group": str(occupations["age_group"].iloc[0]),
        "b5_occupation": str(occupations["occupation"].iloc[0]),
        "b5_count": int(occupations["ratings"].iloc[0]),
        "b5_count_of_second": int(occupations["ratings"].iloc[1]),
        "b6_men_give_most": float(favorite.get("M", 0)),
        "b6_women_give_most": float(favorite.get("F", 0)),
        "b7_states": states["state"].head(5).tolist(),
        "b7_counts": states["ratings"].head(5).tolist(),
        "b7_rank_of_texas": int((states["state"] == "TX").to_numpy().argmax()) + 1,
        "b7_occupation_in_california": str(california.index[0]),
        "b7_student_share_in_california": float(california["share_there"].get("student", 0)),
        "b7_student_share_everywhere": float(california["share_everywhere"].get("student", 0)),
        "b7_zip_code": DOCUMENT_ZIP_CODE,
        "b7_ratings_of_zip_code": int(codes["ratings"].get(DOCUMENT_ZIP_CODE, 0)),
        "b7_zip_codes_of_one_user": int((codes["users"] == 1).sum()),
        "b7_zip_codes": len(codes),
        "b8_genres": genres["genre"].head(6).tolist(),
        "b8_counts": genres["ratings"].head(6).tolist(),
        "b8_genres_by_character": characters["genre"].head(3).tolist(),
        "b8_counts_by_character": characters["ratings"].head(3).tolist(),
    }
