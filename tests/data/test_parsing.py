import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import GROUPLENS_1M, GROUPLENS_100K, RECBOLE_100K, flags

from reelbook.data import parsing
from reelbook.data.tables import MOVIES_SCHEMA, RATINGS_SCHEMA, USERS_SCHEMA
from reelbook.errors import ReelbookError


def test_grouplens_100k_gives_the_canonical_tables():
    tables = parsing.parse("grouplens-100k", GROUPLENS_100K)
    assert tables.ratings.to_numpy().tolist() == [
        [2, 1, 3, 881250949],
        [1, 267, 5, 881250949],
        [1, 3, 1, 891717742],
    ]
    assert tables.users["zip_code"].tolist() == ["01002", "V3N4P"]
    assert tables.movies["title"].tolist() == ["Café Noir", "unknown", "Land, The (V)"]
    assert tables.movies["year"].tolist() == [1995, pd.NA, 1990]
    assert tables.movies["genres"].tolist() == [["Comedy", "Drama"], ["unknown"], ["War"]]
    RATINGS_SCHEMA.validate(tables.ratings)
    USERS_SCHEMA.validate(tables.users)
    MOVIES_SCHEMA.validate(tables.movies)


def test_both_roads_give_the_same_bytes(tmp_path):
    roads = [("grouplens-100k", GROUPLENS_100K), ("recbole-100k", RECBOLE_100K)]
    for layout, files in roads:
        for name, table in vars(parsing.parse(layout, files)).items():
            table.to_parquet(tmp_path / f"{layout}-{name}", index=False)
    for name in ["ratings", "users", "movies"]:
        first, second = ((tmp_path / f"{layout}-{name}").read_bytes() for layout, _ in roads)
        assert first == second, name


def test_grouplens_1m_names_occupations_and_keeps_age_groups():
    tables = parsing.parse("grouplens-1m", GROUPLENS_1M)
    assert tables.users["occupation"].tolist() == ["K-12 student", "self-employed"]
    assert tables.users["age"].tolist() == [1, 56]
    assert tables.movies["genres"].tolist() == [["Comedy", "Drama"], ["War"]]
    assert tables.ratings["movie_id"].tolist() == [1, 3]
    RATINGS_SCHEMA.validate(tables.ratings)


def test_windows_line_ends_and_a_missing_last_one_do_no_harm():
    files = {name: content.replace(b"\n", b"\r\n") for name, content in GROUPLENS_100K.items()}
    files["u.data"] = files["u.data"].removesuffix(b"\r\n")
    expected = parsing.parse("grouplens-100k", GROUPLENS_100K)
    for name, table in vars(parsing.parse("grouplens-100k", files)).items():
        pd.testing.assert_frame_equal(table, getattr(expected, name))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("u.data", b"", "u.data: empty"),
        ("u.data", b"2\t1\t3\t881250949\n1\t267\t5", "u.data, line 2: 3 of 4 fields"),
        (
            "u.data",
            b"2\t1\t3\t881250949\n1\t3\t5\t8812",
            "line 2: the file is cut off in timestamp 8812",
        ),
        ("u.data", b"2\t1\t3\t881250949\n\n1\t3\t5\t881250949\n", "line 2: 1 of 4 fields"),
        ("u.data", b"2\t1\t6\t881250949\n", "line 1: rating 6 is not in 1 to 5"),
        ("u.data", b"2\t1\t0\t881250949\n", "line 1: rating 0 is not in 1 to 5"),
        ("u.data", b"2\t1\t4.5\t881250949\n", "line 1: rating '4.5' is not a whole number"),
        ("u.data", b"2\t1\tx\t881250949\n", "line 1: rating 'x' is not a whole number"),
        ("u.data", b"2\t1\t\t881250949\n", "line 1: rating '' is not a whole number"),
        ("u.data", b"2\t99999999999\t3\t881250949\n", "movie id 99999999999 is not in"),
        ("u.data", b"2\t1\t3\t881250949\n2\t1\t4\t881250950\n", "line 2: user 2 rated movie 1"),
        ("u.data", b"2\t1\t3\t881250949\n1\t9\t4\t881250950\n", "line 2: movie 9 is not in"),
        ("u.data", b"7\t1\t3\t881250949\n", "line 1: user 7 is not in"),
        ("u.data", b"\xff\xfe\x00\n", "u.data, line 1"),
        ("u.user", b"1|24|M|technician", "u.user, line 1: 4 of 5 fields"),
        ("u.user", b"1|24|X|technician|1\n", "line 1: gender 'X' is neither F nor M"),
        ("u.user", b"1|x|M|technician|1\n", "line 1: age 'x' is not a whole number"),
        ("u.user", b"1|24|M|a|1\n1|24|M|a|1\n", "line 2: user 1 stands there twice"),
        ("u.user", b"1|24|M|a\x00b|1\n", "line 1: not latin-1 text"),
        ("u.user", b"  \n", "u.user: empty"),
        ("u.item", b"1|T (1995)|||x|1|0", "u.item, line 1: 7 of 24 fields"),
        ("u.item", f"1|T|||x|{flags()[:-1]}2\n".encode(), "line 1: a genre flag is neither"),
        ("u.item", f"0|T|||x|{flags()}\n".encode(), "line 1: movie id 0 is not in"),
    ],
)
def test_faults_in_grouplens_files_name_file_and_line(name, content, message):
    with pytest.raises(ReelbookError) as failed:
        parsing.parse("grouplens-100k", {**GROUPLENS_100K, name: content})
    assert message in str(failed.value)


@pytest.mark.parametrize(
    ("name", "addition", "message"),
    [
        ("ml-100k.inter", b"1\t1\t9\t881250949\n", "ml-100k.inter, line 5: rating 9"),
        ("ml-100k.inter", b"2\t1\t4\t881250949\n", "ml-100k.inter, line 5: user 2 rated movie 1"),
        ("ml-100k.item", b"4\tCaf\xe9\t1995\tDrama\n", "ml-100k.item, line 5: not utf-8 text"),
        ("ml-100k.item", b"4\tT\t1995\tDarma\n", "ml-100k.item, line 5: unknown genre 'Darma'"),
    ],
)
def test_faults_in_recbole_files_count_the_header(name, addition, message):
    with pytest.raises(ReelbookError) as failed:
        parsing.parse("recbole-100k", {**RECBOLE_100K, name: RECBOLE_100K[name] + addition})
    assert message in str(failed.value)


@pytest.mark.parametrize("name", list(RECBOLE_100K))
def test_a_header_alone_is_an_empty_file(name):
    header = RECBOLE_100K[name].split(b"\n")[0] + b"\n"
    with pytest.raises(ReelbookError, match=name):
        parsing.parse("recbole-100k", {**RECBOLE_100K, name: header})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "users.dat",
            b"1::F::1::21::48067\n",
            "users.dat, line 1: occupation 21 is not in 0 to 20",
        ),
        ("ratings.dat", b"1::1::3::978300760\n1::3\n", "ratings.dat, line 2: 2 of 4 fields"),
        ("ratings.dat", b"1\t1\t3\t978300760\n", "ratings.dat, line 1: 1 of 4 fields"),
    ],
)
def test_faults_in_1m_files(name, content, message):
    with pytest.raises(ReelbookError) as failed:
        parsing.parse("grouplens-1m", {**GROUPLENS_1M, name: content})
    assert message in str(failed.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Toy Story (1995)", ("Toy Story", 1995)),
        ("2001 (1968) ", ("2001", 1968)),
        ("Seven (Se7en) (1995)", ("Seven (Se7en)", 1995)),
        ("unknown", ("unknown", None)),
        ("(1995)", ("(1995)", None)),
        ("Land (1995) (V)", ("Land (V)", 1995)),
    ],
)
def test_title_and_year(text, expected):
    assert parsing.split_title(text) == expected


@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(1, 500), st.integers(1, 5)),
        min_size=1,
        unique_by=lambda row: row[:2],
    )
)
def test_ratings_come_back_as_written_in_order(rows):
    users = pd.DataFrame({"user_id": [1, 2]})
    movies = pd.DataFrame({"movie_id": np.arange(1, 501)})
    content = "".join(f"{u}\t{m}\t{r}\t{880000000 + r}\n" for u, m, r in rows).encode()
    ratings = parsing.parse_ratings(content, "u.data", users=users, movies=movies)
    columns = ["user_id", "movie_id", "rating"]
    assert list(ratings[columns].itertuples(index=False, name=None)) == rows
