"""What the front page shows of the results: texts and short tables, by their glued names."""

import pandas as pd
from pandas.io.formats.style import Styler

from reelbook.data.tables import Dataset
from reelbook.report import advice, tables

SHORT = 5  # rows of a leaderboard


def list_texts(
    dataset: Dataset,
    board: pd.DataFrame,
    boards: dict[str, pd.DataFrame],
    parts: pd.DataFrame,
    verdicts: pd.DataFrame,
    *,
    num_runs: int,
) -> dict[str, str]:
    """Figures and sentences of the front page.

    Args:
        dataset: what was measured on.
        board: the rating models, as `leaderboards.make_rating_board` gives them, best first.
        boards: protocol to its ranking models, as `leaderboards.make_ranking_board` gives them.
        parts: as `advice.measure_parts` gives them.
        verdicts: as `claims.judge_claims` gives them.
        num_runs: how many training runs are behind the figures.
    """
    return tables.list_glued(dataset, board, verdicts, num_runs=num_runs) | {
        "rating_advice": advice.describe_rating_choice(board),
        "ranking_advice": advice.describe_ranking_choice(boards),
        "mattered": advice.describe_parts(parts, matters=True),
        "mattered_not": advice.describe_parts(parts, matters=False),
    }


def list_tables(
    board: pd.DataFrame, lists: pd.DataFrame, verdicts: pd.DataFrame
) -> dict[str, Styler]:
    """The short tables of the front page.

    Args:
        board: the rating models, best first.
        lists: the ranking models of the first protocol, best first.
        verdicts: as `claims.judge_claims` gives them.
    """
    return {
        "leaderboard_short": _shorten(
            board,
            "rmse",
            "The lowest test RMSE on the official folds, in stars, with its 95% interval.",
        ),
        "ranking_short": _shorten(
            lists,
            "ndcg-10",
            "The highest nDCG@10, over the whole catalogue, with its 95% interval.",
        ),
        "verdicts_short": tables.show_table(
            verdicts[["id", "statement", "verdict"]],
            "Each claim of the documents, and its verdict.",
        ),
    }


def _shorten(board: pd.DataFrame, metric: str, caption: str) -> Styler:
    """The head of a board: accuracy, its interval and the cost."""
    short = board.rename(columns={"name": "model", "value": metric}).head(SHORT)
    columns = ["model", metric, "low", "high", "seconds"]
    return tables.show_table(short[columns], caption, formats={"seconds": "{:.1f}"})
