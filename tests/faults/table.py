"""The faults that a command meets: what lies there, what is typed, and what must be said.

A test of `test_faults.py` tries each. In `command` and `environment` "{here}" is the folder in
which the files lie; plans are read from its folder `plans`.
"""

import io
import stat
import zipfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import layouts

NOTHING: Mapping = MappingProxyType({})
LIKE = ["recommend", "--dataset", "made-up"]
TOY = "dataset: made-up\nnotebooks:\n  02_second: {}\n"


class Fault(NamedTuple):
    """One fault.

    Attributes:
        what: the fault in a few words.
        command: what is typed after `python -m reelbook`.
        says: what stands in the message.
        files: contents by path below `here`.
        environment: variables that are set.
    """

    what: str
    command: list[str]
    says: str
    files: Mapping[str, bytes] = NOTHING
    environment: Mapping[str, str] = NOTHING


def ratings(what: str, says: str, dataset: str = "ml-100k", **changes: bytes | None) -> Fault:
    """A fault in a folder with a data set, in GroupLens' layout but for some files; None drops one.

    An underscore in a name stands for the dot.
    """
    files = dict(layouts.GROUPLENS_100K if dataset == "ml-100k" else layouts.GROUPLENS_1M)
    files |= {name.replace("_", "."): content for name, content in changes.items()}
    there = {f"data/{name}": content for name, content in files.items() if content is not None}
    return Fault(what, ["data", dataset], says, there, {"REELBOOK_DATA": "{here}/data"})


def source(what: str, says: str, **files: bytes) -> Fault:
    """A fault of what REELBOOK_DATA names; two underscores in a name stand for a slash."""
    there = {f"data/{name.replace('__', '/').replace('_', '.')}": c for name, c in files.items()}
    return Fault(what, ["data", "ml-100k"], says, there, {"REELBOOK_DATA": "{here}/data"})


def archive(what: str, says: str, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Fault:
    """A fault of a zip that REELBOOK_DATA names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    files = {"data.zip": content.getvalue()}
    return Fault(what, ["data", "ml-100k"], says, files, {"REELBOOK_DATA": "{here}/data.zip"})


def plan(what: str, says: str, content: str | bytes, name: str = "mine") -> Fault:
    """A fault in a plan that is built."""
    data = content.encode() if isinstance(content, str) else content
    return Fault(what, ["build", "--plan", name], says, {f"plans/{name}.yml": data})


def line(name: str, old: bytes, new: bytes) -> bytes:
    """A file of ml-100k's layout with something replaced."""
    content = layouts.GROUPLENS_100K[name]
    assert old in content
    return content.replace(old, new)


def link(name: str) -> zipfile.ZipInfo:
    """A member of a zip that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


# What a person names as the source of the ratings
SOURCES = [
    Fault("no such folder", ["data", "ml-100k"], "no such folder or zip", {},
          {"REELBOOK_DATA": "{here}/nowhere"}),
    source("ml-latest in place of ml-100k", "ratings.csv", ratings_csv=b"userId,movieId\n1,1\n",
           movies_csv=b"movieId,title\n1,x\n"),
    source("a Letterboxd export", "Letterboxd",
           ratings_csv=b"Date,Name,Year,Letterboxd URI,Rating\n"),
    source("Book-Crossing", "Book-Crossing", BX_Book_Ratings_csv=b'"User-ID";"ISBN"\n'),
    source("a parent folder", "ml-100k", movielens__ml_100k__u_data=b"1\t1\t1\t881250949\n"),
    source("one of the names in capitals missing", "u.item missing", U_DATA=b"", U_USER=b""),
    source("a folder of something else", "holiday.jpg", holiday_jpg=b"\xff\xd8"),
    ratings("one file of three", "u.item missing", u_item=None),
    ratings("an empty file", "u.data: empty", u_data=b""),
    archive("a zip that climbs out", "climbs out of it", ("../../u.data", b"1\t1\t1\t1\n")),
    archive("a zip that climbs out by Windows' rules", "climbs out of it", ("..\\u.data", b"1")),
    archive("a zip with absolute paths", "climbs out of it", ("/etc/u.data", b"1\t1\t1\t1\n")),
    archive("a zip with a link", "link", (link("u.data"), b"/etc/passwd"), ("u.item", b""),
            ("u.user", b"")),
    archive("a zip bomb", "u.data", ("u.data", bytes(3 * 10**7)), ("u.item", b""), ("u.user", b"")),
    archive("a zip of something else", "holiday.jpg", ("holiday.jpg", b"\xff\xd8")),
    Fault("a zip that is cut off", ["data", "ml-100k"], "not a readable zip",
          {"data.zip": b"PK\x03\x04 and nothing more"}, {"REELBOOK_DATA": "{here}/data.zip"}),
]  # fmt: skip

# What stands in the files
ROWS = [
    ratings("a file cut in a line", "u.data, line 3",
            u_data=line("u.data", b"\t1\t891717742", b"")),
    ratings("a file cut in its last time", "cut off", u_data=line("u.data", b"717742\n", b"")),
    ratings("a web page saved as ratings", "u.data, line 1", u_data=b"<!doctype html>\n<html>\n"),
    ratings("user 0", "user id 0", u_data=line("u.data", b"2\t1\t3", b"0\t1\t3")),
    ratings("six stars", "rating 6", u_data=line("u.data", b"2\t1\t3", b"2\t1\t6")),
    ratings("half stars", "3.5", u_data=line("u.data", b"2\t1\t3", b"2\t1\t3.5")),
    ratings("no number", "user id 'Max'", u_data=line("u.data", b"2\t1\t3", b"Max\t1\t3")),
    ratings("a number by another base", "0x1", u_data=line("u.data", b"2\t1\t3", b"0x1\t1\t3")),
    ratings("blanks around a number", "' 2'", u_data=line("u.data", b"2\t1\t3", b" 2\t1\t3")),
    ratings("times in milliseconds", "milliseconds",
            u_data=line("u.data", b"881250949", b"881250949000")),
    ratings("no time at all", "timestamp 0", u_data=b"2\t1\t3\t0\n1\t267\t5\t0\n1\t3\t1\t0\n"),
    ratings("a pair twice", "before", u_data=line("u.data", b"1\t3\t1", b"1\t267\t1")),
    ratings("a rating by an unknown user", "user 9 is not in",
            u_data=line("u.data", b"2\t1\t3", b"9\t1\t3")),
    ratings("a rating of an unknown movie", "movie 9 is not in",
            u_data=line("u.data", b"2\t1\t3", b"2\t9\t3")),
    ratings("commas in place of tabs", "u.data, line 1",
            u_data=layouts.GROUPLENS_100K["u.data"].replace(b"\t", b",")),
    ratings("a header where there is none", "header",
            u_data=b"user\titem\trating\ttime\n" + layouts.GROUPLENS_100K["u.data"]),
    ratings("a header of people", "header",
            u_user=b"id|age|sex|job|zip\n" + layouts.GROUPLENS_100K["u.user"]),
    ratings("lost letters", "lost letters", u_item=line("u.item", b"\xe9", b"\xef\xbf\xbd")),
    ratings("a blank title", "title", u_item=line("u.item", b"unknown||", b" ||")),
    ratings("a movie twice", "stands there twice", u_item=line("u.item", b"\n3|", b"\n1|")),
    ratings("a genre flag of 2", "genre flag", u_item=line("u.item", b"|1", b"|2")),
    ratings("a gender of its own", "gender 'X'", u_user=line("u.user", b"|M|", b"|X|")),
    ratings("an age of 200", "age 200", u_user=line("u.user", b"|24|", b"|200|")),
    ratings("UTF-16", "u.data", u_data=layouts.GROUPLENS_100K["u.data"].decode().encode("utf-16")),
    ratings("an empty genre", "genre", "ml-1m", movies_dat=b"1::A (1995)::Comedy||\n3::B::War\n"),
    ratings("a genre twice", "genre", "ml-1m", movies_dat=b"1::A::War|War\n3::B (1990)::War\n"),
    ratings("blanks around a genre", "genre", "ml-1m", movies_dat=b"1::A:: War\n3::B::War\n"),
]  # fmt: skip

# What a person types
COMMANDS = [
    Fault("an unknown data set", ["data", "netflix"], "Give one of ml-100k"),
    Fault("an unknown command", ["bake"], "invalid choice: 'bake'"),
    Fault("nobody and nothing liked", [*LIKE], "Give --user"),
    Fault("a user and titles", [*LIKE, "--user", "1", "--like", "x"], "one of them"),
    Fault("an unknown user", [*LIKE, "--user", "7777"], "No user has the id 7777"),
    Fault("two unknown titles", [*LIKE, "--like", "Xyz", "--like", "Qwertz"], "'Qwertz'"),
    Fault("an empty list", [*LIKE, "--user", "1", "--k", "0"], "not 0"),
    Fault("an unknown model", [*LIKE, "--user", "1", "--model", "topn.best"], "'topn.best'"),
    Fault("a list over a file of one's own", [*LIKE, "--user", "1", "--output", "{here}/mine.csv"],
          "It is left unchanged", {"mine.csv": b"my,own\n"}),
    Fault("a list without a name", [*LIKE, "--user", "1", "--output", "{here}"], "end it in .csv"),
    Fault("a model among files of one's own",
          ["export", "--dataset", "made-up", "--output", "{here}/mine"],
          "mine", {"mine/thesis.tex": b"words"}),
    Fault("an unknown notebook", ["notebook", "02_sequel", "--plan", "mine"],
          "There is no notebook '02_sequel'", {"plans/mine.yml": TOY.encode()}),
    Fault("an unknown parameter", ["notebook", "02_second", "--plan", "mine", "-p", "fold", "1"],
          "has no parameter 'fold'", {"plans/mine.yml": TOY.encode()}),
    Fault("a parameter of another type",
          ["notebook", "02_second", "--plan", "mine", "-p", "seeds", "1"],
          "must be list[int]", {"plans/mine.yml": TOY.encode()}),
    Fault("an output over a file of one's own",
          ["notebook", "02_second", "--plan", "mine", "--output", "{here}/mine.ipynb"],
          "It is left unchanged", {"plans/mine.yml": TOY.encode(), "mine.ipynb": b"{}"}),
    Fault("an output in the place of a folder",
          ["notebook", "02_second", "--plan", "mine", "--output", "{here}"],
          "end it in .ipynb", {"plans/mine.yml": TOY.encode()}),
    Fault("no jobs", ["build", "--jobs", "0"], "JOBS must be 1 or more"),
    Fault("figures of a plan that was never built", ["golden", "--plan", "mine"],
          "has no results yet",
          {"plans/mine.yml": TOY.encode()}),
    Fault("pages of a plan that was never built", ["book", "mine"], "mine",
          {"plans/mine.yml": TOY.encode()}),
    Fault("results of a plan that was never built", ["results", "mine"], "mine",
          {"plans/mine.yml": TOY.encode()}),
]  # fmt: skip

# What stands in a plan
PLANS = [
    Fault("a plan that is not there", ["build", "--plan", "mine"], "There is no plan 'mine'"),
    plan("a plan named as another folder", "cannot be named 'runs'", TOY, "runs"),
    plan("a misspelt key", "it has dataset, notebook", TOY.replace("notebooks:", "notebook:")),
    plan("a parameter twice", "seeds", TOY.replace("{}", "{seeds: [1], seeds: [2]}")),
    plan("a chapter twice", "02_second", TOY + "  02_second: {seeds: [2]}\n"),
    plan("a chapter that is not there", "There is no notebook '02_third'",
         TOY.replace("second", "third")),
    plan("a parameter that the chapter does not know", "has no parameter 'fold'",
         TOY.replace("{}", "{fold: 1}")),
    plan("a number as text", "must be list[int]", TOY.replace("{}", "{seeds: ['1']}")),
    plan("no text", "is not", b"\xff\xfe\x00\x01"),
    plan("no YAML", "is not YAML", "dataset: [made-up\n"),
    plan("a list", "must have dataset and notebooks", "- 02_second\n"),
    plan("an object of Python", "is not YAML", TOY.replace("{}", "!!python/object:os.system {}")),
    plan("an unknown data set in a plan", "Unknown data set 'netflix'",
         TOY.replace("made-up", "netflix")),
]  # fmt: skip

FAULTS = [*SOURCES, *ROWS, *COMMANDS, *PLANS]
