"""Which model to ship: a line a need, with what it gains, what it costs, what would change that."""

from collections.abc import Iterable, Mapping

import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.ratings import compare_paired, compute_rmse
from reelbook.models.registry import describe_model
from reelbook.report.advice import say_seconds
from reelbook.report.compare import Groups, group_runs, list_gains
from reelbook.report.leaderboards import (
    add_gaps,
    find_cheap,
    keep_whole,
    make_ranking_board,
    make_rating_board,
)
from reelbook.report.leads import BY_TIME
from reelbook.report.sentences.phrases import join_words
from reelbook.runs.store import Run

SHARE = 0.1  # of what the best model costs, for which one within its noise is preferred
FEW = 20  # known ratings, below which a user counts as new
LEAST = 100  # test ratings of new users; of fewer nothing is said
EXPLAINED = ("topn.edlae", "topn.ease", "topn.item_knn", "content.ridge")  # lists with reasons
FOLDS_IN = "gaussian.fold_in"  # takes in new users as they come, and has reasons for its stars
BYTES = 4  # of a learned number
COLUMNS = ["for", "ship", "margin", "price", "what would change it"]


def choose_model(board: pd.DataFrame, *, share: float = SHARE) -> pd.Series:
    """The row to prefer: the best model, or one within its noise that costs a tenth.

    Within the noise: the 95% interval of its distance to the best, on the same rows, holds zero.
    Of several such models the most accurate.

    Args:
        board: best first, with seconds and clear: see `leaderboards.make_rating_board`.
        share: of the best one's seconds that the other may take.
    """
    near = board[~board["clear"] & (board["seconds"] <= share * board["seconds"].iloc[0])]
    return (near if len(near) else board).iloc[0]


def measure_guide(
    runs: Iterable[Run],
    dataset: Dataset,
    official: Groups,
    rated: pd.DataFrame,
    ranked: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """The guide of `make_guide`, from the runs of all chapters.

    Args:
        runs: of all chapters.
        dataset: what they were measured on.
        official: the runs of each model on the official folds.
        rated: the board of these.
        ranked: protocol to the board of its ranking models.
    """
    runs = list(runs)
    later, cold = (keep_whole(group_runs(runs, protocol=p)) for p in (BY_TIME, "cold-movies"))
    return make_guide(
        rated,
        ranked,
        later=make_rating_board(later) if later else rated.head(0),
        few=rank_few(dataset.ratings, official, rated),
        cold=make_ranking_board(cold) if cold else rated.head(0),
    )


def make_guide(
    rated: pd.DataFrame,
    ranked: Mapping[str, pd.DataFrame],
    *,
    later: pd.DataFrame,
    few: pd.DataFrame,
    cold: pd.DataFrame,
) -> pd.DataFrame:
    """A row a need with COLUMNS; a need that was not measured has none.

    Args:
        rated: the board of the rating models on the official folds, best first.
        ranked: protocol to the board of its ranking models; the first one chooses.
        later: the board of the rating models on ratings that follow all others.
        few: as `rank_few` gives it.
        cold: the board of the models that rank items which nobody has rated.
    """
    lists = next(iter(ranked.values()), rated.head(0))
    rows = [_advise_ratings(rated, later)]
    if len(later):
        best = choose_model(rated)["name"]
        rows.append(_advise("future ratings", later, f"to fill gaps instead: {best}"))
    if len(few):
        rows.append(_advise("new users", few, _change_few(few, rated)))
    if len(lists):
        rows.append(_advise("lists", lists, _change_lists(lists, ranked)))
    if len(cold):
        told = (
            f"once they are rated: {choose_model(lists)['name']}"
            if len(lists)
            else "no model of this plan ranks rated ones"
        )
        rows.append(_advise("new items", cold, told))
    if len(lists):
        rows += _advise_by_part(lists, rated)
    return pd.DataFrame(rows, columns=COLUMNS)


def rank_few(ratings: pd.DataFrame, groups: Groups, board: pd.DataFrame) -> pd.DataFrame:
    """The rating models on test ratings of users who have fewer than FEW known ones.

    Args:
        ratings: of the data set; what a run does not test is known to it.
        groups: the runs of each model, all on the same rows.
        board: of these models, with what they cost.

    Returns:
        name, value (RMSE over the ratings of all runs), behind, behind_low, behind_high and clear,
        seconds and parameters, best first; no row where such users have fewer than LEAST ratings.
    """
    totals = ratings["user_id"].value_counts()
    few = {
        model: pd.concat([_keep_few(run.predictions, totals) for run in runs])
        for model, runs in groups.items()
    }
    if not few or len(next(iter(few.values()))) < LEAST:
        return board.head(0)
    values = {
        model: compute_rmse(table["rating"].to_numpy(), table["prediction"].to_numpy())
        for model, table in few.items()
    }
    found = pd.DataFrame({"name": list(values), "value": list(values.values())})
    found = found.sort_values("value", kind="stable", ignore_index=True)
    best, *others = found["name"]
    gains = [compare_paired([few[other]], [few[best]]) for other in others]
    gapped = add_gaps(found, list_gains([(other, best) for other in others], gains))
    return gapped.merge(board[["name", "seconds", "parameters"]], on="name")


def _keep_few(tested: pd.DataFrame, totals: pd.Series) -> pd.DataFrame:
    """The test rows of users of whose ratings fewer than FEW are not tested."""
    users = tested["user_id"]
    known = users.map(totals) - users.map(users.value_counts())
    return tested[known < FEW]


def _advise_ratings(rated: pd.DataFrame, later: pd.DataFrame) -> dict[str, str]:
    """The line on ratings: how the pick stands by time is what would change it."""
    picked = choose_model(rated)["name"]
    own = later[later["name"] == picked] if len(later) else later
    if own.empty:
        return _advise("missing ratings", rated, "not tested by time")
    row = own.iloc[0]
    if row["name"] == later["name"].iloc[0]:
        return _advise("missing ratings", rated, "it is best by time, too")
    return _advise("missing ratings", rated, f"by time it is {_tell_behind(row, later)}")


def _change_few(few: pd.DataFrame, rated: pd.DataFrame) -> str:
    picked, own = choose_model(few)["name"], few[few["name"] == FOLDS_IN]
    if len(own) and picked != FOLDS_IN:
        row = own.iloc[0]
        return f"without new training: {FOLDS_IN}, {row['behind']:.3f} behind {_give_interval(row)}"
    return f"from {FEW} known ratings on: {choose_model(rated)['name']}"


def _change_lists(lists: pd.DataFrame, ranked: Mapping[str, pd.DataFrame]) -> str:
    """Which model leads elsewhere, and which one to take where there are no times."""
    picked = choose_model(lists)["name"]
    leaders: dict[str, list[str]] = {}
    for protocol, board in list(ranked.items())[1:]:
        leaders.setdefault(str(choose_model(board)["name"]), []).append(protocol)
    leaders.pop(picked, None)
    told = [
        f"{join_words(where)} {'prefers' if len(where) == 1 else 'prefer'} {model}"
        for model, where in leaders.items()
    ]
    if "times" in describe_model(picked).requires:
        without = [n for n in lists["name"] if "times" not in describe_model(n).requires]
        told += [f"without times: {name}" for name in without[:1]]
    return "; ".join(told) or "no other protocol prefers another model"


def _advise_by_part(lists: pd.DataFrame, rated: pd.DataFrame) -> list[dict[str, str]]:
    """The lines on little memory and on explanations, of the models that make lists."""
    picked, small = choose_model(lists), find_cheap(lists, share=SHARE, by="parameters")
    rows = []
    if small["name"] != lists["name"].iloc[0]:
        room = f"with room for {say_size(picked['parameters'])}: {picked['name']}"
        rows.append(_tell("little memory", small, lists, room))
    reasons = lists[lists["name"].isin(EXPLAINED)]
    if len(reasons):
        own = rated[rated["name"] == FOLDS_IN]
        told = (
            f"to explain stars instead: {FOLDS_IN}"
            if len(own)
            else f"without reasons: {picked['name']}"
        )
        rows.append(_tell("explanations", reasons.iloc[0], lists, told))
    return rows


def _advise(need: str, board: pd.DataFrame, change: str) -> dict[str, str]:
    return _tell(need, choose_model(board), board, change)


def _tell(need: str, row: pd.Series, board: pd.DataFrame, change: str) -> dict[str, str]:
    price = f"{say_seconds(row['seconds'])}, {say_size(row['parameters'])}"
    values = (need, str(row["name"]), tell_margin(row, board), price, change)
    return dict(zip(COLUMNS, values, strict=True))


def tell_margin(row: pd.Series, board: pd.DataFrame) -> str:
    """How far a model is ahead of the next one, or behind the first, with the interval."""
    if row["name"] != board["name"].iloc[0]:
        return _tell_behind(row, board)
    if len(board) == 1:
        return "no other model"
    following = board.iloc[1]
    return f"{following['behind']:.3f} ahead of {following['name']} {_give_interval(following)}"


def _tell_behind(row: pd.Series, board: pd.DataFrame) -> str:
    return f"{row['behind']:.3f} behind {board['name'].iloc[0]} {_give_interval(row)}"


def _give_interval(row: pd.Series) -> str:
    noise = "" if row["clear"] else "; could be noise"
    low, high = (round(row[f"behind_{end}"], 3) + 0.0 for end in ("low", "high"))  # not -0.000
    return f"({low:.3f} to {high:.3f}{noise})"


def say_size(parameters: float) -> str:
    """What so many numbers take, in kB or MB."""
    size = parameters * BYTES
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(size / 1e3, 0.1):.1f} kB"
