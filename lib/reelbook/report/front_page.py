"""What the front page shows of the results: texts, short tables and verdicts, as they are glued."""

from html import escape

import pandas as pd
from IPython.display import HTML
from pandas.io.formats.style import Styler

from reelbook.data.tables import Dataset
from reelbook.report import advice, claims, tables
from reelbook.report.figures.suitability import COLORS

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


def draw_guide(advised: pd.DataFrame) -> HTML:
    """A line a need: the model, its price, its margin and what would change the advice.

    Args:
        advised: as `guide.measure_guide` gives it.
    """
    lines = []
    for need, model, margin, price, change in advised.map(escape).itertuples(index=False):
        told = f"{margin[0].upper()}{margin[1:]}. {change[0].upper()}{change[1:]}."
        lines.append(f"<dt>{need}</dt><dd><strong>{model}</strong> ({price})<br>{told}</dd>")
    return HTML(f'<dl class="guide">{"".join(lines)}</dl>')


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
