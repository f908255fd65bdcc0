"""What the front page shows of the results: texts, short tables and verdicts, as they are glued."""

from collections.abc import Iterable, Mapping
from html import escape

import pandas as pd
from IPython.display import HTML
from pandas.io.formats.style import Styler

from reelbook.data.tables import Dataset
from reelbook.report import advice, claims, guide, tables
from reelbook.report.compare import Groups
from reelbook.report.figures.suitability import COLORS
from reelbook.runs.store import Run

SHORT = 5  # rows of a leaderboard
SQUARES = {
    claims.REPRODUCED: COLORS["green"],
    claims.NOT_REPRODUCED: COLORS["red"],
    claims.ARTEFACT: COLORS["amber"],
    claims.CANNOT_BE_JUDGED: ("#ffffff", "#5f6368"),
}


def list_texts(
    dataset: Dataset,
    board: pd.DataFrame,
    parts: pd.DataFrame,
    *,
    num_runs: int,
) -> dict[str, str]:
    """Figures and sentences of the front page.

    Args:
        dataset: what was measured on.
        board: the rating models, as `leaderboards.make_rating_board` gives them, best first.
        parts: as `advice.measure_parts` gives them.
        num_runs: how many training runs are behind the figures.
    """
    return tables.list_glued(dataset, board, num_runs=num_runs) | {
        "mattered": advice.describe_parts(parts, matters=True),
        "mattered_not": advice.describe_parts(parts, matters=False),
    }


def list_tables(board: pd.DataFrame, lists: pd.DataFrame) -> dict[str, Styler | HTML]:
    """The short tables of the front page.

    Args:
        board: the rating models, best first.
        lists: the ranking models of the first protocol, best first.
    """
    return {
        "leaderboard_short": _shorten(
            board,
            "rmse",
            "The lowest test RMSE on the official folds, in stars, with its 95% interval.",
        ),
        "ranking_short": _shorten(
            lists,
            "ndcg@10",
            "The highest nDCG@10, over the whole catalogue, with its 95% interval.",
        ),
    }


def show_guide(
    runs: Iterable[Run],
    dataset: Dataset,
    official: Groups,
    board: pd.DataFrame,
    boards: Mapping[str, pd.DataFrame],
) -> Styler:
    """The table of `guide.measure_guide`, with its arguments."""
    return tables.show_table(
        guide.measure_guide(runs, dataset, official, board, boards),
        "Which model to ship, by need. Margin: stars of RMSE for ratings, nDCG@10 for lists, with "
        "its 95% interval. Price: seconds to tune and train on one core, and 4 bytes for each "
        "learned number.",
    )


def draw_verdicts(verdicts: pd.DataFrame) -> HTML:
    """A coloured square a claim, in a line a verdict; each leads to the page of results.

    Args:
        verdicts: as `claims.judge_claims` gives them.
    """
    lines = []
    for verdict, (ink, ground) in SQUARES.items():
        tag = f'<a href="90_results.html" style="color: {ink}; background: {ground}"'
        squares = "".join(
            f'{tag} title="{escape(str(row.statement))}">{row.id}</a>'
            for row in verdicts[verdicts["verdict"] == verdict].itertuples()
        )
        if squares:
            number = squares.count("<a ")
            lines.append(f"<dt>{claims.count_verdict(number, verdict)}</dt><dd>{squares}</dd>")
    return HTML(f'<dl class="verdicts">{"".join(lines)}</dl>')


def _shorten(board: pd.DataFrame, metric: str, caption: str) -> Styler | HTML:
    """The head of a board: accuracy, its interval and the cost; nothing of an empty board."""
    if board.empty:
        return HTML("")
    short = board.rename(columns={"name": "model", "value": metric}).head(SHORT)
    columns = ["model", metric, "low", "high", "seconds"]
    return tables.show_table(short[columns], caption, formats={"seconds": "{:.1f}"})
