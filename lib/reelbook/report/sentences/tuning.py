"""The computed sentences of the chapter on tuning."""

from typing import Any

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import (
    INDISTINGUISHABLE,
    give_bounds,
    join_words,
    list_rows,
    make_list,
    quote_models,
)

NAMES = {"stars": "RMSE", "lists": "nDCG@10"}
BEST = {"stars": "lowest", "lists": "highest"}
REFERENCES = {"stars": "biases", "lists": "popularity"}
WORDS = {"stars": "Of rating models", "lists": "Of models of lists"}
PAIR = ["ahead", "behind"]
FEW = "Fewer than two of these models were tuned, so no order can change."


def answer(gains: dict[str, pd.DataFrame], pairs: dict[str, pd.DataFrame]) -> str:
    """The short answer of the chapter.

    Args:
        gains: by kind, as `tuning.list_gains` gives them.
        pairs: by kind, as `tuning.compare_budgets` gives them.
    """
    told = [f"{_tell_best(gains[k], k)}{_count_flips(pairs[k])}" for k in gains if len(gains[k])]
    return f"**In short.** {' '.join(told)}" if told else "**In short.** No model was tuned here."


def describe_gains(gains: pd.DataFrame, kind: str) -> str:
    """What the trials of each model are worth, and which part of its lead.

    Args:
        gains: as `tuning.list_gains` gives them.
        kind: of the models.
    """
    sentences = []
    for row in list_rows(gains):
        text = (
            f"`{row.model}`: the {NAMES[kind]} goes from {row.one:.4f} with one trial to "
            f"**{row.value:.4f}** with {count(row.trials, 'trial')}"
        )
        if pd.notna(row.share):
            text += (
                f"; that is {row.share:.0%} (95% interval {row.share_low:.0%} to "
                f"{row.share_high:.0%}) of its lead over {REFERENCES[kind]}"
            )
        else:
            text += f"; it does not beat {REFERENCES[kind]}"
        sentences.append(f"{text}.")
    return make_list(sentences)


def describe_boards(gains: pd.DataFrame, kind: str) -> str:
    """Whether the settings of the boards are better than what the trials chose.

    Args:
        gains: as `tuning.list_gains` gives them.
        kind: of the models.
    """
    known = gains.dropna(subset=["board"])
    sign = -1 if kind == "stars" else 1
    found = known[sign * known["value"] >= sign * known["board"]]
    text = (
        f"The trials chose a setting at least as good on test rows as that of the boards for "
        f"{len(found)} of {count(len(known), 'model')}"
    )
    return f"{text}: {join_words(quote_models(found['model']))}." if len(found) else f"{text}."


def describe_flips(pairs: pd.DataFrame, chosen: pd.DataFrame, kind: str) -> str:
    """Which pairs of models change places between a small budget and the largest of both.

    Args:
        pairs: as `tuning.compare_budgets` gives them.
        chosen: as `tuning.compare_chosen` gives them.
        kind: of the models.
    """
    if pairs.empty:
        return FEW
    groups = [own for _, own in pairs.groupby(PAIR, sort=False)]
    told = [
        _tell_flip(own, gap)
        for own, gap in zip(groups, list_rows(chosen), strict=True)
        if (own["value"] < 0).any()
    ]
    return make_list(told) if told else f"{WORDS[kind]}, no pair changes places with the budget."


def describe_unequal(unequal: pd.DataFrame) -> str:
    """How few trials the preferred model needs against a rival with all of its own.

    Args:
        unequal: as `tuning.compare_unequal` gives them.
    """
    if unequal.empty:
        return FEW
    first, last = unequal.iloc[0], unequal.iloc[-1]
    rival = f"`{last['rival']}` with all of its trials ({last['rival_trials']})"
    text = (
        f"Validation rows prefer `{last['model']}`. With a single trial it beats {rival} on test "
        f"rows in {first['chance']:.0%} of its orders. "
    )
    if last["value"] <= 0:
        return f"{text}It is not ahead of it with {count(int(last['budget']), 'trial')} either."
    behind = unequal.loc[unequal["value"] <= 0, "budget"].max()  # missing where it never is
    ahead = unequal.loc[~(unequal["budget"] <= behind), "budget"].iloc[0]
    when = "even then" if ahead == 1 else f"from {ahead} trials on"
    return f"{text}It is expected to be ahead {when}."


def format_pairs(pairs: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """A row a pair, a column a budget: in how many pairs of orders the first is ahead.

    Args:
        pairs: as `tuning.compare_budgets` gives them.
        chosen: as `tuning.compare_chosen` gives them.
    """
    texts = pairs["chance"].map("{:.0%}".format, na_action="ignore").fillna("-")
    wide = pairs.assign(text=texts).pivot(index=PAIR, columns="budget", values="text").fillna("-")
    wide = wide.rename(columns=str).rename_axis(columns=None)
    gaps = [_give(row.value, row.low, row.high, signed=True) for row in list_rows(chosen)]
    return chosen[PAIR].join(wide, on=PAIR).assign(difference=gaps)


def format_gains(gains: pd.DataFrame) -> pd.DataFrame:
    """The gains of `tuning.list_gains` for a page: figures with their 95% intervals as text."""
    rows = list_rows(gains)
    shown = gains[["model", "trials", "seconds"]].copy()
    shown["1 trial"] = gains["one"]
    shown["all trials"] = [_give(r.value, r.low, r.high) for r in rows]
    shown["gain"] = [_give(r.gain, r.gain_low, r.gain_high, signed=True) for r in rows]
    shown["share of lead"] = [_give_share(r) for r in rows]
    shown["boards"] = [_give(r.board, r.board_low, r.board_high) for r in rows]
    return shown


def tell_shares(gains: pd.DataFrame) -> dict[str, str]:
    """By model, for its row of a board: which part of its lead its trials gain, and how many.

    Args:
        gains: as `tuning.list_gains` gives them.
    """
    known = gains.dropna(subset=["share"])
    return {r.model: f"{_give_share(r)} by {count(r.trials, 'trial')}" for r in list_rows(known)}


def format_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Two rows a model, of validation and of test rows; a column a budget: the expected figure.

    Args:
        curves: as `tuning.list_curves` gives them.
    """
    texts = {
        "validation": [f"{value:.4f}" for value in curves["validation"]],
        "test": [_give(row.value, row.low, row.high) for row in list_rows(curves)],
    }
    keys = ["model", "rows"]
    long = pd.concat([curves.assign(rows=rows, text=text) for rows, text in texts.items()])
    wide = long.pivot(index=keys, columns="budget", values="text").fillna("-")
    order = pd.MultiIndex.from_product([curves["model"].unique(), texts], names=keys)
    return wide.reindex(order).rename(columns=str).rename_axis(columns=None).reset_index()


def _tell_best(gains: pd.DataFrame, kind: str) -> str:
    """What the best model owes to its trials, and whether that is more than its lead."""
    best = gains.iloc[0]
    text = (
        f"{WORDS[kind]}, `{best['model']}` has the {BEST[kind]} {NAMES[kind]} after all trials: "
        f"**{best['value']:.4f}** (95% interval {give_bounds(best, digits=4)}) after "
        f"{best['trials']}. A single trial is expected to give {best['one']:.4f}, so tuning gains "
        f"{best['gain']:.4f} (95% interval {best['gain_low']:.4f} to {best['gain_high']:.4f})"
    )
    if pd.notna(best["share"]):
        text += f", {best['share']:.0%} of the lead over {REFERENCES[kind]}"
    if len(gains) > 1:
        lead = abs(best["value"] - gains["value"].iloc[1])
        more = "more" if best["gain"] > lead else "less"
        text += f" and {more} than the {lead:.4f} between it and `{gains['model'].iloc[1]}`"
    return f"{text}."


def _count_flips(pairs: pd.DataFrame) -> str:
    """How many pairs of models change places."""
    if pairs.empty:
        return ""
    lowest = pairs.groupby(PAIR)["value"].min()
    return (
        f" Pairs of models that change places as trials are added: {(lowest < 0).sum()} of "
        f"{len(lowest)}."
    )


def _tell_flip(own: pd.DataFrame, gap: Any) -> str:
    """Where one of a pair is ahead, how surely with one trial each, and what is left at the end."""
    first, last = own.iloc[0], own.iloc[-1]
    behind = join_words([str(budget) for budget in own.loc[own["value"] < 0, "budget"]])
    clear = "" if gap.clear else f", {INDISTINGUISHABLE}"
    return (
        f"`{last['ahead']}` is expected to be ahead of `{last['behind']}` with {last['budget']} "
        f"trials each, but behind with {behind}. With one trial each it is ahead in "
        f"{first['chance']:.0%} of the pairs of orders. Between the settings that all trials of "
        f"each choose, the difference is {gap.value:+.4f} (95% interval {gap.low:+.4f} to "
        f"{gap.high:+.4f}{clear})."
    )


def _give_share(row: Any) -> str:
    if pd.isna(row.share):
        return "-"
    return f"{row.share:.0%} ({row.share_low:.0%} to {row.share_high:.0%})"


def _give(value: float, low: float, high: float, *, signed: bool = False) -> str:
    if pd.isna(value):
        return "-"
    sign = "+" if signed else ""
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"
