"""The documents' claims against the records: verdicts by rules that anyone can read.

`book/claims.yml` holds for each claim its words, where it stands, the figures that bear on it
(`evidence`: expressions over what was measured), the `rule` under which it counts as reproduced,
and `measured`, a sentence into which the evidence is filled. Where the rule fails and `artefact_if`
holds, the figure can be had, but it measures something else than the document says.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.paths import BOOK

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
ARTEFACT = "artefact"
CANNOT_BE_JUDGED = "cannot be judged on this data set"

FIELDS = {"id", "source", "statement", "chapter", "evidence", "rule", "measured"}
OPTIONAL_FIELDS = {"judged_on", "artefact_if", "reported"}
FUNCTIONS = {f.__name__: f for f in (abs, len, max, min, round, set, sorted, sum, zip)}


class NotMeasuredError(LookupError):
    """A figure that no run of this plan has."""


def read_claims(path: Path = BOOK / "claims.yml") -> list[dict[str, Any]]:
    """The claims as written; ReelbookError where a field is missing, unknown or wrong."""
    claims = yaml.safe_load(path.read_text())
    for claim in claims:
        name = f"{path.name}, claim {claim.get('id', '?')}"
        if missing := FIELDS - claim.keys():
            raise ReelbookError(f"{name}: no {', '.join(sorted(missing))}.")
        if unknown := claim.keys() - FIELDS - OPTIONAL_FIELDS:
            raise ReelbookError(f"{name}: unknown field {', '.join(sorted(unknown))}.")
    return claims


def judge_claims(
    claims: list[dict[str, Any]],
    results: pd.DataFrame,
    facts: dict[str, Any],
    *,
    dataset: Dataset,
) -> pd.DataFrame:
    """A row a claim: id, source, statement, measured, verdict, rule, reported, chapter.

    Args:
        claims: as `read_claims` gives them.
        results: the rows of results.csv.
        facts: what was counted on the data, name to value (`facts.measure_claims`).
        dataset: what the results were measured on. A claim on another data set, or on all of one
            of which only a part is here, cannot be judged; its figures are shown all the same.
    """
    names = {**facts, **FUNCTIONS, "figure": make_figure_lookup(results)}
    return pd.DataFrame([_judge(claim, names, dataset) for claim in claims])


def make_figure_lookup(results: pd.DataFrame) -> Callable[..., float]:
    """`figure(model, protocol, metric)`: the mean over folds and seeds on test rows."""

    def figure(model: str, protocol: str, metric: str = "rmse") -> float:
        rows = results.query(
            "model == @model and protocol == @protocol and metric == @metric "
            "and split_part == 'test'"
        )
        if rows.empty:
            raise NotMeasuredError(f"no run of {model} on {protocol} has {metric}")
        return float(rows["value"].mean())

    return figure


def _judge(claim: dict[str, Any], names: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """The claim's row. Figures that no run of this plan has leave it unjudged."""
    row = {name: claim[name] for name in ("id", "source", "statement", "chapter", "rule")}
    row["reported"] = claim.get("reported")
    evidence: dict[str, Any] = {}
    try:
        for key, text in claim["evidence"].items():  # each may use those above it
            evidence[key] = _evaluate(text, {**names, **evidence})
    except NotMeasuredError as error:
        return row | {"measured": f"not measured: {error}", "verdict": CANNOT_BE_JUDGED}
    except Exception as error:  # an expression of claims.yml can fail in any way
        raise ReelbookError(f"claims.yml, evidence of claim {claim['id']}: {error}.") from error
    try:
        holds = _evaluate(claim["rule"], {**names, **evidence})
        is_artefact = _evaluate(claim.get("artefact_if", "False"), {**names, **evidence})
        row["measured"] = claim["measured"].format(**evidence)
    except Exception as error:
        raise ReelbookError(f"claims.yml, rule of claim {claim['id']}: {error!r}.") from error
    if claim.get("judged_on", dataset.name) != dataset.name or (
        "judged_on" in claim and dataset.note
    ):
        verdict = CANNOT_BE_JUDGED
    elif holds:
        verdict = REPRODUCED
    else:
        verdict = ARTEFACT if is_artefact else NOT_REPRODUCED
    return row | {"verdict": verdict}


def _evaluate(expression: str, names: dict[str, Any]) -> Any:
    """The value of an expression of claims.yml, which sees these names and nothing else."""
    # As globals: a comprehension does not see locals.
    return eval(expression, {**names, "__builtins__": {}})
