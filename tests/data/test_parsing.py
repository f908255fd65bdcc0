import contextlib

import pandas as pd
import pandera.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import GROUPLENS_1M, GROUPLENS_100K, RECBOLE_100K, flags

from reelbook.data import layouts, parsing
from reelbook.data.checks import split_title
from reelbook.data.tables import MOVIES_SCHEMA, RATINGS_SCHEMA, USERS_SCHEMA
from reelbook.errors import ReelbookError

LAYOUTS = [
    ("grouplens-100k", GROUPLENS_100K),
    ("recbole-100k", RECBOLE_100K),
    ("grouplens-1m", GROUPLENS_1M),
]


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


@pytest.mark.parametrize(
    "write",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b"\r"),
        lambda content: content.removesuffix(b"\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
    ],
    ids=["Windows", "old Mac", "no last line end", "byte-order mark", "Windows editor"],
)
@pytest.mark.parametrize(("layout", "files"), LAYOUTS)
def test_line_ends_and_a_byte_order_mark_do_no_harm_in_any_file(layout, files, write):
    """Before, ratings and other files went by different rules."""
    files = {name: write(content) for name, content in files.items()}
    assert_parsed_alike(layout, files)


@pytest.mark.parametrize(("layout", "files"), LAYOUTS)
def test_utf8_is_read_right_where_the_publisher_wrote_latin_1(layout, files):
    """Before, it became CafÃ© Noir."""
    encoding = "utf-8" if layout == "recbole-100k" else "latin-1"
    converted = {name: content.decode(encoding).encode() for name, content in files.items()}
    assert_parsed_alike(layout, converted)
    expected = {"grouplens-100k": ["u.item"], "grouplens-1m": ["movies.dat"], "recbole-100k": []}
    assert parsing.list_converted(converted) == expected[layout]
    assert parsing.list_converted(files) == []


def assert_parsed_alike(layout, files):
    expected = parsing.parse(layout, dict(LAYOUTS)[layout])
    for name, table in vars(parsing.parse(layout, files)).items():
        pd.testing.assert_frame_equal(table, getattr(expected, name))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("u.data", b"", "u.data: empty"),
        ("u.data", b"2\t1\t3\t881250949\n1\t267\t5", "u.data, line 2: 3 of 4 fields"),
        (
            "u.data",
            b"2\t1\t3\t881250949\n1\t3\t5\t8812",
            "line 2: timestamp 8812 is before 1995 in seconds since 1970; is it cut off",
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
        ("u.user", b"1|24|M|a\x00b|1\n", "line 1: occupation 'a\\x00b' holds control characters"),
        ("u.user", b"  \n", "u.user: empty"),
        ("u.user", "1|24|M|a|1\n".encode("utf-16"), "u.user, line 1: UTF-16 text; convert it"),
        ("u.item", b"1|T (1995)|||x|1|0", "u.item, line 1: 7 of 24 fields"),
        ("u.item", f"1|T|||x|{flags()[:-1]}2\n".encode(), "line 1: a genre flag of movie '1' is"),
        ("u.item", f"1| (1995)|||x|{flags()}\n".encode(), "line 1: no title in ' (1995)'"),
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
        ("ml-100k.item", b"4\tCaf\xe9\t1995\tDrama\n", "ml-100k.item, line 5: not UTF-8 text"),
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
    assert split_title(text) == expected


@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(1, 50), st.integers(1, 5)),
        min_size=1,
        unique_by=lambda row: row[:2],
    )
)
def test_ratings_come_back_as_written_in_order(rows):
    users = "".join(f"{user}|24|M|technician|01002\n" for user in (1, 2)).encode()
    movies = "".join(f"{n}|T (1995)|||x|{flags('War')}\n" for n in range(1, 51)).encode()
    ratings = "".join(f"{u}\t{m}\t{r}\t{880000000 + r}\n" for u, m, r in rows).encode()
    files = {"u.data": ratings, "u.item": movies, "u.user": users}
    table = parsing.parse("grouplens-100k", files).ratings
    columns = ["user_id", "movie_id", "rating"]
    assert list(table[columns].itertuples(index=False, name=None)) == rows


def put(layout, table, column, text):
    """The files of a layout with another text in a field of the last row of one of them."""
    files = dict(LAYOUTS)[layout]
    name = layouts.LAYOUTS[layout][["ratings", "movies", "users"].index(table)]
    form = parsing.FORMATS[name]
    *before, last, end = files[name].decode(form.encoding).split("\n")
    fields = last.split(form.separator)
    fields[form.columns.index(column)] = text
    content = "\n".join([*before, form.separator.join(fields), end])
    place = f"{name}, line {len(before) + 1}: "
    return {**files, name: content.encode(form.encoding)}, place


@pytest.mark.parametrize("layout", dict(LAYOUTS))
@pytest.mark.parametrize(
    ("table", "column", "text", "message"),
    [
        *(
            (table, column, text, f"{column.replace('_', ' ')} {text!r} is not a whole number")
            for table, column in [
                ("ratings", "user_id"), ("ratings", "movie_id"), ("ratings", "rating"),
                ("ratings", "timestamp"), ("users", "user_id"), ("users", "age"),
                ("movies", "movie_id"),
            ]
            for text in [" 1", "1 ", "0x1", "+1", "1.0", "1e0", "", "x"]
        ),
        ("ratings", "rating", "4.5", "rating '4.5' is not a whole number"),
        ("ratings", "timestamp", "0", "timestamp 0 is before 1995 in seconds since 1970"),
        ("ratings", "timestamp", "88125094", "timestamp 88125094 is before 1995"),
        ("ratings", "timestamp", "881250949000", "is in milliseconds; divide all of them by"),
        ("ratings", "timestamp", "99999999999", "timestamp 99999999999 is not in"),
        ("users", "zip_code", " 01002", "blanks around zip code ' 01002'"),
        ("users", "zip_code", "0\x0702", "zip code '0\\x0702' holds control characters"),
        ("movies", "title", "", "no title in"),
        ("movies", "title", "  ", "no title in"),
        ("movies", "title", "MisÃ©rables", "should read"),
    ],
)  # fmt: skip
def test_one_strict_check_in_every_layout(layout, table, column, text, message):
    """Before, Arrow trimmed blanks and took 0x1, and times of 1970 and blank titles passed."""
    files, place = put(layout, table, column, text)
    with pytest.raises(ReelbookError) as failed:
        parsing.parse(layout, files)
    assert str(failed.value).startswith(place)
    assert message in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("layout", dict(LAYOUTS))
@pytest.mark.parametrize("lost", ["Mis\N{REPLACEMENT CHARACTER}rables", "Misï¿½rables"])
def test_letters_that_a_conversion_lost_are_refused(layout, lost):
    """The bytes EF BF BD are in three public copies; before, they became ï¿½ in the report."""
    files, place = put(layout, "movies", "title", "Misérables")
    name = place.split(",")[0]
    written = "Misérables".encode(parsing.FORMATS[name].encoding)
    files[name] = files[name].replace(written, lost.encode())
    with pytest.raises(ReelbookError, match=f"{place}title .* has lost letters in a wrong conv"):
        parsing.parse(layout, files)


@pytest.mark.parametrize(
    ("layout", "text", "message"),
    [
        ("grouplens-1m", "Drama||War", "an empty genre"),
        ("grouplens-1m", "Drama| War", "blanks around genre ' War'"),
        ("grouplens-1m", "Drama|War|Drama", "genre 'Drama' stands there twice"),
        ("recbole-100k", "War  Drama", "unknown genre ''"),
        ("recbole-100k", "War War", "genre 'War' stands there twice"),
    ],
)
def test_faulty_genres(layout, text, message):
    files, place = put(layout, "movies", "genres", text)
    with pytest.raises(ReelbookError) as failed:
        parsing.parse(layout, files)
    assert str(failed.value) == place + message


@pytest.mark.parametrize("layout", ["grouplens-1m", "recbole-100k"])
def test_no_genre_is_an_empty_list(layout):
    """Before, ml-1m's layout made it a genre whose name is empty."""
    files, _ = put(layout, "movies", "genres", "")
    assert parsing.parse(layout, files).movies["genres"].iloc[-1] == []


@pytest.mark.parametrize(("layout", "files"), LAYOUTS)
@pytest.mark.parametrize("place", range(3))
def test_a_header_where_none_belongs_or_none_where_one_does(layout, files, place):
    """Before, a header was told as a gender that is neither F nor M, and a row taken for one."""
    name = layouts.LAYOUTS[layout][place]
    form = parsing.FORMATS[name]
    if form.header:
        content, message = files[name].split(b"\n", 1)[1], "is not the header"
    else:
        content = form.separator.join(form.columns).encode() + b"\n" + files[name]
        message = "is a header; this file has none: delete the line"
    with pytest.raises(ReelbookError, match=f"{name}, line 1: .*{message}"):
        parsing.parse(layout, {**files, name: content})


def test_ratings_of_unknown_users_are_told_beside_the_faults_of_the_users():
    """Only one's own ratings of a faulty line are none; a lost id leaves the question open."""
    users = b"1|24|M|artist|01002\n2|53|X|other|V3N4P\n"
    rated = b"1\t1\t3\t881250949\n2\t1\t3\t881250949\n7\t1\t3\t881250949\n"
    files = {"u.data": rated, "u.item": GROUPLENS_100K["u.item"], "u.user": users}
    with pytest.raises(ReelbookError) as failed:
        parsing.parse("grouplens-100k", files)
    _, *lines = str(failed.value).split("\n")
    assert len(lines) == 2
    assert "gender" in lines[1]
    assert lines[0] == "  - u.data, line 3: user 7 is not in the table of users"
    with pytest.raises(ReelbookError, match="^u.user, line 2: .* fields"):
        parsing.parse("grouplens-100k", {**files, "u.user": b"1|24|M|artist|01002\n2|53\n"})


def test_the_first_ten_faults_of_each_file_are_told_at_once():
    """Before, a set of 58 ratings took 48 runs until it was accepted."""
    files = {
        "u.data": b"2\t1\t9\t881250949\n1\t3\t5\n2\t1\tx\t881250949\n" + b"2\t1\t3\t0\n" * 20,
        "u.item": GROUPLENS_100K["u.item"],
        "u.user": b"1|24|M|artist|01002\n2|53|X|other|V3N4P\n",
    }
    with pytest.raises(ReelbookError) as failed:
        parsing.parse("grouplens-100k", files)
    _, *lines = str(failed.value).split("\n")
    assert lines[:3] == [
        "  - u.data, line 1: rating 9 is not in 1 to 5",
        "  - u.data, line 2: 3 of 4 fields; is the file cut off?",
        "  - u.data, line 3: rating 'x' is not a whole number",
    ]
    assert lines[10:] == [
        "  - u.data: and 13 more faulty lines",
        "  - u.user, line 2: gender 'X' is neither F nor M",
    ]


@pytest.mark.parametrize(("column", "value"), [("rating", 4.5), ("rating", 0), ("timestamp", 0)])
def test_what_no_parser_lets_through_is_no_canonical_table_either(column, value):
    ratings = parsing.parse("grouplens-100k", GROUPLENS_100K).ratings
    RATINGS_SCHEMA.validate(ratings)
    wrong = ratings.assign(**{column: pd.Series([value] * 3, dtype=ratings[column].dtype)})
    with pytest.raises(pandera.errors.SchemaError):
        RATINGS_SCHEMA.validate(wrong)


@given(st.sampled_from(LAYOUTS), st.data())
def test_any_damage_is_refused_in_words_or_does_no_harm(chosen, data):
    layout, files = chosen
    name = data.draw(st.sampled_from(list(files)))
    place = data.draw(st.integers(0, len(files[name])))
    inserted, removed = data.draw(st.binary(max_size=4)), data.draw(st.integers(0, 9))
    content = files[name][:place] + inserted + files[name][place + removed :]
    with contextlib.suppress(ReelbookError):
        tables = parsing.parse(layout, {**files, name: content})
        RATINGS_SCHEMA.validate(tables.ratings)
        USERS_SCHEMA.validate(tables.users)
        MOVIES_SCHEMA.validate(tables.movies)
