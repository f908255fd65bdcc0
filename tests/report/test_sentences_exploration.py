import re

import numpy as np
import pandas as pd
import pytest

from reelbook.data.synthetic import make_tables
from reelbook.data.tables import Dataset
from reelbook.report import demographics, exploration, facts
from reelbook.report.sentences import exploration as sentences


@pytest.fixture(scope="module")
def rows():
    made_up = Dataset("made-up", **vars(make_tables()), sha256="abc", source="a test")
    return demographics.join_tables(made_up, cleaned=True)


def make_groups(**columns):
    """What `count_ratings` gives, of 100 ratings."""
    table = pd.DataFrame(columns)
    return table.assign(share=table["ratings"] / 100, ratings_per_user=table["ratings"] / 2)


def make_movies(**columns):
    """What `summarize_movies` gives: two movies with 40 and 1 ratings."""
    table = pd.DataFrame(
        {
            "movie_id": [1, 2], "title": ["Alien", "Brazil"], "ratings": [40, 1], "liked": [30, 0],
            "mean": [3.5, 1.0], "damped_mean": [3.6, 3.2],
        }
    )  # fmt: skip
    return table.assign(**columns)


def test_every_sentence_on_made_up_ratings_is_whole(rows):
    movies = exploration.summarize_movies(rows)
    most_rated, liked, loved = (
        exploration.rank_movies(rows, order) for order in ("ratings", "liked", "damped_mean")
    )
    ratings = rows[["user_id", "movie_id", "rating", "timestamp"]]
    genders = exploration.count_ratings(rows, "gender").assign(name=["men", "women"])
    texts = [
        sentences.describe_days(exploration.count_days(rows)),
        sentences.describe_genders(genders),
        sentences.describe_stars(exploration.count_stars(rows), rows),
        sentences.describe_ages(exploration.count_ratings(rows, "age_group")),
        sentences.describe_occupations(
            exploration.count_ratings(rows, ["age_group", "occupation"]),
            exploration.count_ratings(rows, "occupation"),
        ),
        sentences.describe_most_rated(most_rated, num_users=rows["user_id"].nunique()),
        sentences.describe_liked(liked, loved, most_rated),
        sentences.describe_leaders(exploration.rank_movies_by_group(rows, "age_group")),
        sentences.describe_worst(exploration.find_worst_movies(rows), movies, min_ratings=20),
        sentences.describe_years(exploration.count_release_years(rows), rows),
        sentences.describe_states(exploration.count_ratings(rows, "state"), num_ratings=len(rows)),
        sentences.describe_students(
            exploration.compare_occupations(rows), exploration.summarize_zip_codes(rows)
        ),
        sentences.describe_genres(
            exploration.count_genres(rows), exploration.count_genre_characters(rows),
            num_ratings=len(rows),
        ),
        sentences.describe_feedback(movies, rows, min_ratings=20),
        sentences.describe_sparsity(ratings),
        sentences.describe_time(exploration.count_over_time(ratings), ratings),
        sentences.describe_ties(exploration.measure_time(ratings)),
    ]  # fmt: skip
    for text in texts:
        assert text.endswith("."), text
        assert not re.search(r"\bnan\b", text), text


def test_cleaning_counts_users_and_ratings():
    # Users 4 and 5 rated nothing; before, they counted.
    codes = ["94708", "V3N4P", "00000", "V3N4P", "10001"]
    users = pd.DataFrame({"user_id": [1, 2, 3, 4, 5], "zip_code": codes})
    rows = pd.DataFrame({"user_id": [1, 2, 2, 3]})
    text = sentences.describe_cleaning(users, rows, rows[rows["user_id"] != 2])
    assert text == (
        "**1 of 3 users** have such a zip code. They gave 2 ratings, so **2 ratings remain**."
    )


def test_the_answer_is_a_part_for_each_trait_of_the_data(rows):
    text = sentences.answer(rows)
    assert re.fullmatch(r"\*\*In short\.\*\* Only [\d.]+% of all pairs .* hold a rating\.", text)
    days = exploration.count_days(rows)
    text = sentences.answer_times(rows, rows)
    assert text.startswith(f"{days.loc[days['ratings'].idxmax(), 'day']} is the busiest day, with ")
    genre = exploration.count_genres(rows)["genre"].iloc[0]
    assert sentences.answer_genres(rows) == f"The most rated genre is {genre}."
    text = sentences.answer_people(rows, rows)
    assert text.startswith(f"After the document's cleaning, {len(rows):,} of {len(rows):,} ratings")
    unknown = rows.assign(state=pd.NA)
    assert sentences.answer_people(rows, unknown).endswith("of them, and no state is known.")


def test_days_that_share_a_place_are_all_named():
    days = pd.DataFrame({"day": ["Monday", "Tuesday", "Sunday"], "ratings": [50, 30, 20]})
    days["share"] = days["ratings"] / 100
    assert sentences.describe_days(days) == (
        "**Monday** leads with 50 ratings, 50.0% of all; Sunday comes last with 20. An even week "
        "would put 14.3% on each day."
    )
    tied = days.assign(ratings=[40, 40, 20], share=[0.4, 0.4, 0.2])
    assert sentences.describe_days(tied).startswith(
        "**Monday and Tuesday** lead with 40 ratings each, 40.0% of all; Sunday comes last"
    )


def test_men_and_women():
    genders = make_groups(name=["men", "women"], ratings=[60, 40], users=[2, 2])
    assert sentences.describe_genders(genders) == (
        "**2 men** gave 60 ratings (60.0%), 30 each. **2 women** gave 40 ratings (40.0%), 20 each."
    )
    rows = pd.DataFrame({"gender": ["F", "F", "F", "M"], "rating": [4, 4, 1, 5]})
    stars = exploration.count_stars(rows)
    assert sentences.describe_stars(stars, rows) == (
        "Men give **5 stars** most often (100.0% of their ratings) and 5.00 on average. "
        "Women give **4 stars** most often (66.7% of their ratings) and 3.00 on average."
    )
    women = rows[rows["gender"] == "F"]
    assert sentences.describe_stars(exploration.count_stars(women), women).startswith("Women")


def test_ages_and_occupations():
    ages = make_groups(age_group=["25-34", "18-24"], ratings=[60, 30], users=[2, 1])
    text = sentences.describe_ages(ages)
    assert text.startswith("The order is **25-34, then 18-24**; together these groups give 90.0%")
    groups = ages.assign(occupation=["artist", "student"])
    text = sentences.describe_occupations(groups, groups)
    assert text == (
        "The largest group is **artist, 25-34** with 60 ratings by 2 users; student, 18-24 follows "
        "with 30. Over all ages artist leads with 60.0% of the ratings."
    )
    assert "follows" not in sentences.describe_occupations(groups.head(1), groups)


def test_movies_that_are_rated_and_liked():
    movies = make_movies()
    assert sentences.describe_most_rated(movies, num_users=50) == (
        "**Alien** leads with 40 ratings, from 80% of the users."
    )
    loved = movies.iloc[[1]].reset_index(drop=True)
    assert sentences.describe_liked(movies, loved, movies) == (
        "By count, **Alien** leads (30 of its 40 ratings); by damped mean, **Brazil** (3.20 stars, "
        "with 25 ratings added). The two lists share 1 of 2 movies. The list by count shares 2 "
        "with the most rated movies."
    )


def test_the_worst_movie_needs_enough_ratings():
    movies = make_movies()
    text = sentences.describe_worst(movies.head(1), movies, min_ratings=20)
    assert text == (
        "Of the 1 movie with at least 20 ratings, **Alien** is last with 3.50 stars (40 ratings). "
        "Without that threshold, 1 movie would share the last place with a mean of 1 star, 1 of "
        "them rated once."
    )
    text = sentences.describe_worst(movies.head(0), movies, min_ratings=99)
    assert text.startswith("No movie has 99 ratings. Without that threshold")


def test_a_single_year_correlates_with_nothing():
    rows = pd.DataFrame({"year": [1990, 1990, 1996], "rating": [5.0, 4, 1], "movie_id": [1, 2, 3]})
    rows["year"] = rows["year"].astype("Int16")
    years = exploration.count_release_years(rows)
    text = sentences.describe_years(years, rows)
    assert text.startswith("Half of the ratings go to movies of **1990 or later**")
    assert "The year with most ratings is 1990, with 2 rated movies." in text
    assert text.endswith("between stars and year is -0.97.")
    same = rows[rows["year"] == 1990]
    text = sentences.describe_years(exploration.count_release_years(same), same)
    assert text.endswith("with 2 rated movies.")


def test_texas_may_have_no_ratings():
    states = make_groups(state=["CA", "TX", "UT"], ratings=[50, 20, 10], users=[5, 2, 1])
    text = sentences.describe_states(states, num_ratings=100)
    assert text.startswith(
        "The first states are **CA 50, TX 20, UT 10**. Texas is number 2. The state is known for "
        "80.0% of the ratings. Over the states"
    )
    assert text.endswith("a correlation of 1.00.")
    text = sentences.describe_states(states.head(1), num_ratings=100)
    assert text.endswith("Texas has no ratings. The state is known for 50.0% of the ratings.")


def test_a_single_zip_code_says_nothing_about_a_state():
    compared = pd.DataFrame(
        {"occupation": ["student"], "share_there": [0.3], "share_everywhere": [0.2]}
    )
    codes = pd.DataFrame(
        {
            "zip_code": [facts.DOCUMENT_ZIP_CODE, "90210"], "ratings": [35, 40], "users": [1, 2],
            "occupation": ["student", "artist"], "share": [1.0, 0.5],
        }
    )  # fmt: skip
    text = sentences.describe_students(compared, codes)
    assert text.startswith("Students give **30.0%** of California's ratings and 20.0% of all. 1 of")
    assert "has 35 ratings by 1 user, 100% of them by the occupation 'student'" in text
    text = sentences.describe_students(compared.assign(occupation="artist"), codes.tail(1))
    assert text.startswith("Students give **0.0%** of California's ratings and 0.0% of all.")
    assert text.endswith("whose occupation then gives all ratings there.")


def test_genres_by_character_are_no_genres():
    genres = pd.DataFrame({"genre": ["Drama", "Comedy"], "ratings": [60, 50]})
    characters = pd.DataFrame({"genre": ["Comedy", "Drama"], "ratings": [90, 70]})
    assert sentences.describe_genres(genres, characters, num_ratings=100) == (
        "By genre: **Drama 60, Comedy 50**. By character: **Comedy 90, Drama 70**. Comedy, first "
        "by character, is number 2 by genre. A rating counts once for each genre of its movie, "
        "on average 1.10 times."
    )
    text = sentences.describe_genres(genres.head(1), characters, num_ratings=100)
    assert "Comedy, first by character, has no ratings by genre." in text


def test_feedback_without_a_correlation_says_none():
    rows = pd.DataFrame({"rating": [1.0, 4, 5, 3]})
    movies = make_movies(ratings=[40, 50])
    text = sentences.describe_feedback(movies, rows, min_ratings=20)
    assert "with at least 20 ratings" in text
    assert "**-1.00** (Spearman)" in text
    assert "25.0% of the ratings give at most 2 stars" in text
    assert "; 50.0% give 4 or more." in text
    text = sentences.describe_feedback(movies, rows, min_ratings=99)
    assert text.startswith("25.0% of the ratings give at most 2 stars")


def test_sparsity_and_time():
    hours = np.array([0, 0, 1, 0, 48]) * 3600
    ratings = pd.DataFrame(
        {"user_id": [1, 1, 1, 2, 2], "movie_id": [1, 2, 3, 1, 2], "timestamp": hours}
    )
    text = sentences.describe_sparsity(ratings)
    assert text.startswith("**83.3%** of the pairs")
    assert "while 3 of 3 rated movies have fewer than five" in text
    assert "at least 2 ratings, half of them at most 2;" in text
    text = sentences.describe_time(exploration.count_over_time(ratings), ratings)
    assert text.startswith("The ratings reach from 01 January 1970 to 03 January 1970")
    assert "**50% of the users** gave all their ratings within an hour" in text
    text = sentences.describe_ties(exploration.measure_time(ratings))
    assert text.startswith("**40.0%** of the ratings share their second")
    assert "for 0% of the users" in text


def test_occupations_are_crossed_with_ages(rows):
    table = exploration.cross_occupations(rows)
    assert table.to_numpy().sum() == len(rows)
    assert table.sum(axis=1).is_monotonic_decreasing
