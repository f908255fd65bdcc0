"""A page that computes its own figures again: predictions, a button and a script.

The page gets what the metrics are made of, and nothing that names a user or a movie: of a rating
model pairs of stars and prediction, of a ranking model the ranks of each user's held-out movies.
"""

import base64
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reelbook.metrics.lists import sort_held_out
from reelbook.report.compare import Groups, average_metrics, group_runs
from reelbook.report.leaderboards import keep_whole
from reelbook.report.tables import show_table
from reelbook.runs.store import Run

SCRIPT = Path(__file__).parent / "browser" / "recheck.js"
PROTOCOLS = {
    "official": "rmse",
    "stratified": "ndcg@10",
    "leave-last": "ndcg@10",
    "global-time": "ndcg@10",
}
MOST_ROWS = 250_000  # of all runs together: at most three bytes of the page each
STEPS = 2**22  # that the range of predictions is cut into: a millionth of it is not seen in a RMSE


def choose_runs(runs: Iterable[Run], *, most_rows: int = MOST_ROWS) -> list[Run]:
    """The runs of the first model of each board, as many as have `most_rows` test rows together."""
    runs = list(runs)
    chosen: list[Run] = []
    rows = 0
    for protocol, metric in PROTOCOLS.items():
        groups = keep_whole(group_runs(runs, protocol=protocol))
        for run in groups[_find_first(groups, metric)] if groups else []:
            rows += run.record.split["sizes"]["test"]
            if rows > most_rows:
                return chosen
            chosen.append(run)
    return chosen


def make_check(runs: Iterable[Run]) -> str:
    """HTML with the printed figure of each run, and a button that computes it from its rows.

    Args:
        runs: as `choose_runs` gives them.
    """
    rows, packed = [], []
    for run in runs:
        record, metric = run.record, PROTOCOLS[run.protocol]
        fold = record.split["fold"]
        packed.append(_pack_predictions(run) if metric == "rmse" else _pack_ranks(run))
        printed = [m.value for m in record.metrics if (m.split_part, m.metric) == ("test", metric)]
        rows.append(
            {
                "model": record.model,
                "protocol": run.protocol,
                "split": f"fold {fold}" if fold else f"seed {record.seed}",
                "ratings": f"{record.split['sizes']['test']:,}",
                "metric": metric,
                "printed": f"{printed[0]:.6f}",
                "computed here": "",
            }
        )
    if not packed:
        return "<p>The test parts of these data are too large for a page.</p>"
    data = json.dumps(packed, separators=(",", ":"))
    table = show_table(pd.DataFrame(rows), "Test figures of the first model of each board.")
    return (
        '<div id="rb-check"><button type="button" disabled>Compute them again</button>\n'
        '<p role="status" aria-live="polite">This part computes in your browser and needs '
        "JavaScript; in JupyterLab, trust the notebook or run this cell.</p>\n"
        f"{table.to_html()}</div>\n"
        f'<script>\n(function () {{\n"use strict";\nconst runs = {data};\n'
        f"{SCRIPT.read_text(encoding='utf-8')}}})();\n</script>"
    )


def _find_first(groups: Groups, metric: str) -> str:
    values = average_metrics(groups, [metric]).set_index("model")[metric]
    return str(values.idxmin() if metric == "rmse" else values.idxmax())


def _pack_predictions(run: Run) -> dict[str, Any]:
    """Stars and predictions of all rows (rows,), sorted by both: the order of rows is not told."""
    ordered = run.predictions.sort_values(["rating", "prediction"])
    values = ordered["prediction"].to_numpy("float64")
    least, step = values.min(), max(float(np.ptp(values)), 1e-12) / STEPS
    places = np.rint((values - least) / step).astype("int64")
    return {
        "stars": _compress(ordered["rating"].to_numpy("<f4")),
        "least": float(least),
        "step": step,
        "predictions": _compress(np.diff(places, prepend=0).astype("<i4")),
    }


def _pack_ranks(run: Run) -> dict[str, Any]:
    """How many held-out movies each user has (users,), and their ranks, ascending (rows,)."""
    held_out = sort_held_out(run.ranks)
    return {
        "sizes": _compress(held_out.sizes.astype("<i4")),
        "ranks": _compress(held_out.rank.astype("<i4")),
    }


def _compress(array: np.ndarray) -> str:
    """The bytes of an array, deflated, in base 64."""
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()
