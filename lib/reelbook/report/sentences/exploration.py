"""The computed sentences of chapter 01.

`rows` is what `demographics.join_tables` gives; the other tables are those of
`reelbook.report.exploration`, named as its functions that make them.
"""

import pandas as pd

from reelbook.data.names import count
from reelbook.data.tables import clean_users, has_plain_zip_code
from reelbook.metrics.graded import DISLIKED, LIKED
from reelbook.report import facts
from reelbook.report.exploration import (
    DAMPING,
    DAYS,
    compute_density,
    correlate_popularity,
    count_days,
    count_genres,
    count_ratings,
    find_place,
    find_share_of_top,
    measure_time,
    to_time,
)
from reelbook.report.sentences.phrases import give_stars, join_words, list_rows


def answer(ratings: pd.DataFrame) -> str:
    """The short answer of the chapter: how many pairs hold a rating."""
    return (
        f"**In short.** Only {compute_density(ratings):.1%} of all pairs of a user and a movie "
        "hold a rating."
    )


def answer_times(rows: pd.DataFrame, ratings: pd.DataFrame) -> str:
    """The part of the answer that needs times: the busiest day, and ties.

    Args:
        rows: on which the days are counted.
        ratings: all ratings.
    """
    busiest = list_rows(count_days(rows).nlargest(1, "ratings"))[0]
    return (
        f"{busiest.day} is the busiest day, with {busiest.share:.1%} of the ratings. "
        f"{measure_time(ratings)['tied_ratings']:.1%} of all ratings share their second with "
        "another one of the same user."
    )


def answer_genres(rows: pd.DataFrame) -> str:
    """The part of the answer that needs genres: the first one."""
    first = list_rows(count_genres(rows).head(1))
    return f"The most rated genre is {first[0].genre}." if first else "No genre is known."


def answer_people(all_rows: pd.DataFrame, rows: pd.DataFrame) -> str:
    """The part of the answer that needs people: cleaning, men, and the first state.

    Args:
        all_rows: before the cleaning.
        rows: after it.
    """
    first = list_rows(count_ratings(rows, "state").head(1))
    state = f"{first[0].state} leads the states" if first else "no state is known"
    return (
        f"After the document's cleaning, {len(rows):,} of {len(all_rows):,} ratings remain. Men "
        f"give {(rows['gender'] == 'M').mean():.1%} of them, and {state}."
    )


def describe_cleaning(users: pd.DataFrame, all_rows: pd.DataFrame, rows: pd.DataFrame) -> str:
    """How many users and ratings the document's cleaning leaves out.

    Args:
        users: of the data set.
        all_rows: before the cleaning.
        rows: after it.
    """
    raters = users[users["user_id"].isin(all_rows["user_id"])]
    num_dropped = len(raters) - len(clean_users(raters))
    if not has_plain_zip_code(raters["zip_code"]).any():
        return f"No user has such a zip code, so **all {len(rows):,} ratings remain**."
    return (
        f"**{num_dropped:,} of {len(raters):,} users** have such a zip code. They gave "
        f"{len(all_rows) - len(rows):,} ratings, so **{len(rows):,} ratings remain**."
    )


def describe_days(days: pd.DataFrame) -> str:
    """The busiest and the quietest day, from `count_days`."""
    most, least = days["ratings"].max(), days["ratings"].min()
    busiest, quietest = (days[days["ratings"] == n]["day"].tolist() for n in (most, least))
    leads, comes, each = ("leads", "comes", "") if len(busiest) == 1 else ("lead", "come", " each")
    comes = "comes" if len(quietest) == 1 else "come"
    return (
        f"**{join_words(busiest)}** {leads} with {most:,} ratings{each}, "
        f"{days['share'].max():.1%} of all; {join_words(quietest)} {comes} last with {least:,}. An "
        f"even week would put {1 / len(DAYS):.1%} on each day."
    )


def describe_genders(genders: pd.DataFrame) -> str:
    """Users, ratings and share of each gender; `genders` has its name in words."""
    return " ".join(
        f"**{row.users:,} {row.name}** gave {row.ratings:,} ratings ({row.share:.1%}), "
        f"{row.ratings_per_user:.0f} each."
        for row in list_rows(genders)
    )


def describe_stars(stars: pd.DataFrame, rows: pd.DataFrame) -> str:
    """What men and women give most often and on average, from `count_stars`."""
    most = stars.sort_values("ratings", ascending=False, kind="stable").drop_duplicates("gender")
    most = most.set_index("gender")
    means = rows.groupby("gender")["rating"].mean()
    return " ".join(
        f"{name} give **{most['rating'][gender]:g} stars** most often "
        f"({most['share'][gender]:.1%} of their ratings) and {means[gender]:.2f} on average."
        for gender, name in {"M": "Men", "F": "Women"}.items()
        if gender in means
    )


def describe_ages(ages: pd.DataFrame) -> str:
    """The three age groups with most ratings, from `count_ratings`."""
    first = ages.head(3)
    return (
        f"The order is **{', then '.join(first['age_group'])}**; together these groups give "
        f"{first['share'].sum():.1%} of the ratings. The groups span different numbers of years, "
        "and ages are those at which users joined."
    )


def describe_occupations(groups: pd.DataFrame, occupations: pd.DataFrame) -> str:
    """The largest groups of one occupation and age, and the first occupation over all ages.

    Args:
        groups: `count_ratings` by age_group and occupation.
        occupations: `count_ratings` by occupation.
    """
    first, *others = list_rows(groups.head(2))
    follows = [f"; {r.occupation}, {r.age_group} follows with {r.ratings:,}" for r in others]
    leading = list_rows(occupations)[0]
    return (
        f"The largest group is **{first.occupation}, {first.age_group}** with {first.ratings:,} "
        f"ratings by {count(first.users, 'user')}{''.join(follows)}. Over all ages "
        f"{leading.occupation} leads with {leading.share:.1%} of the ratings."
    )


def describe_most_rated(most_rated: pd.DataFrame, *, num_users: int) -> str:
    """The first movie by ratings, from `rank_movies`, and how many of the users rated it."""
    first = list_rows(most_rated)[0]
    return (
        f"**{first.title}** leads with {count(first.ratings, 'rating')}, from "
        f"{first.ratings / num_users:.0%} of the users."
    )


def describe_liked(liked: pd.DataFrame, loved: pd.DataFrame, most_rated: pd.DataFrame) -> str:
    """Two meanings of "liked" beside each other.

    Args:
        liked: `rank_movies` by liked.
        loved: `rank_movies` by damped_mean.
        most_rated: `rank_movies` by ratings.
    """
    by_count, by_mean = list_rows(liked)[0], list_rows(loved)[0]
    ids = set(liked["movie_id"])
    shared = len(ids & set(loved["movie_id"]))
    return (
        f"By count, **{by_count.title}** leads ({by_count.liked:,} of its {by_count.ratings:,} "
        f"ratings); by damped mean, **{by_mean.title}** ({by_mean.damped_mean:.2f} stars, with "
        f"{DAMPING} ratings added). The two lists share {shared} of {len(liked)} movies. The list "
        f"by count shares {len(ids & set(most_rated['movie_id']))} with the most rated movies."
    )


def describe_leaders(by_age: pd.DataFrame) -> str:
    """How many movies lead over the age groups in each order, from `rank_movies_by_group`."""
    leaders = by_age.groupby("order")["first"].nunique()
    return (
        f"The number of different leaders over the {by_age['age_group'].nunique()} age groups is "
        f"**{leaders['most rated']}** by number of ratings, "
        f"{leaders['most high ratings']} by number of ratings in the upper quarter of the scale, "
        f"and **{leaders['damped mean']}** by damped mean."
    )


def describe_worst(worst: pd.DataFrame, movies: pd.DataFrame, *, min_ratings: int) -> str:
    """The last movie of those with enough ratings, and what would be last without that bar.

    Args:
        worst: from `find_worst_movies`.
        movies: from `summarize_movies`.
        min_ratings: what counts as enough.
    """
    least = movies["mean"].min()
    lowest = movies[movies["mean"] == least]
    without = (
        f" Without that threshold, {count(len(lowest), 'movie')} would share the last place with a "
        f"mean of {give_stars(least, digits=3)}, "
        f"{(lowest['ratings'] == 1).sum():,} of them rated once."
    )
    if worst.empty:
        return f"No movie has {min_ratings} ratings.{without}"
    last, num_enough = list_rows(worst)[0], (movies["ratings"] >= min_ratings).sum()
    return (
        f"Of the {count(num_enough, 'movie')} with at least {min_ratings} ratings, "
        f"**{last.title}** is last with {last.mean:.2f} stars ({last.ratings:,} ratings).{without}"
    )


def describe_years(years: pd.DataFrame, rows: pd.DataFrame) -> str:
    """How old the rated movies are, from `count_release_years`, and whether old ones please."""
    released = rows["year"].dropna()
    if released.empty:
        return "No year of release is known."
    top = years.nlargest(1, "ratings").iloc[0]
    text = (
        f"Half of the ratings go to movies of **{released.median():.0f} or later**; release "
        f"years range from {released.min()} to {released.max()}. The year with most ratings is "
        f"{top['year']:.0f}, with {count(round(top['movies']), 'rated movie')}."
    )
    correlation = rows["rating"].corr(rows["year"].astype("Float64"))
    if pd.isna(correlation):
        return text
    return (
        f"{text} Old movies that people still rate are a selection; the correlation between stars "
        f"and year is {correlation:.2f}."
    )


def describe_states(states: pd.DataFrame, *, num_ratings: int) -> str:
    """The first states, where Texas stands, and whether ratings only follow users.

    Args:
        states: `count_ratings` by state.
        num_ratings: with and without a state.
    """
    if states.empty:
        return "No zip code is of a known state."
    leading = ", ".join(f"{row.state} {row.ratings:,}" for row in list_rows(states.head(5)))
    places = {row.state: place for place, row in enumerate(list_rows(states), start=1)}
    texas = f"is number {places['TX']}" if "TX" in places else "has no ratings"
    correlation = states["ratings"].corr(states["users"])
    follows = (
        ""
        if pd.isna(correlation)
        else " Over the states, the numbers of ratings and of users have a correlation of "
        f"{correlation:.2f}."
    )
    return (
        f"The first states are **{leading}**. Texas {texas}. "
        f"The state is known for {states['ratings'].sum() / num_ratings:.1%} of the ratings."
        f"{follows}"
    )


def describe_students(compared: pd.DataFrame, codes: pd.DataFrame) -> str:
    """The share of students in California and everywhere, and what single zip codes can say.

    Args:
        compared: `compare_occupations` of California.
        codes: `summarize_zip_codes` of California.
    """
    if codes.empty:
        return "No rating comes from California."
    students = compared.set_index("occupation").reindex(["student"]).fillna(0).iloc[0]
    num_single = int((codes["users"] == 1).sum())
    text = (
        f"Students give **{students['share_there']:.1%}** of California's ratings and "
        f"{students['share_everywhere']:.1%} of all. {num_single} of the state's {len(codes)} zip "
        "codes have a single user, whose occupation then gives all ratings there."
    )
    for row in list_rows(codes[codes["zip_code"] == facts.DOCUMENT_ZIP_CODE]):
        text += (
            f" The zip code that the document looked at, {row.zip_code}, has "
            f"{count(row.ratings, 'rating')} by {count(row.users, 'user')}, {row.share:.0%} of "
            f"them by the occupation '{row.occupation}': it can say nothing about a state."
        )
    return text


def describe_genres(genres: pd.DataFrame, characters: pd.DataFrame, *, num_ratings: int) -> str:
    """The first genres, counted rightly and by character as the document did.

    Args:
        genres: from `count_genres`.
        characters: from `count_genre_characters`.
        num_ratings: each counts once for each genre of its movie.
    """
    if genres.empty:
        return "No genre is known."
    right, wrong = (
        ", ".join(f"{row.genre} {row.ratings:,}" for row in list_rows(table.head(3)))
        for table in (genres, characters)
    )
    first = characters["genre"].iloc[0]
    order = genres["genre"].tolist()
    place = f"is number {order.index(first) + 1}" if first in order else "has no ratings"
    return (
        f"By genre: **{right}**. By character: **{wrong}**. {first}, first by character, {place} "
        "by genre. A rating counts once for each genre of its movie, on average "
        f"{genres['ratings'].sum() / num_ratings:.2f} times."
    )


def describe_feedback(movies: pd.DataFrame, rows: pd.DataFrame, *, min_ratings: int) -> str:
    """What an implicit reading of the ratings keeps and what it loses.

    Args:
        movies: `summarize_movies` of all ratings.
        rows: all ratings.
        min_ratings: movies with fewer do not count in the correlation.
    """
    correlation = correlate_popularity(movies, min_ratings=min_ratings)
    stars = rows["rating"]
    low, high = (find_place(stars, share) for share in (DISLIKED, LIKED))
    text = (
        ""
        if pd.isna(correlation)
        else f"Over movies with at least {min_ratings} ratings the number of ratings and the mean "
        f"have a rank correlation of **{correlation:.2f}** (Spearman). "
    )
    return (
        f"{text}{(stars <= low).mean():.1%} of the ratings give at most "
        f"{low:g} stars, and an implicit reading takes them for a yes; "
        f"{(stars >= high).mean():.1%} give {high:g} or more. People rate what they expected to "
        f"like, so the mean of {stars.mean():.2f} stars is that of chosen movies."
    )


def describe_sparsity(ratings: pd.DataFrame) -> str:
    """How dense the ratings are, how they pile up, and whom the publisher left out."""
    per_user, per_movie = (ratings[key].value_counts() for key in ("user_id", "movie_id"))
    left_out = (
        "; users with fewer ratings are missing, so nothing here shows how a model handles them"
        if per_user.min() > 1
        else ""
    )
    return (
        f"**{compute_density(ratings):.1%}** of the pairs of a rating user and a rated movie hold "
        f"a rating. A tenth of the movies has **{find_share_of_top(ratings, 'movie_id'):.1%}** of "
        f"the ratings, while {(per_movie < 5).sum():,} of {len(per_movie):,} rated movies have "
        f"fewer than five. Every user gave at least {count(per_user.min(), 'rating')}, half of "
        f"them at most {per_user.median():.0f}{left_out}."
    )


def describe_time(over_time: pd.DataFrame, ratings: pd.DataFrame) -> str:
    """When the ratings were given, from `count_over_time`, and how fast users gave theirs."""
    first, last = to_time(ratings["timestamp"].agg(["min", "max"]))
    peak = list_rows(over_time.nlargest(1, "ratings"))[0]
    within_an_hour = measure_time(ratings)["users_within_an_hour"]
    return (
        f"The ratings reach from {first:%d %B %Y} to {last:%d %B %Y}; the busiest week "
        f"or month begins on {peak.start:%d %B %Y} with {peak.ratings:,}. **{within_an_hour:.0%} "
        "of the users** gave all their ratings within an hour. A timestamp says when a movie was "
        "rated, not when it was watched."
    )


def describe_ties(order: dict[str, float]) -> str:
    """How many ratings have no place of their own in time, from `measure_time`."""
    return (
        f"**{order['tied_ratings']:.1%}** of the ratings share their second with another one of "
        f"the same user, and for {order['users_with_tied_last']:.0%} of the users the last second "
        "holds several ratings, so no single rating is the last. Whoever orders these ratings "
        "needs a rule for ties, and has to state it."
    )
