"""What someone who builds a recommender wants to know: which model, at what cost, what mattered.

Every sentence is computed from the boards, so other records give other sentences.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from reelbook.metrics.ratings import compare_paired
from reelbook.models.registry import describe_model
from reelbook.report.leaderboards import find_best, find_cheap
from reelbook.report.sentences.phrases import INDISTINGUISHABLE, join_words
from reelbook.runs.store import Run


class Part(NamedTuple):
    """What the second model has and the first lacks."""

    name: str
    first: str
    second: str


PARTS = [
    Part("Mean, biases and a penalty around the dot product", "mf.dot", "mf.biased"),
    Part("Implicit feedback (who rated what)", "mf.biased", "mf.implicit"),
    Part("Averaging over draws of the weights", "baseline.svd", "bayes.mf"),
    Part("Days, the list of rated movies and side features", "bayes.mf", "bayes.timesvd"),
    Part("The ratings around a rating", "mf.implicit", "neighbourhood.network"),
    Part("Statistics of users and movies beside the features", "dcn.stacked", "dcn.best"),
    Part("A dense layer with dropout in place of the dot product", "mf.dot", "mf.mlp"),
    Part("A sigmoid scaled to the stars", "mf.dot", "mf.sigmoid"),
    Part("A cross layer before the dense ones", "dcn.dnn", "dcn.stacked"),
    Part("Full cross weights in place of low-rank ones", "dcn.low_rank", "dcn.stacked"),
    Part("The order of a user's ratings", "bst.shuffled", "bst.best"),
    Part("Side features beside ids and history", "bst.no_side", "bst.best"),
]
PROTOCOLS = ("official", "ablation")  # of the rows on which parts are compared
SMALL = 0.005  # stars; a gain below it would not be noticed


def measure_parts(runs: Iterable[Run], parts: Iterable[Part] = PARTS) -> pd.DataFrame:
    """A row a part: by how many stars it lowers the test RMSE, on the same rows.

    Args:
        runs: those on the official folds, and on the same rows under `ablation`.
        parts: see `PARTS`; one whose models share no rows is left out.

    Returns:
        part, second (what has it), folds (number), value, low, high of the 95% interval, and
        matters: whether the gain is at least SMALL and its interval above zero; most first.
    """
    by_model: dict[str, dict[tuple[str, int], Run]] = {}
    for run in runs:
        if run.protocol in PROTOCOLS:
            key = (run.record.split["fingerprint"], run.record.seed)
            by_model.setdefault(run.record.model, {})[key] = run
    rows = []
    for part in parts:
        first, second = by_model.get(part.first, {}), by_model.get(part.second, {})
        if shared := [key for key in first if key in second]:
            gain = compare_paired(
                *([found[key].predictions for key in shared] for found in (first, second))
            )
            rows.append((part.name, part.second, len(shared), gain.value, gain.low, gain.high))
    table = pd.DataFrame(rows, columns=["part", "second", "folds", "value", "low", "high"])
    table["matters"] = (table["low"] > 0) & (table["value"] >= SMALL)
    return table.sort_values("value", ascending=False, ignore_index=True)


def describe_rating_choice(board: pd.DataFrame) -> str:
    """Which model to take for ratings, and what it costs."""
    best, cheap = board.iloc[0], find_cheap(board)
    deep, simple = find_best(board, deep=True), find_best(board, deep=False)
    text = (
        f"{_name(best)} predicts ratings best: its RMSE on the official folds is "
        f"{best['value']:.3f} stars, after {say_seconds(best['seconds'])} of tuning and training "
        "per fold."
    )
    if cheap["name"] != best["name"]:
        text += (
            f" Where time is short, {_name(cheap)} reaches {cheap['value']:.3f} after "
            f"{say_seconds(cheap['seconds'])}."
        )
    if deep is None or simple is None:
        return text
    is_deep = deep["name"] == best["name"]
    other, kind = (simple, "model without hidden layers") if is_deep else (deep, "deep model")
    if other["name"] == cheap["name"]:
        return f"{text} It is the best {kind}, too, and {_say_gap(other)}"
    return f"{text} The best {kind}, {_name(other)}, {_say_gap(other)}"


def describe_service(board: pd.DataFrame, leads: pd.DataFrame) -> str:
    """What the best rating model's lead is worth in service, to be said after who is best.

    Args:
        board: the rating models on the official folds, best first.
        leads: as `leads.compare_leads` gives them; nothing is said of a model that is not there.
    """
    found = leads[leads["name"] == board["name"].iloc[0]]
    if found.empty:
        return ""
    row = found.iloc[0]
    if row["later_low"] > 0:
        return (
            f" On the last ratings of all its lead over biases is {row['later']:.3f} stars, and "
            f"{row['lead']:.3f} on the folds, where a model sees what a user rated afterwards."
        )
    return (
        " The folds let a model see what a user rated afterwards: on the last ratings of all it is "
        "no better than biases."
    )


def describe_ranking_choice(boards: dict[str, pd.DataFrame]) -> str:
    """Which model to take for lists, by each protocol, and what the first one costs."""
    if not boards:
        return "No model that ranks was run."
    protocol, board = next(iter(boards.items()))
    best = board.iloc[0]
    tied = board.loc[~board["clear"], "name"].tolist()[1:]
    text = (
        f"On {protocol}, {_name(best)} makes the best lists: its nDCG@10 is {best['value']:.3f}, "
        f"after {say_seconds(best['seconds'])} of tuning and training"
    )
    are = "is" if len(tied) == 1 else "are"
    text += (
        f"; {join_words(tied)} {are} statistically indistinguishable from it."
        if tied
        else ", clearly ahead of all other models."
    )
    others = [
        f"{found['name'].iloc[0]} leads on {name} ({found['value'].iloc[0]:.3f})"
        for name, found in list(boards.items())[1:]
    ]
    return f"{text} Of all models, {join_words(others)}." if others else text


def describe_parts(parts: pd.DataFrame, *, matters: bool) -> str:
    """What mattered, or what did not, with the stars by which the error fell."""
    found = parts[parts["matters"] == matters]
    texts = [
        f"{name[0].lower()}{name[1:]} ({round(value, 3) + 0.0:+.3f})"  # not -0.000
        for name, value in zip(found["part"], found["value"], strict=True)
    ]
    return join_words(texts) or "nothing that was tried"


def _name(row: pd.Series) -> str:
    """A model's name, with what it stands for."""
    return f"{row['name']} ({describe_model(row['name']).words})"


def _say_gap(row: pd.Series) -> str:
    """How far behind the first a row of a board is."""
    told = "" if row["clear"] else f", {INDISTINGUISHABLE}"
    return f"is {row['behind']:.3f} stars behind{told}."


def say_seconds(seconds: float) -> str:
    """Seconds in words: "27 s", "1.6 s", "less than 0.1 s"."""
    if seconds < 0.05:
        return "less than 0.1 s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
