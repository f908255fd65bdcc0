"""Executed notebooks side by side: results.csv with the parameters that differ, and a page."""

import html
import io
import json
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from matplotlib.figure import Figure

from reelbook.build.matrix import format_value
from reelbook.build.parameters import read_parameters
from reelbook.build.results import list_figures, write_results
from reelbook.data.names import count
from reelbook.errors import ReelbookError
from reelbook.files import check_place, replace_when_whole
from reelbook.paths import format_path
from reelbook.report.batches import drop_constant, estimate, find_run, list_axes, sort_values
from reelbook.report.figures.batches import draw_over
from reelbook.report.figures.style import use_style
from reelbook.report.tables import show_table
from reelbook.runs.record import RESULT_COLUMNS
from reelbook.runs.store import RUNS_TYPE

PAGE = "comparison.html"
HEAD = "<!doctype html><html lang='en'><meta charset='utf-8'><!-- reelbook compare -->\n"
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
img { max-width: 100%; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; }
td, th { padding: 0.2rem 0.7rem; text-align: right; border-bottom: 1px solid #8085; }
"""


def compare(
    notebooks: Iterable[Path],
    folder: Path,
    *,
    title: str,
    left_out: Sequence[str] = (),
    varied: Sequence[str] | None = None,
) -> list[str]:
    """Write results.csv and a page that compare executed notebooks.

    Args:
        notebooks: as papermill wrote them.
        folder: where the two files go.
        title: of the page.
        left_out: what the page says of notebooks that are not among these.
        varied: the parameters to compare over; None takes those that differ.

    Returns:
        What is wrong with those that are left out, `left_out` included: a text each.

    Raises:
        ReelbookError: none of them can be compared.
    """
    faults = list(left_out)
    given: dict[Path, dict[str, str]] = {}
    rows = []
    for path in dict.fromkeys(path.resolve() for path in notebooks):
        try:
            content = _read_notebook(path)
            found = _list_rows(path, content, os.path.relpath(path, folder))
            given[path] = _read_given(path, content) | {"dataset": found[0]["dataset"]}
            rows.append(found)
        except ReelbookError as error:
            faults.append(str(error))
    if not rows:
        raise ReelbookError("\n  ".join(["There is nothing to compare.", *faults]))
    names = list(dict.fromkeys(name for values in given.values() for name in values))
    texts = {name: {values.get(name, "") for values in given.values()} for name in names}
    if varied is None:
        varied = [name for name in names if len(texts[name]) > 1 and name != "plan"]
    columns = {name: f"given_{name}" if name in RESULT_COLUMNS else name for name in varied}
    columns |= {"dataset": "dataset"}  # the data set of a run and of its notebook are the same
    shown = list(dict.fromkeys(columns[name] for name in varied))
    for found, values in zip(rows, given.values(), strict=True):
        for row in found:
            row |= {columns[name]: values.get(name, "") for name in varied}
    others = [name for name in shown if name != "dataset"]
    listed = [row for found in rows for row in found]
    write_results(listed, folder / "results.csv", others=[*others, "notebook"])
    same = {name: min(texts[name]) for name in names if name not in varied and name != "plan"}
    text = make_page(pd.DataFrame(listed), shown, title=title, faults=faults, same=same)
    with replace_when_whole(folder / PAGE) as part:
        part.write_text(text, encoding="utf-8")
    return faults


def check_folder(folder: Path) -> None:
    """Refuse to write over files of other commands: ReelbookError before anything is read."""
    check_place(folder / PAGE)
    page, results = folder / PAGE, folder / "results.csv"
    with_notebook = re.compile(rf"{','.join(RESULT_COLUMNS)}(,.*)?,notebook\n")
    if (page.exists() and not page.read_text(encoding="utf-8").startswith(HEAD)) or (
        results.exists() and not with_notebook.match(results.read_text(encoding="utf-8"))
    ):
        raise ReelbookError(
            f"{format_path(folder)} holds a {PAGE} or results.csv that this command did not write. "
            "They stay as they are: give another --output."
        )


def _read_notebook(path: Path) -> dict[str, Any]:
    """The content of a notebook that ran to its end; ReelbookError if it did not."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        outputs = _list_outputs(content)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReelbookError(f"{format_path(path)} is no notebook: {error!r}") from None
    if errors := [output for output in outputs if output.get("output_type") == "error"]:
        told = f"{errors[0].get('ename')}: {errors[0].get('evalue')}"
        raise ReelbookError(f"{format_path(path)} failed: {' '.join(told.split())[:300]}")
    if content["metadata"].get("papermill", {}).get("end_time", "") is None:
        raise ReelbookError(f"{format_path(path)} did not run to its end.")
    return content


def _list_outputs(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for cell in content["cells"] for output in cell.get("outputs", [])]


def _read_given(path: Path, content: dict[str, Any]) -> dict[str, str]:
    """The parameters of an executed notebook as text: what it declares, changed by papermill."""
    declared = {name: found.default for name, found in read_parameters(path).items()}
    injected = content["metadata"].get("papermill", {}).get("parameters", {})
    return {name: format_value(value) for name, value in (declared | injected).items()}


def _list_rows(path: Path, content: dict[str, Any], link: str) -> list[dict[str, Any]]:
    """The figures of the runs that an executed notebook used; ReelbookError if there are none."""
    beside = path.with_suffix(".runs.json")
    lists = [
        data[RUNS_TYPE] for o in _list_outputs(content) if RUNS_TYPE in (data := o.get("data", {}))
    ]
    if not lists and beside.is_file():
        lists = [json.loads(beside.read_text(encoding="utf-8"))]
    used = {run_id: protocols for found in lists for run_id, protocols in found.items()}
    if not used:
        raise ReelbookError(f"{format_path(path)} holds no training runs.")
    try:
        records = {run_id: find_run(run_id).record for run_id in used}
    except ReelbookError as error:
        raise ReelbookError(f"{format_path(path)}: {error}") from None
    return [
        row | {"notebook": link}
        for run_id, protocols in used.items()
        for protocol in protocols
        for row in list_figures(records[run_id], protocol)
    ]


def make_page(
    figures: pd.DataFrame,
    varied: list[str],
    *,
    title: str,
    faults: Sequence[str],
    same: dict[str, str],
) -> str:
    """HTML that opens by itself: each test figure over the varied parameters, and links.

    Args:
        figures: the rows of results.csv, with its columns.
        varied: those of its columns in which the notebooks differ.
        title: of the page.
        faults: what is wrong with notebooks that are left out.
        same: the other parameters, by name, with their values as text.
    """
    use_style()
    table = figures[[*varied, "notebook"]].drop_duplicates()
    told = [f"<p>{count(len(table), 'notebook')}, compared over {_join(varied) or 'nothing'}.</p>"]
    if faults:
        told += ["<p>Left out:</p><ul>", *(f"<li>{html.escape(f)}</li>" for f in faults), "</ul>"]
    axes = list_axes(varied)
    moving, still = drop_constant(figures[figures["split_part"] == "test"], axes)
    if still:
        told.append(f"<p>Left out, as nothing here changes them: {_join(still)}.</p>")
    parts = []
    # By name: the order of the rows is that of the runs' hashes.
    pairs = moving[["protocol", "metric"]].drop_duplicates().sort_values(["protocol", "metric"])
    for protocol, metric in pairs.itertuples(index=False):
        rows = moving[(moving["protocol"] == protocol) & (moving["metric"] == metric)]
        board = estimate(rows, axes)
        name = f"Test {metric}, protocol {protocol}"
        shown = board.drop(columns=[] if board["runs"].max() > 1 else "runs")
        figure = draw_over(board, axes=axes, title="", label=metric) if axes else None
        parts += [f"<h2>{html.escape(name)}</h2>", _embed(figure, name) if figure else ""]
        parts.append(f"<div class='wide'>{show_table(shown, name, digits=4).to_html()}</div>")
    links = show_table(
        sort_values(table, varied), "The executed notebooks.", formats={"notebook": _link}
    )
    constant = ", ".join(f"{name} {value}" for name, value in same.items())
    return "\n".join(
        [
            f"{HEAD}<title>{html.escape(title)}</title><style>{STYLE}</style>",
            f"<h1>{html.escape(title)}</h1>",
            *told,
            "<p>Values are means over runs that differ only in seeds and folds. The 95% intervals "
            "draw the users again.</p>",
            *parts,
            f"<h2>Notebooks</h2><div class='wide'>{links.to_html()}</div>",
            f"<p>The same in all: {html.escape(constant)}.</p>" if constant else "",
            "</html>\n",
        ]
    )


def _link(path: str) -> str:
    """HTML that leads to a notebook from its path, which is escaped already."""
    return f'<a href="{quote(html.unescape(path), safe="/=,")}">{path}</a>'


def _join(names: Iterable[str]) -> str:
    return html.escape(", ".join(names))


def _embed(figure: Figure, name: str) -> str:
    """A figure as an image inside the page."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    data = b64encode(file.getvalue()).decode()
    return f"<img alt='{html.escape(name, quote=True)}' src='data:image/svg+xml;base64,{data}'>"
