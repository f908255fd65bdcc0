import dataclasses

import numpy as np
import pandas as pd

from reelbook.report import groups

HOUR = 3600


def make_known():
    """User 1 has 6 ratings on one day, user 2 two on two days; movie 1 is the most rated."""
    times = [0, 1, 2, 3, 4, 5, 0, 2 * groups.DAY]
    return pd.DataFrame(
        {
            "user_id": [1, 1, 1, 1, 1, 1, 2, 2],
            "movie_id": [1, 2, 3, 4, 5, 6, 1, 1],
            "timestamp": [900_000_000 + time for time in times],
        }
    )


def test_groups_of_hand_made_ratings(dataset):
    table = groups.group_users(dataset, make_known())
    assert table.loc[[1, 2], "count"].tolist() == [6, 2]
    assert table.loc[[1, 2], groups.RATINGS].tolist() == ["5-19", "1-4"]
    assert table.loc[[1, 2], groups.DAYS].tolist() == ["1", "2-3"]
    assert table.loc[[1, 2], groups.TASTE].tolist() == ["niche", "mainstream"]
    new = table.drop(index=[1, 2])
    assert (new[groups.RATINGS] == "0").all()
    assert new[[groups.DAYS, groups.TASTE]].isna().all(axis=None)


def test_people_are_grouped_as_they_said(dataset):
    table = groups.group_users(dataset, make_known())
    users = dataset.users.set_index("user_id")
    assert (table["gender"] == users["gender"].map({"F": "women", "M": "men"})).all()
    assert table["occupation"].notna().all()
    assert table["age"].iloc[0] == "under 18"


def test_data_without_people_or_times_have_fewer_groupings(dataset):
    users = dataset.users.assign(occupation="", gender="", age=0)
    ratings = dataset.ratings.assign(timestamp=0)
    bare = dataclasses.replace(dataset, users=users, ratings=ratings)
    table = groups.group_users(bare, ratings.iloc[:500])
    assert table.columns.tolist() == ["count", groups.RATINGS, groups.TASTE]
    one = users.assign(occupation=np.where(users["user_id"] == 1, "writer", ""))
    table = groups.group_users(dataclasses.replace(bare, users=one), ratings.iloc[:500])
    assert table["occupation"].notna().sum() == 1
    assert table["age"].notna().sum() == 1


def test_tastes_are_fifths_of_the_users(dataset):
    counts = groups.group_users(dataset, dataset.ratings)[groups.TASTE].value_counts()
    number = len(dataset.users)
    assert abs(counts["niche"] - number / 5) <= 3
    assert abs(counts["mainstream"] - number / 5) <= 3


def test_no_runs_have_no_models():
    assert groups.choose_models({}, "rmse") == {}
