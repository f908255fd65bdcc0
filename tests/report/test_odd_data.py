"""Chapter 01 on data sets that say little: each of its cells runs, and no page shows a nan."""

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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ODD)
def test_the_exploration_says_nothing_that_is_not_there(dataset, monkeypatch, kind):
    """Before, pages had "correlate at **nan**", warnings, or ended with a KeyError."""
    tables = {name: getattr(dataset, name) for name in ("ratings", "users", "movies")}
    for name, change in ODD[kind].items():
        tables[name] = change(tables[name]).reset_index(drop=True)
    odd = Dataset("made-up", **tables, sha256=kind, source="a test")
    monkeypatch.setattr(data, "load", lambda name: odd)
    judged = [claim for claim in claims.read_claims() if claim["chapter"] == "01_exploration"]
    verdicts = claims.judge_claims(judged, facts.measure_facts(odd, pd.DataFrame()), dataset=odd)
    assert set(verdicts["verdict"]) == {claims.CANNOT_BE_JUDGED}
    glued = []
    monkeypatch.setattr(myst_nb, "glue", lambda name, text, **_: glued.append(Markdown(text)))
    shown = run_cells("01_exploration")
    assert len(shown) > 30
    for one in [*shown, *glued]:
        if isinstance(one, Figure):
            one.draw_without_rendering()
        text = one.to_html() if isinstance(one, Styler) else getattr(one, "data", "")
        assert not re.search(r"\b(nan|NaN|None|<NA>|inf)\b", text), text
        assert text.strip() or not isinstance(one, Markdown)


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
