import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import GROUPLENS_1M, GROUPLENS_100K

from reelbook.data import parsing, store
from reelbook.data.tables import Dataset, has_plain_zip_code
from reelbook.models.features.ids import bucketize_age
from reelbook.report import demographics


def make_dataset(layout: str, files: dict[str, bytes]) -> Dataset:
    tables = parsing.parse(layout, files)
    return Dataset("small", tables.ratings, tables.users, tables.movies, sha256="", source="")


@pytest.mark.parametrize(
    ("age", "group", "name"),
    [
        (0, 1, "under 18"), (7, 1, "under 18"), (17, 1, "under 18"), (18, 18, "18-24"),
        (24, 18, "18-24"), (25, 25, "25-34"), (35, 35, "35-44"), (45, 45, "45-49"),
        (49, 45, "45-49"), (50, 50, "50-55"), (55, 50, "50-55"), (56, 56, "56+"), (99, 56, "56+"),
    ],
)  # fmt: skip
def test_age_groups(age, group, name):
    ages = pd.Series([age])
    assert bucketize_age(ages).tolist() == [group]
    assert demographics.name_age_groups(ages).tolist() == [name]


@given(st.lists(st.integers(0, 120), min_size=1))
def test_age_groups_are_fixed_points(ages):
    groups = bucketize_age(pd.Series(ages))
    assert (bucketize_age(groups) == groups).all()
    assert (groups <= pd.Series(ages).clip(lower=1)).all()


def test_occupation_labels_are_those_of_tfds():
    names = ["educator", "technician", "engineer", "none", "other", "writer", "K-12 student", "?"]
    assert demographics.label_occupations(pd.Series(names)).tolist() == [
        0,
        18,
        18,
        11,
        11,
        21,
        17,
        -1,
    ]
    assert len(demographics.OCCUPATION_LABELS) == 22


def test_every_occupation_of_ml_1m_has_a_label():
    assert (demographics.label_occupations(pd.Series(parsing.OCCUPATIONS_1M)) >= 0).all()


def test_every_genre_has_a_label():
    labels = demographics.label_genres(parsing.GENRES_100K)
    assert sorted(labels) == sorted(set(labels))
    assert demographics.label_genres(["Children's", "unknown", "Western"]) == [3, 17, 19]


@pytest.mark.parametrize(
    ("zip_code", "plain", "state"),
    [
        ("90210", True, "CA"),
        ("02139", True, "MA"),  # the leading zero counts
        ("02159", True, "MA"),  # withdrawn since: by its first three digits
        ("98107-2117", False, "WA"),
        ("V3N4P", False, None),
        ("00000", True, None),
        ("5849574", False, None),
    ],
)
def test_zip_codes(zip_code, plain, state):
    codes = pd.Series([zip_code], dtype="str")
    assert has_plain_zip_code(codes).tolist() == [plain]
    found = demographics.find_states(codes)[0]
    assert found == state if state else pd.isna(found)


def test_joined_rows_keep_their_order_and_count():
    dataset = make_dataset("grouplens-100k", GROUPLENS_100K)
    rows = demographics.join_tables(dataset)
    columns = ["user_id", "movie_id", "rating", "timestamp"]
    pd.testing.assert_frame_equal(rows[columns], dataset.ratings)
    assert rows["title"].tolist() == ["Café Noir", "unknown", "Land, The (V)"]
    assert rows["age_group"].tolist() == ["50-55", "18-24", "18-24"]


def test_cleaning_drops_letters_and_long_zip_codes():
    rows = demographics.join_tables(make_dataset("grouplens-100k", GROUPLENS_100K), cleaned=True)
    assert rows["user_id"].tolist() == [1, 1]  # user 2 lives at V3N4P
    rows = demographics.join_tables(make_dataset("grouplens-1m", GROUPLENS_1M), cleaned=True)
    assert rows["user_id"].tolist() == [1]  # user 2 has a zip+4


def test_genres_explode_to_a_row_each():
    movies = pd.DataFrame({"movie_id": [1, 2, 3], "genres": [["Drama", "War"], [], ["War"]]})
    exploded = demographics.explode_genres(movies)
    assert list(exploded.itertuples(index=False, name=None)) == [
        (1, "Drama"),
        (1, "War"),
        (3, "War"),
    ]


def test_made_up_data_join(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    dataset = store.load("made-up")
    assert len(demographics.join_tables(dataset)) == len(dataset.ratings)
    assert 0 < len(demographics.join_tables(dataset, cleaned=True)) < len(dataset.ratings)
