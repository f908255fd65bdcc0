"""Chapters 00 and 01 on data sets that say little: each cell runs, and no page shows a nan."""

import ast
import json
import re

import myst_nb
import numpy as np
import pandas as pd
import pytest
from IPython.display import Markdown
from matplotlib.figure import Figure
from pandas.io.formats.style import Styler

from reelbook import data
from reelbook.data.tables import Dataset
from reelbook.paths import NOTEBOOKS
from reelbook.report import claims, facts

ODD = {
    "stars all equal": {"ratings": lambda t: t.assign(rating=np.float32(3))},
    "a rating a user": {"ratings": lambda t: t.drop_duplicates("user_id")},
    "a rating a movie": {"ratings": lambda t: t.drop_duplicates("movie_id")},
    "five ratings": {"ratings": lambda t: t.head(5)},
    "one rating": {"ratings": lambda t: t.head(1)},
    "one second": {"ratings": lambda t: t.assign(timestamp=880_000_000)},
    "only men": {"users": lambda t: t.assign(gender="M")},
    "only women": {"users": lambda t: t.assign(gender="F")},
    "no genres": {"movies": lambda t: t.assign(genres=[[] for _ in range(len(t))])},
    "no years": {"movies": lambda t: t.assign(year=pd.array([pd.NA] * len(t), "Int32"))},
    "no plain zip codes": {"users": lambda t: t.assign(zip_code="V3N4P")},
    "zip codes of no state": {"users": lambda t: t.assign(zip_code="00000")},
    "mostly unrated": {"ratings": lambda t: t[t["movie_id"] < 4]},
}
NOTHING = {"age": 0, "gender": "", "occupation": "", "zip_code": ""}
OWN = {
    "half stars": {"ratings": lambda t: t.assign(rating=t["rating"] / 2)},
    "ten stars": {"ratings": lambda t: t.assign(rating=2 * t["rating"])},
    "stars below zero": {"ratings": lambda t: t.assign(rating=2.5 * t["rating"] - 7.5)},
    "all kinds of stars": {"ratings": lambda t: t.assign(rating=np.arange(len(t), dtype="f4"))},
    "no times": {"ratings": lambda t: t.assign(timestamp=0)},
    "times that never tie": {"ratings": lambda t: t.assign(timestamp=np.arange(len(t)))},
    "one user": {"ratings": lambda t: t[t["user_id"] == 1]},
    "no people": {"users": lambda t: t.assign(**NOTHING)},
    "no titles": {"movies": lambda t: t.assign(title=t["movie_id"].astype("str"))},
    "no stars": {"ratings": lambda t: t.assign(rating=np.float32(1))},
    "no stars and no times": {"ratings": lambda t: t.assign(rating=np.float32(1), timestamp=0)},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ODD)
def test_the_exploration_says_nothing_that_is_not_there(dataset, monkeypatch, kind):
    """Before, pages had "correlate at **nan**", warnings, or ended with a KeyError."""
    odd = make_odd(dataset, kind)
    monkeypatch.setattr(data, "load", lambda name: odd)
    judged = [claim for claim in claims.read_claims() if claim["chapter"] == "01_exploration"]
    verdicts = claims.judge_claims(judged, facts.measure_facts(odd, pd.DataFrame()), dataset=odd)
    assert set(verdicts["verdict"]) == {claims.CANNOT_BE_JUDGED}
    assert len(show_chapter("01_exploration", monkeypatch)) > 30


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ODD | OWN)
def test_what_data_allow_is_said_of_any_data(dataset, monkeypatch, tmp_path, kind):
    odd = make_odd(dataset, kind)
    monkeypatch.setattr(data, "load", lambda name: odd)
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    shown = show_chapter("00_data", monkeypatch)
    told = "".join(getattr(one, "data", "") for one in shown if isinstance(one, Markdown))
    assert ("There are no stars" in told) == odd.is_implicit
    assert ("There are no times" in told) == ("times" not in odd.traits)
    assert told.count("\n- ") > 5


def make_odd(dataset, kind):
    """The made-up data set, changed."""
    tables = {name: getattr(dataset, name) for name in ("ratings", "users", "movies")}
    for name, change in (ODD | OWN)[kind].items():
        tables[name] = change(tables[name]).reset_index(drop=True)
    implicit = kind.startswith("no stars")
    return Dataset("made-up", **tables, sha256=kind, source="a test", is_implicit=implicit)


def show_chapter(name, monkeypatch):
    """What the code cells of a chapter show, after a look at all that a reader sees."""
    glued = []
    monkeypatch.setattr(myst_nb, "glue", lambda name, text, **_: glued.append(Markdown(text)))
    shown = run_cells(name)
    for one in [*shown, *glued]:
        if isinstance(one, Figure):
            one.draw_without_rendering()
        text = one.to_html() if isinstance(one, Styler) else getattr(one, "data", "")
        assert not re.search(r"\b(nan|NaN|None|<NA>|inf)\b", text), text
        assert text.strip() or not isinstance(one, Markdown)
    return shown


def run_cells(name: str) -> list:
    """What each code cell of a notebook shows."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    namespace: dict = {}
    shown = []
    for cell in cells:
        if cell["cell_type"] == "code":
            code = ast.parse("".join(cell["source"]))
            last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
            exec(compile(code, cell["id"], "exec"), namespace)
            if last is not None:
                expression = compile(ast.Expression(last.value), cell["id"], "eval")
                shown.append(eval(expression, namespace))
    return shown
