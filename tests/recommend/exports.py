"""Ratings of one person in files as Letterboxd, IMDb, Goodreads and people write them."""

import csv
import io

LETTERBOXD = ["Date", "Name", "Year", "Letterboxd URI", "Rating"]
IMDB = [
    "Position", "Const", "Created", "Modified", "Description", "Title", "URL", "Title Type",
    "IMDb Rating", "Runtime (mins)", "Year", "Genres", "Num Votes", "Release Date", "Directors",
    "Your Rating", "Date Rated",
]  # fmt: skip
IMDB_OLD = ["position", "const", "Title", "Directors", "You rated", "IMDb Rating", "Year", "URL"]
GOODREADS = [
    "Book Id", "Title", "Author", "ISBN", "My Rating", "Average Rating", "Year Published",
    "Original Publication Year", "Date Added",
]  # fmt: skip
FILLED = {
    "Date": "2021-05-02", "Letterboxd URI": "https://boxd.it/1Efw", "IMDb Rating": "7.9",
    "Genres": "Drama, Horror", "Directors": "Éric \"É\" Rohmer", "Book Id": "77", "position": "1",
    "Position": "1", "Year Published": "2020", "ISBN": '="0439785960"', "Average Rating": "4.01",
}  # fmt: skip
STARS = [5, 0.5, 3, 4]
UNKNOWN = "Amélie, à Paris"


def make_export(columns: list[str], rows: list[list[object]], encoding: str = "utf-8") -> bytes:
    """A file with these columns; a row is title, year and stars."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    for title, year, stars in rows:
        own = dict.fromkeys(["Name", "Title"], title)
        own |= dict.fromkeys(["Year", "Original Publication Year"], year)
        own |= dict.fromkeys(["Rating", "Your Rating", "You rated", "My Rating"], stars)
        writer.writerow(FILLED | own)
    return text.getvalue().encode(encoding)


def make_files(films: list[tuple[str, str]]) -> dict[str, bytes]:
    """A file in each layout, with STARS for four films, title and year, and for UNKNOWN."""
    titles = [title for title, _ in films]
    halves = [[*film, stars] for film, stars in zip(films, STARS, strict=True)]
    halves.append([UNKNOWN, "2001", 4.5])
    tens = [[title, year, int(2 * stars)] for title, year, stars in halves]
    wholes = [[title, year, int(stars + 0.5)] for title, year, stars in halves]
    pairs = [f"{title};{stars:.1f}".replace(".", ",") for title, _, stars in halves]
    hundreds = zip([100, 10, 60, 80], titles, strict=True)
    return {
        "letterboxd.csv": make_export(LETTERBOXD, halves),
        "excel.txt": make_export(LETTERBOXD, halves, "utf-16"),
        "imdb.csv": make_export(IMDB, [*tens, ["Låt den rätte", "2008", ""]], "cp1252"),
        "imdb-old.csv": make_export(IMDB_OLD, tens, "latin-1"),
        "goodreads.csv": make_export(GOODREADS, [*wholes, ["To Read", "1990", 0]]),
        "two.csv": "\n".join(["Film;Stars", *pairs]).encode("utf-8-sig"),
        "nameless.tsv": "\n".join(pairs).replace(";", "\t").encode("cp1252"),
        "hundred.csv": "\r".join(f'{stars},"{title}"' for stars, title in hundreds).encode(),
    }
