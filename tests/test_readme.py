"""Each command of the README, as it stands there.

Those of its section on batches are run by `tests/build/test_batch.py`.
"""

import re
import shlex
import subprocess

import layouts
import pytest

from reelbook.__main__ import main, make_parser
from reelbook.data.synthetic import make_tables
from reelbook.paths import ROOT

PROGRAM = ".venv/bin/python -m reelbook "
TEXT = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Batches\n")
OUTSIDE = TEXT[0] + TEXT[1].split("\n## ", 1)[1]
BLOCKS = re.findall(r"```sh\n(.*?)```", OUTSIDE, re.S)
LINES = [line.split("  #")[0].strip() for line in "".join(BLOCKS).splitlines()]
PROSE = re.sub(r"```.*?```", "", OUTSIDE, flags=re.S)
INLINE = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", PROSE)]
NAMED = [code for code in INLINE if re.match(r"make |\.venv/|python -m ", code)]
COMMANDS = sorted({*LINES, *NAMED})
MAKE = [line for line in COMMANDS if re.match(r"(\w+=\S+ )?make ", line)]
NOT_RUN = {  # what they do takes minutes: their arguments are read
    "python -m reelbook golden --update",
    PROGRAM + "notebook 02_matrix_factorization -p dataset ml-1m",
}
RUN = [line for line in COMMANDS if line not in {*MAKE, *NOT_RUN} and "pre-commit" not in line]


def read_arguments(line):
    return shlex.split(line.split("-m reelbook ")[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the README names, and made-up ratings in GroupLens' layout."""
    folder = tmp_path_factory.mktemp("readme")
    made = make_tables()
    ratings, users, movies = made.ratings, made.users, made.movies
    titles = ["Fargo (1996)", "Heat (1995)", *(f"{title} (1990)" for title in movies["title"][2:])]
    flags = layouts.flags("Drama")
    rows = ratings.astype({"rating": int}).to_csv(sep="\t", header=False, index=False)
    lines = [f"{i}|{title}|01-Jan-1990||http://x|{flags}\n" for i, title in enumerate(titles, 1)]
    columns = ["user_id", "age", "gender", "occupation", "zip_code"]
    people = users[columns].to_csv(sep="|", header=False, index=False)
    (folder / "given").mkdir()
    for name, text in {"u.data": rows, "u.item": "".join(lines), "u.user": people}.items():
        (folder / "given" / name).write_text(text, encoding="latin-1")
    (folder / "letterboxd.csv").write_text(
        "Date,Name,Year,Letterboxd URI,Rating\n"
        "2021-05-02,Fargo,1996,https://boxd.it/1,4.5\n2021-05-02,Heat,1995,https://boxd.it/2,2\n"
    )
    own = ratings.assign(user_id="u" + ratings["user_id"].astype(str)).replace("u1", "ann")
    own.to_csv(folder / "ratings.csv", index=False)
    return folder


def test_every_command_was_found():
    assert len(RUN) >= 7
    assert {line.split()[0] for line in RUN} <= {".venv/bin/python", "python"}
    assert {"make book", "make test", "make lab", "make book DATA=ratings.csv"} < {*MAKE}
    assert {*COMMANDS} >= NOT_RUN


@pytest.mark.parametrize("line", RUN)
def test_a_command_runs_as_it_stands(folder, monkeypatch, capsys, line):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REELBOOK_BUILD", str(folder / "build"))
    monkeypatch.setenv("REELBOOK_DATA", str(folder / "given"))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    assert main(read_arguments(line)) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("line", MAKE)
def test_a_target_calls_a_command_that_there_is(line):
    done = subprocess.run(
        ["bash", "-c", line.replace("make ", "make --dry-run ", 1)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for called in [one for one in done.stdout.splitlines() if "-m reelbook " in one]:
        make_parser().parse_args(read_arguments(called))


@pytest.mark.parametrize("line", sorted(NOT_RUN))
def test_the_arguments_of_a_command_are_taken(line):
    make_parser().parse_args(read_arguments(line))
