"""The computed sentences of the chapter on the future."""

from typing import Any

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import join_words, list_rows, quote_models

NO_TIMES = "The times of these ratings cannot split them, so nothing is left to compare."
STARS, LISTS = "biases", "popularity"


def answer(stars: pd.DataFrame, lists: pd.DataFrame) -> str:
    """The short answer of the chapter.

    Args:
        stars: leads of rating models, as `future.compare_columns` gives them.
        lists: leads of lists, likewise.
    """
    told = [
        _tell_first(leads, reference)
        for leads, reference in ((stars, STARS), (lists, LISTS))
        if leads["column"].nunique() > 1
    ]
    return f"**In short.** {' '.join(told)}" if told else f"**In short.** {NO_TIMES}"


def describe_service(leads: pd.DataFrame, *, reference: str) -> str:
    """Which models beat the reference in the last column, where nothing later is known.

    Args:
        leads: as `future.compare_columns` gives them.
        reference: whose lead is zero, in words.
    """
    if leads.empty:
        return NO_TIMES
    column = leads["column"].iloc[-1]
    own = leads[leads["column"] == column].sort_values("value", ascending=False)
    ahead = own[own["low"] > 0]
    text = f"Of {count(len(own), 'model')}, "
    if ahead.empty:
        return f"{text}none is clearly better than {reference} {column}."
    best = ahead.iloc[0]
    behind = own[own["high"] < 0]
    text += (
        f"{join_words(quote_models(ahead['name']))} {'is' if len(ahead) == 1 else 'are'} clearly "
        f"better than {reference} {column}"
    )
    if len(behind):
        text += f", and {join_words(quote_models(behind['name']))} clearly worse"
    return (
        f"{text}. In service, where nothing later is known, one would put `{best['name']}`: its "
        f"lead there is {_give_lead(best)}."
    )


def describe_orders(orders: pd.DataFrame, *, first: str) -> str:
    """Kendall's tau of the order in the first column and that in each other one.

    Args:
        orders: as `future.correlate_columns` gives them.
        first: name of the first column.
    """
    if orders.empty:
        return NO_TIMES
    told = [f"{row.tau:.2f} {row.column}" for row in list_rows(orders)]
    return f"Kendall's tau of the order {first} and the others is {join_words(told)}."


def describe_leaks(leads: pd.DataFrame, *, reference: str) -> str:
    """What the leads are without any leak and with the largest.

    Args:
        leads: as `future.compare_columns` gives them, with the share as the column.
        reference: whose lead is zero, in words.
    """
    if leads.empty:
        return NO_TIMES
    shares = leads["column"].astype(float)
    told = []
    for name, own in leads.groupby("name", sort=False):
        values = own.sort_values("column")["value"].tolist()
        none, most = values[0], values[-1]
        told.append(f"{none:+.3f} to {most:+.3f} (`{name}`)")
    return (
        f"From {shares.min():.0%} to {shares.max():.0%} of the later ratings in training, the lead "
        f"over {reference} goes from {join_words(told)}."
    )


def format_leads(leads: pd.DataFrame) -> pd.DataFrame:
    """A row a model, a column a column: the lead and half the width of its interval."""
    shown = leads.assign(
        text=[f"{row.value:+.3f} ± {row.high - row.value:.3f}" for row in list_rows(leads)]
    )
    wide = shown.pivot_table(
        index="name", columns="column", values="text", sort=False, aggfunc="first"
    )
    return (
        wide.fillna("-").rename_axis(columns=None).reset_index().rename(columns={"name": "model"})
    )


def _tell_first(leads: pd.DataFrame, reference: str) -> str:
    """What is left in each column of the lead of the model that is first in the first column."""
    columns = list(dict.fromkeys(leads["column"]))
    first = leads[leads["column"] == columns[0]].sort_values("value", ascending=False).iloc[0]
    own = leads[leads["name"] == first["name"]].set_index("column")
    told = [
        f"{_tell_left(own.loc[column], first)} {column}"
        for column in columns[1:]
        if column in own.index
    ]
    return (
        f"Over {reference}, `{first['name']}` has the largest lead {columns[0]}, "
        f"{_give_lead(first)}. Of it {join_words(told)}."
    )


def _tell_left(part: Any, whole: Any) -> str:
    """What is left of a lead: a share of it, nothing, or nothing that is clear."""
    if part["value"] <= 0:
        return "nothing is left"
    share = f"{part['value'] / whole['value']:.0%} is left"
    return share if part["low"] > 0 else f"{share}, which is not clear,"


def _give_lead(row: Any) -> str:
    return f"{row['value']:.3f} (95% interval {row['low']:.3f} to {row['high']:.3f})"
