"""Figures of others beside ours: the documents' own tables, and published baselines."""

from pathlib import Path
from typing import Any

import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml
from reelbook.models.registry import resolve_params
from reelbook.paths import BOOK
from reelbook.report.inside.two_tower import name_untrained
from reelbook.report.tables import select_figures

FIELDS = {"caption", "source", "dataset", "protocol", "figures", "rows"}
PUBLISHED = {"dataset", "protocol", "source", "label", "note", "metrics", "models"}
SUMMARIES = ("mean", "std")


def read_documents(path: Path = BOOK / "documents.yml") -> list[dict[str, Any]]:
    """The tables as written; ReelbookError where a field is missing, unknown or does not fit."""
    tables = read_yaml(path)
    for table in tables:
        name = f"{path.name}, table {table.get('caption', '?')!r}"
        if wrong := FIELDS ^ table.keys():
            raise ReelbookError(f"{name}: missing or unknown: {', '.join(sorted(wrong))}.")
        for row in table["rows"]:
            if len(row["theirs"]) != len(table["figures"]):
                raise ReelbookError(f"{name}: {row['name']} has not one figure a column.")
    return tables


def rebuild_table(table: dict[str, Any], results: pd.DataFrame) -> pd.DataFrame:
    """A row a model of the document: its figures, and ours measured in the document's way.

    Args:
        table: as `read_documents` gives it; `figures` names for each column a metric and how runs
            are summed up, such as "mean rmse".
        results: the rows of results.csv.

    Returns:
        model (the document's words, and what was not trained), a column "theirs" and one "ours" for
        each figure, chapter; NaN where this plan has no such run.

    Raises:
        ReelbookError: an unknown way to sum up.
    """
    rows = []
    for row in table["rows"]:
        untrained = name_untrained(resolve_params(row["model"], {}))
        found: dict[str, Any] = {"model": ", ".join(filter(None, [row["name"], untrained]))}
        for (label, figure), theirs in zip(table["figures"].items(), row["theirs"], strict=True):
            how, _, metric = figure.partition(" ")
            if how not in SUMMARIES:
                raise ReelbookError(f"documents.yml: {figure!r} begins with none of {SUMMARIES}.")
            ours = select_figures(results, row["model"], table["protocol"], metric)
            found |= {f"{label} theirs": theirs, f"{label} ours": ours["value"].agg(how)}
        rows.append(found | {"chapter": row["chapter"]})
    return pd.DataFrame(rows)


def compare_references(results: pd.DataFrame, *, dataset: str) -> pd.DataFrame:
    """Published figures of the same algorithms beside ours, from `book/reference_figures.yml`.

    Args:
        results: the rows of results.csv.
        dataset: name of the data set; figures of another one are left out, as are models that this
            plan did not run.

    Returns:
        model, figure (metric and rows), published, ours, difference, within (the distance that was
        stated; NaN where the rows are others), note (source, or why they differ).
    """
    rows = []
    for their in read_yaml(BOOK / "reference_figures.yml"):
        model, metric, published = their["model"], their["metric"], their["value"]
        own = select_figures(results, model, their["protocol"], metric)
        if fold := their.get("fold"):
            own, metric = own[own["fold"] == fold], f"{metric}, fold {fold}"
        if len(own) and their["dataset"] == dataset:
            ours = own["value"].mean()
            within = their.get("within", float("nan"))
            rows.append([model, metric, published, ours, ours - published, within, their["note"]])
    columns = ["model", "figure", "published", "ours", "difference", "within", "note"]
    return pd.DataFrame(rows, columns=columns)


def read_published(dataset: Dataset, protocol: str) -> pd.DataFrame:
    """Figures that others published for this data set and protocol, best first; empty if none.

    Returns:
        model, source (what the column of that name says of the figures) and a column a metric, from
        `book/published.yml`.

    Raises:
        ReelbookError: an entry of the file lacks something.
    """
    table = _find_published(dataset, protocol)
    if table is None:
        return pd.DataFrame({"model": []})
    metrics = table["metrics"]
    frame = pd.DataFrame.from_dict(table["models"], orient="index", columns=metrics)
    frame = frame.rename_axis("model").reset_index()
    frame.insert(1, "source", table["label"])
    return frame.sort_values(metrics[0], ascending=False, ignore_index=True)


def describe_published(dataset: Dataset, protocol: str) -> str:
    """What a reader must know of these figures, and by which rule ours stand beside them.

    Empty where nothing is published. The errors are those of `read_published`.
    """
    table = _find_published(dataset, protocol)
    return table["note"] if table else ""


def add_published(board: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """A table of ours with a column that says so, and the published one below it."""
    parts = [board.assign(source="here"), published]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return table[["model", "source", *board.columns.drop("model")]]


def _find_published(dataset: Dataset, protocol: str) -> dict[str, Any] | None:
    """The table of `book/published.yml` for the whole data set and a protocol, if there is one."""
    found = None
    for table in read_yaml(BOOK / "published.yml"):
        if missing := PUBLISHED - table.keys():
            raise ReelbookError(f"published.yml: a table has no {', '.join(sorted(missing))}.")
        if (table["dataset"], table["protocol"]) == (dataset.name, protocol) and not dataset.note:
            found = found or table
    return found
