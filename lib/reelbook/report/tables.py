"""From results and records to the tables of the pages; no file is written here."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.display import Markdown
from pandas.io.formats.style import Styler

from reelbook.data.names import TRAITS, word_items
from reelbook.data.tables import Dataset, count_rated
from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import limit_users
from reelbook.models.fitting.sample import MOST_TUNED
from reelbook.paths import get_plan_dir, name_command
from reelbook.report.inside.two_tower import mark_untrained
from reelbook.report.sentences.phrases import join_words

# Built as a document describes them; all others are ours.
DOCUMENT_MODELS = [
    "mf.dot", "mf.mlp", "mf.sigmoid", "bst.base", "bst.tuned",
    "dcn.stacked", "dcn.parallel", "dcn.low_rank", "dcn.dnn",
]  # fmt: skip
BOARD_FORMATS = {
    "parameters": "{:,}", "seconds": "{:.1f}", "ms per 1,000": "{:,.1f}", "peak MB": "{:,.0f}",
}  # fmt: skip


def read_results(plan: str) -> pd.DataFrame:
    """The rows of `build/<plan>/results.csv`; ReelbookError if there are none (yet)."""
    path = get_plan_dir(plan) / "results.csv"
    if not path.is_file():
        raise ReelbookError(
            f"There are no results of plan {plan} yet ({path}). Run: {name_command(plan)}"
        )
    results = pd.read_csv(path, dtype={"fold": "Int64"})
    if results.empty:
        raise ReelbookError(
            f"Plan {plan} has no results: add a chapter that trains, or drop 90/91."
        )
    return results


def select_figures(results: pd.DataFrame, model: str, protocol: str, metric: str) -> pd.DataFrame:
    """The rows of results.csv with one metric of a model on test rows, a row a fold and seed."""
    asked = {"model": model, "protocol": protocol, "metric": metric, "split_part": "test"}
    return results[(results[list(asked)] == pd.Series(asked)).all(axis=1)]


def show_table(
    frame: pd.DataFrame, caption: str, *, digits: int = 3, formats: dict[str, Any] | None = None
) -> Styler:
    """A table for a page: caption, no index, floats rounded, the same HTML at every build.

    A column without a value, such as a deviation over one seed, is left out. A figure and what
    follows its ± stay in one line.

    Args:
        frame: what to show; its column names are the headings, with blanks for underscores.
        caption: a sentence that can stand alone.
        digits: decimals of every float column that `formats` does not name.
        formats: column to format, as `Styler.format` takes it; columns that are not there may be
            named.
    """
    frame = frame.dropna(axis="columns", how="all") if len(frame) else frame
    frame = frame.map(lambda v: v.replace(" ± ", "\xa0±\xa0") if isinstance(v, str) else v)
    numbers = [place for place, name in enumerate(frame) if _holds_numbers(frame[name])]
    chosen = {name: given for name, given in (formats or {}).items() if name in frame}
    headings = [str(name).replace("_", " ") for name in frame]
    floats = {name: f"{{:.{digits}f}}" for name in frame if frame[name].dtype.kind == "f"}
    return (
        # Styler would draw a random id, and the page would change with every build.
        frame.style.set_uuid(hashlib.sha256(caption.encode()).hexdigest()[:8])
        .set_caption(caption)
        .hide(axis="index")
        .format({**floats, **chosen}, na_rep="-", escape="html")
        .relabel_index(headings, axis="columns")
        .set_table_styles([{"selector": f".col{i}", "props": "text-align: right"} for i in numbers])
        .set_table_attributes('class="reelbook-table sortable"')
    )


def _holds_numbers(column: pd.Series) -> bool:
    """Whether a column is one of numbers, some of which may be written as text already."""
    if column.dtype.kind in "iuf":
        return True
    return bool(column.map(str).str.fullmatch(r"[-+]?[\d,.]+%?|-?").all())


def format_board(
    board: pd.DataFrame, *, metric: str, shares: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """A board of `reelbook.report.leaderboards` for a page: accuracy and the distance to the first.

    Args:
        board: best first.
        metric: heading of the accuracy.
        shares: of the lead that tuning gains, by model, as `sentences.tuning.tell_shares` has them.
    """
    names = {
        "name": "model", "value": metric, "low": "low", "high": "high",
        "behind": "behind", "behind_low": "from", "behind_high": "to",
    }  # fmt: skip
    shown = board.assign(name=mark_untrained(board["name"]))[list(names)].rename(columns=names)
    shown.loc[0, ["behind", "from", "to"]] = float("nan")  # the first is not compared to itself
    return shown.assign(**{"owed to tuning": board["name"].map(shares or {})})


def format_costs(board: pd.DataFrame) -> pd.DataFrame:
    """A board of `reelbook.report.leaderboards` for a page: what each model costs."""
    names = {
        "name": "model", "settings": "settings", "parameters": "parameters",
        "seconds": "seconds", "prediction_seconds": "ms per 1,000", "peak_mb": "peak MB",
    }  # fmt: skip
    shown = board[list(names)].assign(prediction_seconds=1000 * board["prediction_seconds"])
    return shown.rename(columns=names)


def link_chapter(name: str, *, plan: str) -> str:
    """HTML that leads to another page of a plan's book, or its number where the plan lacks it."""
    there = (get_plan_dir(plan) / "executed" / f"{name}.ipynb").is_file()
    return f'<a href="{name}.html">{name[:2]}</a>' if there else name[:2]


def list_glued(dataset: Dataset, board: pd.DataFrame, *, num_runs: int) -> dict[str, str]:
    """What the front page says in its text, by the name under which it is glued.

    Args:
        dataset: what was measured on.
        board: as `leaderboards.make_rating_board` gives it, best first.
        num_runs: how many training runs are behind the figures.
    """
    documents = board[board["name"].isin(DOCUMENT_MODELS)]
    return {
        "dataset_title": dataset.name,
        "dataset_note": dataset.note and f"Note: {dataset.note}.",
        **{f"num_{name}": f"{number:,}" for name, number in count_rated(dataset.ratings).items()},
        "document_range": f"The models as the documents describe them come to "
        f"{documents['value'].min():.3f} to {documents['value'].max():.3f} on the same rows."
        if len(documents)
        else "",
        "num_runs": str(num_runs),
    }


def describe_dataset(dataset: Dataset) -> str:
    """Markdown for the head of a page: what was measured on, what that lacks, its note in bold."""
    counts = count_rated(dataset.ratings)
    lacking = [f"no {trait}" for trait in TRAITS[:-1] if trait not in dataset.traits]
    most = limit_users(len(dataset.movies))
    text = (
        f"Measured on `{dataset.name}`: {counts['ratings']:,} ratings by "
        f"{counts['users']:,} users of {counts['movies']:,} {dataset.noun}. "
        + f"They hold {join_words(lacking)}. " * bool(lacking)
        + f"Lists are measured on at most {most:,} users, drawn from all. "
        * (most < counts["users"])
        + f"Settings are tried on users who have about {MOST_TUNED:,} of the ratings. "
        * (counts["ratings"] > MOST_TUNED)
        + f"Source: {dataset.source}. Fingerprint `{dataset.sha256[:12]}`."
    )
    return f"{text}\n\n> **Note: {dataset.note}.**" if dataset.note else text


def say(text: str, dataset: Dataset) -> Markdown:
    """A computed sentence without titles, in the words that fit the data."""
    return Markdown(word_items(text, dataset.noun))
