"""What decides a run: its id is a hash of that and of nothing else.

Names, labels, registries, metrics, reports and studies are no part of it, so what only tells of
runs trains nothing again.
"""

import hashlib
import json
from typing import Any

from reelbook.data.tables import Dataset
from reelbook.models import registry
from reelbook.provenance import Code, trace_code
from reelbook.runs.record import Request

# Raise it when what a run keeps beside its record changes its form.
FORMAT = 4


def compute_id(request: Request, dataset: Dataset) -> str:
    """Hash of data, rows and rules of the split, settings, seed, code, and versions under it."""
    code = find_code(request.model)
    inputs: dict[str, Any] = {
        "format": FORMAT,
        "model": request.model,
        "params": registry.resolve_params(request.model, request.params),
        "rows": request.split.fingerprint,
        "rules": request.split.rules._asdict(),
        "seed": request.seed,
        "code": code.sha256,
        "versions": code.versions,
    }
    inputs |= describe_data(request.model, dataset)
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def describe_data(model: str, dataset: Dataset) -> dict[str, str]:
    """The fingerprint of the tables and, for a model that reads it, of the table of credits."""
    found = {"data": dataset.sha256}
    if "credits" in registry.describe_model(model).needs and dataset.credits is not None:
        # The tables' own fingerprint does not cover this one: it comes from another source.
        found["credits"] = hashlib.sha256(dataset.credits.to_csv().encode()).hexdigest()
    return found


def find_code(model: str) -> Code:
    """The code that makes the saved predictions, ranks and lists of a model."""
    family = registry.get_family(model).__name__
    roots = [f"{family}:fit", "reelbook.models.fitting.sample:fit_tuned"]
    if registry.describe_model(model).predicts != "stars":
        roots.append("reelbook.metrics.catalogue:rank_catalogue")
    return trace_code(*roots)


def hash_metrics() -> str:
    """The version of the metrics: a hash of their code."""
    return trace_code(
        "reelbook.metrics.catalogue", "reelbook.metrics.lists", "reelbook.metrics.ratings"
    ).sha256
