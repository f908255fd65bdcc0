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


def describe_flips(pairs: pd.DataFrame, kind: str) -> str:
    """Which pairs of models change places between one trial and as many as both have.

    Args:
        pairs: as `tuning.compare_budgets` gives them.
        kind: of the models.
    """
    if pairs.empty:
        return FEW
    flips = pairs[pairs["flips"]]
    if flips.empty:
        return (
            f"{WORDS[kind]}, no pair changes places between one trial each and the largest budget "
            "that both have."
        )
    return make_list(map(_tell_flip, list_rows(flips)))


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
    return f"{text}From {count(int(ahead), 'trial')} on it is expected to be ahead."


def format_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `tuning.compare_budgets` for a page."""
    chosen = [f"{row.value:+.4f} ({row.low:+.4f} to {row.high:+.4f})" for row in list_rows(pairs)]
    names = {
        "ahead": "ahead", "behind": "behind", "chance_early": "with 1 trial", "budget": "trials",
        "chance_late": "with all", "first_budget": "from",
    }  # fmt: skip
    shown = pairs[list(names)].rename(columns=names)
    return shown.assign(**{"chosen settings": chosen})


def format_gains(gains: pd.DataFrame) -> pd.DataFrame:
    """The gains of `tuning.list_gains` for a page: figures with their 95% intervals as text."""
    rows = list_rows(gains)
    shown = gains[["model", "trials", "seconds"]].copy()
    shown["1 trial"] = gains["one"]
    shown["all trials"] = [_give(r.value, r.low, r.high) for r in rows]
    shown["gain"] = [_give(r.gain, r.gain_low, r.gain_high, signed=True) for r in rows]
    shown["share of lead"] = [
        f"{r.share:.0%} ({r.share_low:.0%} to {r.share_high:.0%})" if pd.notna(r.share) else "-"
        for r in rows
    ]
    shown["boards"] = [_give(r.board, r.board_low, r.board_high) for r in rows]
    return shown


def format_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """A row a model, a column a budget: the expected test figure and the middle 95% of orders."""
    texts = [_give(row.value, row.low, row.high) for row in list_rows(curves)]
    wide = curves.assign(text=texts).pivot_table(
        index="model", columns="budget", values="text", sort=False, aggfunc="first"
    )
    wide = wide[sorted(wide.columns)].rename(columns=str)
    return wide.fillna("-").rename_axis(columns=None).reset_index()


def _tell_best(gains: pd.DataFrame, kind: str) -> str:
    """What the best model owes to its trials, and whether that is more than its lead."""
    best = gains.iloc[0]
    text = (
        f"{WORDS[kind]}, `{best['model']}` has the {BEST[kind]} {NAMES[kind]} once all of its "
        f"trials are made: **{best['value']:.4f}** (95% interval {give_bounds(best, digits=4)}) "
        f"with {count(int(best['trials']), 'trial')}. A single trial is expected to have "
        f"{best['one']:.4f}, so tuning gains {best['gain']:.4f} (95% interval "
        f"{best['gain_low']:.4f} to {best['gain_high']:.4f})"
    )
    if pd.notna(best["share"]):
        text += f", which is {best['share']:.0%} of the lead over {REFERENCES[kind]}"
    if len(gains) > 1:
        lead = abs(best["value"] - gains["value"].iloc[1])
        more = "more" if best["gain"] > lead else "less"
        text += f", and {more} than the lead of {lead:.4f} over `{gains['model'].iloc[1]}`"
    return f"{text}."


def _count_flips(pairs: pd.DataFrame) -> str:
    """How many pairs of models change places."""
    if pairs.empty:
        return ""
    return (
        f" Between one trial each and the largest budget that both have, {pairs['flips'].sum()} of "
        f"{count(len(pairs), 'pair')} of models change places."
    )


def _tell_flip(row: Any) -> str:
    clear = "" if row.clear else f", {INDISTINGUISHABLE}"
    return (
        f"With one trial each `{row.behind}` is ahead of `{row.ahead}` in "
        f"{1 - row.chance_early:.0%} of the pairs of orders. From {row.first_budget} trials on "
        f"`{row.ahead}` is expected to be ahead; with {row.budget} it is in {row.chance_late:.0%}. "
        f"The settings that all trials choose differ by {row.value:+.4f} (95% interval "
        f"{row.low:+.4f} to {row.high:+.4f}{clear})."
    )


def _give_row(row: Any) -> str:
    return f"**{row['value']:.4f}** (95% interval {give_bounds(row, digits=4)})"


def _give(value: float, low: float, high: float, *, signed: bool = False) -> str:
    if pd.isna(value):
        return "-"
    sign = "+" if signed else ""
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"
