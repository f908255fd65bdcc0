"""A person's own ratings: every layout that is out there comes to the same tables."""

import gzip
import io
import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from reelbook.data.own import Options, read_own
from reelbook.data.store import compute_fingerprint
from reelbook.errors import ReelbookError

TABLE = pd.DataFrame(
    {
        "user": [2, 1, 1, 3],
        "item": [10, 20, 10, 30],
        "rating": [3.5, 5.0, 1.0, 4.0],
        "time": [881250949, 881250950, 891717742, 891717800],
    }
)


def write(
    sep=",", header="", time=str, rating="{:g}".format, order=("user", "item", "rating", "time")
):
    """The table as text."""
    columns = {name: TABLE[name].map(str) for name in ("user", "item")}
    columns |= {"rating": TABLE["rating"].map(rating), "time": TABLE["time"].map(time)}
    lines = [sep.join(values) for values in zip(*(columns[name] for name in order), strict=True)]
    return "\n".join([header, *lines] if header else lines) + "\n"


def date(seconds: int) -> str:
    return pd.Timestamp(seconds, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ")


HEADER = "userId,movieId,rating,timestamp"
CSV = write(header=HEADER)


def zip_of(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return content.getvalue()


def parquet(**columns: object) -> bytes:
    content = io.BytesIO()
    TABLE.assign(**columns).to_parquet(content, index=False)
    return content.getvalue()


QUOTED = re.sub(r"[^,\n]+", r'"\g<0>"', CSV)
JSON = "\n".join(json.dumps(row) for row in TABLE.to_dict("records"))
SAME = {
    "ml-latest": ("ratings.csv", CSV),
    "Windows": ("ratings.csv", CSV.replace("\n", "\r\n")),
    "an old Mac": ("ratings.csv", CSV.replace("\n", "\r")),
    "no last line end": ("ratings.csv", CSV.strip()),
    "a byte-order mark": ("ratings.csv", CSV.encode("utf-8-sig")),
    "UTF-16": ("ratings.csv", CSV.encode("utf-16")),
    "quotes": ("r.csv", QUOTED),
    "MovieTweetings": ("ratings.dat", write(sep="::")),
    "tabs without a header": ("u.data", write(sep="\t")),
    "semicolons": ("r.csv", write(sep=";", header="user;item;rating;time")),
    "decimal commas": (
        "r.csv",
        write(
            sep=";", header="user;item;rating;time", rating=lambda r: f"{r:.1f}".replace(".", ",")
        ),
    ),
    "bars": ("r.txt", write(sep="|", header="user|item|rating|time")),
    "blanks": ("r.txt", write(sep=" ")),
    "points": ("r.csv", write(header=HEADER, rating="{:.1f}".format)),
    "milliseconds": ("r.csv", write(header=HEADER, time="{}000".format)),
    "dates": ("r.csv", write(header=HEADER, time=date)),
    "another order": (
        "r.csv",
        write(header="timestamp,rating,movieId,userId", order=("time", "rating", "item", "user")),
    ),
    "other names": ("r.csv", write(header="reviewerID,asin,overall,unixReviewTime")),
    "RecBole": (
        "mine.inter",
        write(sep="\t", header="user_id:token\titem_id:token\trating:float\ttimestamp:float"),
    ),
    "gzip": ("ratings.csv.gz", gzip.compress(CSV.encode())),
    "zip": ("mine.zip", zip_of(ratings_csv=CSV)),
    "zip with a folder": ("mine.zip", zip_of(mine__ratings_csv=CSV, mine__README_txt="Mine.\n")),
    "Parquet": ("r.parquet", parquet()),
    "Parquet with times": ("r.parquet", parquet(time=pd.to_datetime(TABLE["time"], unit="s"))),
    "JSON lines": ("r.jsonl", JSON),
}


def put(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("layout", SAME)
def test_every_layout_comes_to_the_same_tables(layout, tmp_path):
    path = put(tmp_path, *SAME[layout])
    found = read_own(path, Options())
    expected = pd.DataFrame(
        {
            "user_id": TABLE["user"].astype("int32"),
            "movie_id": TABLE["item"].astype("int32"),
            "rating": TABLE["rating"].astype("float32"),
            "timestamp": TABLE["time"],
        }
    )
    pd.testing.assert_frame_equal(found.tables.ratings, expected)
    assert found.set_aside == []
    assert not found.is_implicit
    assert found.tables.users["user_id"].tolist() == [1, 2, 3]
    assert found.tables.movies["movie_id"].tolist() == [10, 20, 30]


def test_a_folder_with_a_catalogue_gives_titles_years_and_genres(tmp_path):
    put(tmp_path, "ratings.csv", CSV)
    put(tmp_path, "tags.csv", "userId,movieId,tag,timestamp\n2,10,funny,881250949\n")
    put(tmp_path, "links.csv", "movieId,imdbId,tmdbId\n10,0114709,862\n")
    put(
        tmp_path,
        "movies.csv",
        "movieId,title,genres\n"
        '10,"Land, The (1995)",War|Drama\n20,Café (1990),(no genres listed)\n',
    )
    movies = read_own(tmp_path, Options()).tables.movies
    assert movies["title"].tolist() == ["Land, The", "Café", "30"]
    assert movies["year"].tolist() == [1995, 1990, pd.NA]
    assert movies["genres"].tolist() == [["War", "Drama"], [], []]


def test_ml_10m_has_half_stars_and_a_catalogue_without_a_header(tmp_path):
    put(tmp_path, "ratings.dat", write(sep="::"))
    put(tmp_path, "movies.dat", "10::Land, The (1995)::War\n20::Hill (1990)::Drama|War\n")
    tables = read_own(tmp_path, Options()).tables
    assert tables.movies["title"].tolist() == ["Land, The", "Hill", "30"]
    assert tables.ratings["rating"].tolist() == [3.5, 5, 1, 4]


def test_filmtrust_has_neither_times_nor_titles(tmp_path):
    found = read_own(put(tmp_path, "ratings.txt", "1,1,2\n1,2,3.5\n2,1,4\n2,3,0.5\n"), Options())
    assert (found.tables.ratings["timestamp"] == 0).all()
    assert found.tables.movies["title"].tolist() == ["1", "2", "3"]
    assert found.told["times"] == "none"
    assert found.told["feedback"] == "explicit: 0.5 to 4, in steps of 0.5"


def test_book_crossing_has_zeros_in_place_of_ratings_and_ids_of_text(tmp_path):
    rows = (
        '"User-ID";"ISBN";"Book-Rating"\n276725;"034545104X";0\n'
        '276726;"0155061224";5\n8;"034545104X";10\n'
    )
    put(tmp_path, "BX-Book-Ratings.csv", rows.encode("latin-1"))
    books = (
        '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication"\n'
        '"034545104X";"Fl\xe9sh";"M";"2002"\n'
    )
    put(tmp_path, "BX-Books.csv", books.encode("latin-1"))
    found = read_own(tmp_path, Options())
    assert found.set_aside == ["1 row with 0 in place of a rating: seen, not rated"]
    assert found.tables.ratings["rating"].tolist() == [5, 10]
    assert found.tables.movies["title"].tolist() == ["0155061224", "Flésh"]
    assert found.tables.movies["year"].tolist() == [pd.NA, 2002]
    assert found.tables.ratings["movie_id"].tolist() == [1, 2]


def test_goodbooks_names_its_columns(tmp_path):
    put(tmp_path, "ratings.csv", "user_id,book_id,rating\n1,258,5\n2,4081,4\n")
    put(
        tmp_path,
        "books.csv",
        "book_id,original_publication_year,title\n258,2001.0,Wind\n4081,1990.0,X\n",
    )
    movies = read_own(tmp_path, Options()).tables.movies
    assert movies["title"].tolist() == ["Wind", "X"]
    assert movies["year"].tolist() == [2001, 1990]


def test_amazons_files_begin_with_the_item(tmp_path):
    rows = "B00005N7P0,AH2IFH762VY5U,5.0,1005177600\nB00005N7P1,AOSFI0JEYU4XM,4.0,1004486400\n"
    found = read_own(put(tmp_path, "Magazine.csv", rows), Options())
    assert found.user_names.to_dict() == {1: "AH2IFH762VY5U", 2: "AOSFI0JEYU4XM"}
    assert found.tables.movies["title"].tolist() == ["B00005N7P0", "B00005N7P1"]


def test_an_anime_list_has_minus_one_for_watched(tmp_path):
    path = put(tmp_path, "rating.csv", "user_id,anime_id,rating\n1,20,-1\n1,24,8\n2,20,10\n")
    found = read_own(path, Options())
    assert found.set_aside == ["1 row with -1 in place of a rating: seen, not rated"]
    assert len(found.tables.ratings) == 2


def test_a_scale_below_zero_is_a_scale(tmp_path):
    path = put(tmp_path, "jester.csv", "user,item,rating\n1,1,-1\n1,2,-5\n2,1,5\n")
    found = read_own(path, Options())
    assert found.set_aside == []
    assert found.tables.ratings["rating"].tolist() == [-1, -5, 5]


@pytest.mark.parametrize("column", ["weight", ""])
def test_counts_and_bare_pairs_are_implicit(tmp_path, column):
    rows = [("2", "51", "13883"), ("2", "52", "11690"), ("3", "51", "7")]
    lines = ["\t".join(row if column else row[:2]) for row in rows]
    header = "userID\tartistID\tweight" if column else "userID\tartistID"
    put(tmp_path, "user_artists.dat", "\n".join([header, *lines]) + "\n")
    put(tmp_path, "artists.dat", "id\tname\turl\n51\tDuran Duran\tx\n52\tMorcheeba\ty\n")
    found = read_own(tmp_path, Options())
    assert found.is_implicit
    assert set(found.tables.ratings["rating"]) == {1}
    assert found.tables.movies["title"].tolist() == ["Duran Duran", "Morcheeba"]


def test_columns_may_be_named_or_counted(tmp_path):
    path = put(tmp_path, "mine.csv", "wer,was,wieviel\n7,ab,3\n8,cd,4\n")
    with pytest.raises(
        ReelbookError, match=r"which column is the user and which the item\?"
    ) as told:
        read_own(path, Options())
    assert "2 was: ab, cd, ..." in str(told.value)
    assert "--columns" in str(told.value)
    for columns in [{"user": "wer", "item": "was", "rating": "wieviel"},
                    {"user": "1", "item": "2", "rating": "3"}]:  # fmt: skip
        found = read_own(path, Options(columns=columns))
        assert found.tables.ratings["rating"].tolist() == [3, 4]
    with pytest.raises(ReelbookError, match=r"no column 'wem'"):
        read_own(path, Options(columns={"user": "wem"}))
    with pytest.raises(ReelbookError, match="no role 'film'"):
        read_own(path, Options(columns={"film": "was"}))


def test_repeated_pairs_are_an_error_until_a_person_decides(tmp_path):
    path = put(tmp_path, "r.csv", "user,item,rating\n1,1,1\n1,2,3\n1,1,5\n2,1,2\n")
    with pytest.raises(
        ReelbookError, match=r"r\.csv, line 4: user 1 rated item 1 before.*--repeated"
    ):
        read_own(path, Options())
    last = read_own(path, Options(repeated="last"))
    assert last.tables.ratings["rating"].tolist() == [3, 5, 2]
    assert last.set_aside == ["1 repeated rating of a pair (last kept)"]
    mean = read_own(path, Options(repeated="mean"))
    assert mean.tables.ratings["rating"].tolist() == [3, 3, 2]


def test_bad_rows_are_told_or_set_aside(tmp_path):
    text = (
        "user,item,rating,time\n1,1,five,881250949\n1,2,3,881250949\n"
        "2,1,2,soon\n3,,1,881250949\n4,1\n"
    )
    path = put(tmp_path, "r.csv", text)
    with pytest.raises(ReelbookError) as told:
        read_own(path, Options())
    for words in ["line 2: rating 'five' is not a number", "line 4: time 'soon'",
                  "line 5: no item in column item", "line 6: 2 of 4 fields",
                  "--skip-bad-rows"]:  # fmt: skip
        assert words in str(told.value)
    found = read_own(path, Options(skip_bad_rows=True))
    assert found.set_aside == ["4 rows that cannot be read"]
    assert len(found.bad_rows) == 4
    assert found.tables.ratings["movie_id"].tolist() == [2]


TIMED = "user,item,rating,time\n1,1,1,{}\n1,2,3,881250949\n2,2,3,881250949\n"
ODD = {
    "nothing": ("r.csv", "", "empty"),
    "blank lines": ("r.csv", "\n\n\n", "empty"),
    "a web page": ("r.csv", "<!DOCTYPE html>\n<html><body>404</body></html>\n", "a web page"),
    "words": ("r.txt", "Call me Ishmael.\nSome years ago\n", "no separator"),
    "one column": ("r.csv", "rating\n5\n4\n", "no separator"),
    "a header alone": ("r.csv", HEADER + "\n", "no row of it is a rating"),
    "a column twice": ("r.csv", "user,item,user\n1,2,3\n", "two columns are called 'user'"),
    "no user": (
        "r.csv",
        "movieId,title,genres\n1,Land,War\n2,Hill,War\n",
        "which column is the user",
    ),
    "an empty zip": ("r.zip", zip_of(), "holds no table"),
    "a zip of pictures": ("r.zip", zip_of(cat_jpg="x"), "holds no table, but cat.jpg"),
    "a cut gzip": ("r.csv.gz", gzip.compress(CSV.encode())[:-9], "not a readable gzip"),
    "no gzip": ("r.csv.gz", b"plain,text\n1,2\n", "not a readable gzip"),
    "a cut Parquet": ("r.parquet", parquet()[:-9], "r.parquet"),
    "broken JSON": ("r.jsonl", JSON + "\n{", "r.jsonl"),
    "infinite stars": (
        "r.csv",
        "user,item,rating\n1,1,inf\n1,2,3\n2,1,4\n",
        "'inf' is not a number",
    ),
    "hexadecimal stars": (
        "r.csv",
        "user,item,rating\n1,1,0x3\n1,2,3\n2,1,4\n",
        "'0x3' is not a number",
    ),
    "a time far off": ("r.csv", TIMED.format("99999999999999"), "line 2: time"),
    "a time that is none": ("r.csv", TIMED.format(""), "line 2: time ''"),
}


@pytest.mark.parametrize("fault", ODD)
def test_an_odd_file_is_told_in_a_line_or_two(fault, tmp_path):
    name, content, words = ODD[fault]
    with pytest.raises(ReelbookError) as told:
        read_own(put(tmp_path, name, content), Options())
    assert words in str(told.value)


def test_nothing_there_is_told(tmp_path):
    with pytest.raises(ReelbookError, match="no such file or folder"):
        read_own(tmp_path / "nowhere.csv", Options())


def test_ids_are_numbers_where_all_are_and_texts_in_order_where_not(tmp_path):
    found = read_own(put(tmp_path, "r.csv", "user,item,rating\nb,x,1\na,x,3\nb,007,2\n"), Options())
    assert found.tables.ratings["user_id"].tolist() == [2, 1, 2]
    assert found.tables.movies["title"].tolist() == ["007", "x"]
    assert found.user_names.to_dict() == {1: "a", 2: "b"}
    assert found.tables.ratings["movie_id"].dtype == np.dtype("int32")


def test_all_of_it_at_once_gives_the_same_fingerprint(tmp_path):
    """Other names, columns in another order, semicolons, UTF-16 and gzip; ids that are texts."""
    expected = compute_fingerprint(read_own(put(tmp_path, "r.csv", CSV), Options()).tables)
    order = ("rating", "item", "time", "user")
    text = write(sep=";", header="sterne;was;wann;wer", order=order)
    path = put(tmp_path, "bewertungen.csv.gz", gzip.compress(text.encode("utf-16")))
    columns = {"user": "wer", "item": "was", "rating": "sterne", "time": "wann"}
    assert compute_fingerprint(read_own(path, Options(columns)).tables) == expected
    texts = re.sub(r"(?m)^(\d+),(\d+),", r"u\1,i\2,", CSV)
    found = read_own(put(tmp_path, "texts.csv", texts), Options())
    # The users are u1 to u3 and stay 1 to 3; the items are numbered, and their titles are the ids.
    assert found.tables.ratings["user_id"].tolist() == TABLE["user"].tolist()
    titles = found.tables.movies.set_index("movie_id")["title"]
    assert found.tables.ratings["movie_id"].map(titles).tolist() == ["i10", "i20", "i10", "i30"]
    assert found.tables.ratings["rating"].tolist() == TABLE["rating"].tolist()


def test_of_several_files_of_ratings_none_is_taken_silently(tmp_path):
    """Before, a folder of four data sets was read as one of them, with titles of another."""
    put(tmp_path, "a/ratings.csv", CSV)
    put(tmp_path, "b/ratings.dat", write(sep="::"))
    with pytest.raises(ReelbookError, match=r"several files of ratings: a/ratings.csv, b/rat"):
        read_own(tmp_path, Options())


@pytest.mark.parametrize(
    "header",
    ["Date,Name,Year,Letterboxd URI,Rating", "Const,Your Rating,Title", "Book Id,Title,My Rating"],
)
def test_ratings_of_one_person_are_sent_to_the_command_that_takes_them(tmp_path, header):
    row = ",".join("1" for _ in header.split(","))
    for path in (put(tmp_path, "mine/r.csv", f"{header}\n{row}\n{row}\n"), tmp_path / "mine"):
        with pytest.raises(ReelbookError, match=r"one person.*recommend --ratings r\.csv"):
            read_own(path, Options())


@pytest.mark.parametrize(
    "row", ["{}|Film {} (1995)|01-Jan-1995||0|1", "{}|24|M|none|0{}", "{}|F|1|{}"]
)
def test_a_catalogue_is_no_ratings(tmp_path, row):
    """Before, u.item was read as ratings of 0 and 1, and users.dat as ratings of F and M."""
    path = put(tmp_path, "u.item", "\n".join(row.format(i, i) for i in range(1, 30)))
    with pytest.raises(ReelbookError, match="which column is the user"):
        read_own(path, Options())


def test_ml_100k_gives_titles_and_its_users_are_no_titles(tmp_path):
    put(tmp_path, "u.data", write(sep="\t"))
    put(tmp_path, "u.user", "10|24|M|none|1\n20|53|F|none|2\n30|20|M|none|3\n")
    assert read_own(tmp_path, Options()).told["titles"].startswith("none")
    rows = [f"{i}|Film {i} (1995)|01-Jan-1995||http://x|0|1" for i in (10, 20, 30)]
    put(tmp_path, "u.item", "\n".join(rows))
    assert read_own(tmp_path, Options()).tables.movies["title"].tolist() == [
        "Film 10", "Film 20", "Film 30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("u.user", "10|24|M|writer|1\n20|53|F|artist|2\n7|20|M|none|3\n"),
        ("users.dat", "10::M::24::20::1\n20::F::53::2::2\n7::M::20::0::3\n"),
    ],
)
def test_people_are_read_where_a_file_describes_them(tmp_path, name, content):
    """Before, a folder of ml-1m made a report without its people."""
    put(tmp_path, "ratings.csv", "user,item,rating\n10,1,3\n20,1,4\n30,2,5\n")
    put(tmp_path, name, content)
    found = read_own(tmp_path, Options())
    assert found.told["people"] == "age, gender, occupation and zip code of 2 users"
    assert found.tables.users.to_dict("list") == {
        "user_id": [10, 20, 30], "age": [24, 53, 0], "gender": ["M", "F", ""],
        "occupation": ["writer", "artist", ""], "zip_code": ["1", "2", ""],
    }  # fmt: skip
    put(tmp_path, name, content.replace("F", "X", 1))
    with pytest.raises(ReelbookError, match=f"{name}, line 2: gender 'X' is neither F nor M"):
        read_own(tmp_path, Options())
    put(tmp_path, "users.dat", "10::491586362\n20::177651718\n")  # as MovieTweetings
    put(tmp_path, "u.user", "")
    assert read_own(tmp_path, Options()).told["people"].startswith("none")


def test_quotes_within_titles_and_a_first_column_without_a_name(tmp_path):
    rows = ",user,rating,ID,name\n0,a,1,7,Go\n1,b,2.5,7,Go\n2,b,3,9,Chess\n"
    found = read_own(put(tmp_path, "bgg.csv", rows), Options())
    assert found.tables.movies["title"].tolist() == ["Go", "Chess"]
    put(tmp_path, "bx/Ratings.csv", "User-ID;ISBN;Book-Rating\n1;7;5\n2;9;8\n")
    books = r'"ISBN";"Book-Title"' + "\n" + r'"7";"A \"B\"; or C"' + "\n" + r'"9";"D"' + "\n"
    put(tmp_path, "bx/Books.csv", books)
    found = read_own(tmp_path / "bx", Options())
    assert found.tables.movies["title"].tolist() == ['A "B"; or C', "D"]


NOUNS = {
    "userId,movieId,rating": "movies",
    "User-ID,ISBN,Book-Rating": "books",
    "user_id,parent_asin,rating": "products",
    "user,item,rating": "items",
}


@pytest.mark.parametrize("header", NOUNS)
def test_columns_say_what_the_items_are(tmp_path, header):
    path = put(tmp_path, "r.csv", f"{header}\n1,1,1\n1,2,3\n2,1,8\n")
    found = read_own(path, Options())
    assert found.noun == NOUNS[header]
    assert found.told["feedback"] == "explicit: 1 to 8, 3 different values"
