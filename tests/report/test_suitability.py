"""What data allow: each measure by hand, and each threshold at its edge."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.report import studies
from reelbook.report.figures.suitability import COLORS, show_lights
from reelbook.report.sentences import suitability as sentences
from reelbook.report.suitability import cold, habits, order, shape, verdicts
from reelbook.report.suitability.habits import Habits
from reelbook.report.suitability.measures import Measures
from reelbook.report.suitability.order import Correlation, Order
from reelbook.report.suitability.resolution import Resolution, measure_lists, measure_stars
from reelbook.report.suitability.shape import Scale, Shape
from reelbook.report.suitability.verdicts import AMBER, GREEN, RED
from reelbook.splits.split import Split

DAY = 86_400
ALL = frozenset({"stars", "times", "titles", "genres", "people"})


def make(users, movies, stars=3.0, times=0):
    table = pd.DataFrame({"user_id": users, "movie_id": movies, "rating": stars})
    return table.assign(rating=table["rating"].astype("float32"), timestamp=times)


def make_measures(**changes):
    """Of data on which every light but that of deep models is green."""
    shares = pd.Series({1.0: 0.5, 5.0: 0.5})
    return Measures(
        shape=Shape(
            {"ratings": 100, "users": 10, "movies": 10}, 1.0, (20.0, 20.0, 20.0), (9, 9, 9),
            0.1, 0.3, 0.1, 0.1,
        ),
        scale=Scale(shares, 1.0, 0.0),
        order=Order(0.1, 0.1, Correlation(0.1, 0.05, 0.15)),
        habits=Habits(5, 0, 0, 0, 0),
        cold=pd.DataFrame({"protocol": ["official"], "either": [0.1], "few": [0.1]}),
        stars=Resolution(30, 1.0, 0.02, 0.2, clear=True),
        lists=Resolution(30, 0.2, 0.02),
    )._replace(**changes)  # fmt: skip


def judge(traits=ALL, **changes):
    judged = verdicts.judge_data(make_measures(**changes), traits)
    return {verdict.subject: verdict.light for verdict in judged}


def test_shape_by_hand():
    found = shape.measure_shape(make([1, 1, 1, 2], [1, 2, 3, 1]))
    assert found.counts == {"ratings": 4, "users": 2, "movies": 3}
    assert found.density == pytest.approx(4 / 6)
    assert found.per_user == (1.5, 2.0, 2.5)
    # Counts 1, 1, 2: the mean absolute difference of all pairs over twice the mean.
    assert found.gini == pytest.approx((4 * 1 / 9) / (2 * 4 / 3))
    assert found.rare == 1
    assert shape.measure_shape(make([1, 2, 3], [1, 2, 3])).gini == pytest.approx(0)


def test_scale_by_hand():
    found = shape.measure_scale(make([1, 1, 2, 2, 3], [1, 2, 1, 2, 1], [1, 1, 1, 5, 5]))
    assert found.shares.to_dict() == {1.0: 0.6, 5.0: 0.4}
    assert found.entropy == pytest.approx(-0.6 * np.log2(0.6) - 0.4 * np.log2(0.4))
    assert found.constant == 0.5  # of two users with two ratings
    assert shape.measure_scale(make([1], [1])).constant is None


def test_ties_and_days():
    ratings = make([1, 1, 1, 2, 2], [1, 2, 3, 1, 2], times=[0, 0, DAY - 1, 5, 5 + DAY])
    found = order.measure_order(ratings, has_stars=False)
    assert found == Order(tied=0.4, within_a_day=0.5, correlation=None)


def make_residuals(*, weight, shared=0.0):
    """200 users with 30 ratings each, a residual holding `weight` of the one before."""
    rng = np.random.default_rng(0)
    rest = rng.normal(size=(200, 30))
    for place in range(1, 30):
        rest[:, place] += weight * rest[:, place - 1]
    rest += shared * rng.normal(size=(200, 1))
    users = np.repeat(np.arange(1, 201), 30)
    return make(users, np.tile(range(1, 31), 200), times=np.tile(range(30), 200)), rest.ravel()


def test_order_that_carries_something_is_found():
    found = order.correlate_successive(*make_residuals(weight=0.3))
    assert found.value == pytest.approx(0.3 - 2 * 0.43 / 30, abs=0.02)  # a drawn order has the rest
    assert found.clear


@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_order_that_carries_nothing_is_not_found_even_of_users_who_differ(shared):
    found = order.correlate_successive(*make_residuals(weight=0, shared=shared))
    assert found.low < 0 < found.high


def test_the_mean_over_all_orders_is_zero():
    """All 24 orders of four residuals, each in the same user's place."""
    values = np.array([0.3, -1.2, 2.0, 0.7])
    sums = []
    for places in itertools.permutations(range(4)):
        rest = np.tile(values[list(places)], 40)
        users = np.repeat(np.arange(40), 4)
        ratings = make(users, np.arange(160), times=np.tile([0, 1, 1, 2], 40))
        sums.append(order.correlate_successive(ratings, rest).value)
    assert np.mean(sums) == pytest.approx(0)


def test_ratings_of_one_time_are_no_pair_and_few_users_say_nothing():
    ratings, rest = make_residuals(weight=0.3)
    assert order.correlate_successive(ratings.assign(timestamp=7), rest) is None
    first = (ratings["user_id"] < 30).to_numpy()
    assert order.correlate_successive(ratings[first], rest[first]) is None
    assert order.correlate_successive(ratings, 0 * rest) is None


def test_residuals_are_without_the_biases_of_users_and_movies():
    rng = np.random.default_rng(0)
    users, movies = np.divmod(np.arange(200 * 100), 100)
    stars = 3 + (users % 5) / 5 + (movies % 3) / 3 + rng.normal(size=20_000) / 10
    rest = order.compute_residuals(make(users, movies, stars))
    by_user = pd.Series(rest).groupby(users % 5).mean()
    assert by_user.abs().max() < 0.05
    assert rest.std() == pytest.approx(0.1, rel=0.3)


def test_users_who_are_faster_than_people_are_counted():
    times = [*range(60), *range(0, 118, 2)]
    ratings = make(np.repeat([1, 2], [60, 59]), np.arange(119), [1, *[2] * 118], times)
    found = habits.find_habits(ratings, ALL)
    assert (found.most_a_minute, found.fast, found.constant) == (60, 1, 1)
    found = habits.find_habits(ratings, frozenset())
    assert found == Habits(None, None, None, 0, None)


@pytest.mark.parametrize(("number", "constant"), [(19, 0), (20, 1)])
def test_twenty_equal_ratings_are_a_habit(number, constant):
    assert habits.find_habits(make([1] * number, range(number)), ALL).constant == constant


@pytest.mark.parametrize(("number", "prolific"), [(79, 0), (81, 1)])
def test_a_user_with_more_than_eight_times_the_upper_quartile_stands_out(number, prolific):
    users = np.repeat(range(1, 11), [10] * 9 + [number])
    assert habits.find_habits(make(users, range(len(users))), ALL).prolific == prolific


@pytest.mark.parametrize(("on_a_day", "bursts"), [(9, 0), (10, 1)])
def test_half_of_a_movies_ratings_on_a_quiet_day_are_a_burst(on_a_day, bursts):
    own = [5 * DAY] * on_a_day + [DAY * day for day in range(10, 30 - on_a_day)]
    others = [DAY * day for day in range(200)]
    movies = [1] * 20 + [2] * 200
    assert habits.find_habits(make(range(220), movies, times=own + others), ALL).bursts == bursts
    # A busy day is no burst of a movie.
    assert habits.find_habits(make(range(20), [1] * 20, times=own), ALL).bursts == 0


def test_cold_shares_by_hand():
    ratings = make([1, 1, 2, 3, 1, 2], [1, 2, 1, 1, 9, 2])
    split = Split("official", 1, 0, np.array([0, 1]), np.array([2]), np.array([3, 4, 5]))
    (row,) = cold.measure_cold(ratings, {"official": split}).to_dict("records")
    assert row["test_ratings"] == 3
    assert (row["new_user"], row["new_movie"]) == pytest.approx((1 / 3, 1 / 3))
    assert (row["either"], row["few"]) == pytest.approx((2 / 3, 1))


def test_validation_rows_that_do_not_train_leave_users_cold(dataset):
    splits, faults = cold.make_splits(dataset)
    assert (list(splits), faults) == (list(cold.PROTOCOLS), [])
    source = splits["source"]
    known = dataset.ratings["user_id"].iloc[source.train]
    tested = dataset.ratings["user_id"].iloc[source.test]
    table = cold.measure_cold(dataset.ratings, splits).set_index("protocol")
    assert table.loc["source", "new_user"] == (~tested.isin(known)).mean()


def test_protocols_that_cannot_split_are_told(dataset):
    no_times = Dataset(
        "made-up", dataset.ratings.assign(timestamp=0), dataset.users, dataset.movies, "", ""
    )
    splits, faults = cold.make_splits(no_times)
    assert list(splits) == ["official", "source", "stratified"]
    assert len(faults) == 2
    told = sentences.describe_cold(cold.measure_cold(no_times.ratings, splits), faults)
    assert told.count("Left out: Protocol") == 2


def test_resolution_comes_from_runs(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    splits, _ = cold.make_splits(dataset)
    runs = studies.data(dataset, splits).run()
    stars, lists = measure_stars(runs), measure_lists(runs)
    rmse = {run.record.model: run.record.get_metric("rmse").value for run in runs[:3]}
    assert stars.gain == pytest.approx(rmse["baseline.mean"] - rmse["baseline.biases"])
    assert stars.users == dataset.ratings.iloc[splits["official"].test]["user_id"].nunique()
    assert stars.clear
    assert 0 < stars.half_width < stars.value
    ndcg = runs[-1].record.get_metric("ndcg@10")
    assert lists.half_width == pytest.approx((ndcg.high - ndcg.low) / 2)
    assert (measure_stars([]), measure_lists([])) == (None, None)
    assert [r.model for r in studies.data(dataset, {}).requests] == []


def test_all_is_green_where_no_reason_speaks_against_it_and_only_size_makes_deep_red():
    lights = judge()
    assert lights.pop("deep models") == RED
    assert set(lights.values()) == {GREEN}


def change(part, **values):
    return {part: getattr(make_measures(), part)._replace(**values)}


def change_cold(**values):
    return {"cold": make_measures().cold.assign(**values)}


EDGES = [
    ("rating models", change("stars", half_width=0.0201), AMBER),
    ("rating models", change("stars", half_width=0.07), AMBER),
    ("rating models", change("stars", half_width=0.0701), RED),
    ("rating models", change("stars", users=29), RED),
    ("rating models", change("stars", clear=False), RED),
    ("rating models", change("scale", shares=pd.Series({1.0: 0.9, 2.0: 0.1})), RED),
    ("rating models", change("scale", shares=pd.Series({1.0: 0.89, 2.0: 0.11})), GREEN),
    ("rating models", change_cold(either=0.2), AMBER),
    ("rating models", change_cold(either=0.199), GREEN),
    ("rating models", {"stars": None}, RED),
    ("rating models", {"scale": None, "stars": None}, RED),
    ("lists", change("lists", half_width=0.0201), AMBER),
    ("lists", change("lists", half_width=0.0601), RED),
    ("lists", change("lists", value=0.0), RED),
    ("lists", change("shape", per_user=(1, 19, 30)), AMBER),
    ("lists", change("shape", per_user=(1, 5, 30)), AMBER),
    ("lists", change("shape", per_user=(1, 4, 30)), RED),
    ("lists", change("shape", rare=0.5), AMBER),
    ("lists", change("shape", rare=0.49), GREEN),
    ("lists", change("shape", top_10=0.8), AMBER),
    ("lists", change("shape", top_10=0.79), GREEN),
    ("lists", {"lists": None}, RED),
    ("sequence models", change("order", tied=0.49), GREEN),
    ("sequence models", change("order", tied=0.5), AMBER),
    ("sequence models", change("order", tied=0.9), RED),
    ("sequence models", change("order", within_a_day=0.5), AMBER),
    ("sequence models", change("order", correlation=Correlation(0.09, 0.01, 0.2)), AMBER),
    ("sequence models", change("order", correlation=Correlation(-0.1, -0.2, -0.01)), GREEN),
    ("sequence models", change("order", correlation=Correlation(0.3, -0.01, 0.6)), RED),
    ("sequence models", change("order", correlation=None), AMBER),
    ("sequence models", {"order": None}, RED),
    ("sequence models", {"stars": None}, RED),
    ("side features", change_cold(few=0.099), AMBER),
    ("side features", {"cold": make_measures().cold.head(0), "stars": None}, RED),
    ("side features", {"scale": None}, RED),
    ("deep models", change("shape", counts={"ratings": 999_999}), RED),
    ("deep models", change("shape", counts={"ratings": 1_000_000}), AMBER),
    ("deep models", change("shape", counts={"ratings": 19_999_999}), AMBER),
    ("deep models", change("shape", counts={"ratings": 20_000_000}), GREEN),
]


@pytest.mark.parametrize(("subject", "changes", "light"), EDGES)
def test_each_threshold_at_its_edge(subject, changes, light):
    assert judge(**changes)[subject] == light


def test_features_need_more_than_ids_and_deep_models_something_beside_them():
    assert judge(frozenset({"stars", "titles"}))["side features"] == RED
    many = change("shape", counts={"ratings": 20_000_000})
    alone = many | {"order": None} | change_cold(few=0.0)
    assert judge(**alone)["deep models"] == AMBER


def test_a_chapter_has_the_best_of_its_lights():
    judged = verdicts.judge_data(make_measures(lists=None, order=None), ALL)
    rated = verdicts.rate_chapters(judged)
    assert rated == {
        "02": GREEN, "03": RED, "04": GREEN, "05": RED, "06": GREEN, "07": RED, "08": GREEN,
    }  # fmt: skip
    assert sentences.describe_chapters(judged) == (
        "Of the chapters, 02, 04, 06 and 08 can show something; 03, 05 and 07 can show little."
    )
    text = sentences.answer(judged)
    assert text.startswith(
        "**In short.** The light is **green for rating models and side features; red for lists, "
        "sequence models and deep models**. Of the chapters"
    )
    assert "likely to pay? Hardly. 100 ratings are few: below 1,000,000" in text


def test_every_light_is_a_word_whose_colours_have_contrast_of_their_own():
    def measure_luminance(color):
        parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return parts @ [0.2126, 0.7152, 0.0722]

    assert tuple(COLORS) == verdicts.LIGHTS
    for ink, ground in COLORS.values():
        low, high = sorted(map(measure_luminance, (ink, ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5
    judged = verdicts.judge_data(make_measures(), ALL)
    html = show_lights(sentences.table_verdicts(judged), "Lights.").to_html()
    for light in (GREEN, RED):
        ink, ground = COLORS[light]
        assert re.search(f"color: {ink};\\s*background-color: {ground};", html)
        assert re.search(rf"<td[^>]*>{light}</td>", html)


def test_repeated_pairs_are_told_from_the_note():
    note = (
        "left out: 2 rows that cannot be read; left out: 3 repeated ratings of a pair (last kept)"
    )
    assert sentences.describe_repeated(note) == (
        "Before anything was counted, 3 repeated ratings of a pair (last kept) were set aside."
    )
    assert sentences.describe_repeated("2,500 of the 6,040 users") == "No user rated a movie twice."


def test_sentences_say_what_is_missing():
    assert sentences.describe_scale(None) == sentences.NO_STARS
    assert sentences.describe_order(None) == sentences.NO_TIMES
    assert "cannot be compared" in sentences.describe_order(Order(0, 0, None))
    assert "Without times" in sentences.describe_habits(Habits(None, None, None, 0, None))
    assert sentences.describe_resolution(None, None).startswith("There are too few")
    few = Resolution(29, 1.0, 0.0, -0.1)
    assert "**0.100 above**" in sentences.describe_resolution(few, None)
    assert sentences.describe_resolution(few, few).count("no interval can be trusted") == 1


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Correlation(0.1, 0.05, 0.15), "**more alike than** in random order"),
        (Correlation(-0.1, -0.2, -0.05), "**less alike than** in random order"),
        (
            Correlation(0.1, -0.05, 0.25),
            "**statistically indistinguishable from those** in random order",
        ),
    ],
)
def test_order_is_told_by_its_interval(found, words):
    assert words in sentences.describe_order(Order(0.5, 0.5, found))


def test_a_long_scale_is_not_listed():
    listed = Scale(pd.Series([0.1] * 10, index=range(10)), 3.3, None)
    assert sentences.describe_scale(listed).startswith("Ratings take **10 values**: 0 (10.0%), 1")
    long = Scale(pd.Series([0.5, *[0.05] * 10], index=range(-5, 6)), 2.9, None)
    assert sentences.describe_scale(long) == (
        "Ratings take **11 values** from -5 to 5. The most frequent is -5, with 50.0%. Their "
        "entropy is 2.90 bits; if all values were equally frequent, it would be 3.46."
    )
