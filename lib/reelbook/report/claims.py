"""The documents' claims against the records: verdicts by rules that anyone can read.

`book/claims.yml` holds for each claim its words, where it stands, the figures that bear on it
(`evidence`: expressions over what was measured), the `rule` under which it counts as reproduced,
and `measured`, a sentence into which the evidence is filled. Where the rule fails and `artefact_if`
holds, the figure can be had, but it measures something else than the document says.
"""

import ast
from pathlib import Path
from typing import Any

import pandas as pd
from simpleeval import EvalWithCompoundTypes

from reelbook.data.names import count
from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml
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
    claims = read_yaml(path)
    for claim in claims:
        name = f"{path.name}, claim {claim.get('id', '?')}"
        if missing := FIELDS - claim.keys():
            raise ReelbookError(f"{name}: no {', '.join(sorted(missing))}.")
        if unknown := claim.keys() - FIELDS - OPTIONAL_FIELDS:
            raise ReelbookError(f"{name}: unknown field {', '.join(sorted(unknown))}.")
    return claims


def count_verdict(number: int, verdict: str) -> str:
    """How many claims have a verdict: "2 reproduced", "2 artefacts"."""
    return count(number, verdict) if verdict == ARTEFACT else f"{number} {verdict}"


def judge_claims(
    claims: list[dict[str, Any]], facts: dict[str, Any], *, dataset: Dataset
) -> pd.DataFrame:
    """A row a claim: id, source, statement, measured, verdict, rule, reported, chapter.

    Args:
        claims: as `read_claims` gives them.
        facts: what was measured, name to value or function (`facts.measure_facts`).
        dataset: what it was measured on. A claim on another data set, or on all of one of which
            only a part is here, cannot be judged; its figures are shown all the same.

    Raises:
        ReelbookError: an expression that cannot be evaluated.
    """
    return pd.DataFrame([_judge(claim, facts, dataset) for claim in claims])


def _judge(claim: dict[str, Any], facts: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """The claim's row. What no run of this plan or no row has leaves it unjudged."""
    row = {name: claim[name] for name in ("id", "source", "statement", "chapter", "rule")}
    row["reported"] = claim.get("reported")
    functions = {name: fact for name, fact in facts.items() if callable(fact)}
    evaluator = EvalWithCompoundTypes(functions=FUNCTIONS | functions, names=dict(facts))
    evidence: dict[str, Any] = {}
    part = "evidence"
    try:
        for name, text in claim["evidence"].items():  # each may use those above it
            evidence[name] = evaluator.names[name] = _evaluate(evaluator, text)
        part = "rule"
        holds = _evaluate(evaluator, claim["rule"])
        is_artefact = _evaluate(evaluator, claim.get("artefact_if", "False"))
        row["measured"] = claim["measured"].format(**evidence)
    except NotMeasuredError as error:
        return row | {"measured": f"not measured: {error}", "verdict": CANNOT_BE_JUDGED}
    except IndexError:  # such as a third age group where there are two
        told = "not measured: these data have too few groups"
        return row | {"measured": told, "verdict": CANNOT_BE_JUDGED}
    except Exception as error:  # an expression of claims.yml can fail in any way
        raise ReelbookError(f"claims.yml, {part} of claim {claim['id']}: {error!r}.") from error
    if "judged_on" in claim and (claim["judged_on"] != dataset.name or dataset.note):
        verdict = CANNOT_BE_JUDGED
    elif holds:
        verdict = REPRODUCED
    else:
        verdict = ARTEFACT if is_artefact else NOT_REPRODUCED
    return row | {"verdict": verdict}


def _evaluate(evaluator: EvalWithCompoundTypes, text: str) -> Any:
    """The value of one expression, and of nothing but one expression."""
    return evaluator.eval(text, ast.parse(text.strip(), mode="eval").body)
