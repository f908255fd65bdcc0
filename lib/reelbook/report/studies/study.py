"""A study: the runs that a chapter asks for, declared as rows of models, splits and seeds."""

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models import registry
from reelbook.runs.record import Request
from reelbook.runs.store import Run, load_or_train_all
from reelbook.splits.split import Split


@dataclass(frozen=True)
class Study:
    """What a chapter trains on a data set: declared first, then run.

    Attributes:
        dataset: the canonical tables.
        declared: the runs that the chapter asks for.
    """

    dataset: Dataset
    declared: list[Request]

    @functools.cached_property
    def left_out(self) -> dict[str, str]:
        """Models that cannot be trained on these data, each with the reason."""
        models = dict.fromkeys(request.model for request in self.declared)
        found = {model: registry.find_obstacle(model, self.dataset) for model in models}
        return {model: obstacle for model, obstacle in found.items() if obstacle}

    @functools.cached_property
    def requests(self) -> list[Request]:
        """The declared runs without those of models that are left out.

        Raises:
            ReelbookError: no model is left; the message has the first one's reason.
        """
        if self.declared and {request.model for request in self.declared} == self.left_out.keys():
            raise ReelbookError(next(iter(self.left_out.values())))
        return [request for request in self.declared if request.model not in self.left_out]

    def run(self) -> list[Run]:
        """The finished runs in the order of the requests; those that are missing are trained."""
        return load_or_train_all(self.requests, self.dataset)

    def find_split(self, run: Run) -> Split:
        """The split that a run of this study was trained and tested on."""
        wanted = run.record.split["fingerprint"]
        for request in self.requests:
            if request.protocol == run.protocol and request.split.fingerprint == wanted:
                return request.split
        raise ReelbookError(f"Run {run.record.run_id} ({run.record.model}) is not of this study.")

    def table(self) -> pd.DataFrame:
        """The study to read: models that share all else stand in one row.

        Returns:
            protocol (or the study's label), models, splits, seeds (of the trainings) and settings
            (those that differ from the models' defaults), all as text.
        """
        rows = pd.DataFrame(
            {
                "protocol": request.protocol,
                "models": request.model,
                "settings": _describe_settings(request.params),
                "kind": "seed" if request.split.fold is None else "fold",
                "splits": str(request.split.fold or request.split.seed),
                "seeds": str(request.seed),
            }
            for request in self.requests
        )
        keys = ["protocol", "models", "settings", "kind"]
        table = rows.groupby(keys, sort=False).agg(_join).reset_index()
        several = table["splits"].str.contains(",").map({True: "s ", False: " "})
        table["splits"] = table["kind"] + several + table["splits"]
        keys = ["protocol", "splits", "seeds", "settings"]
        table = table.groupby(keys, sort=False)["models"].agg(_join).reset_index()
        return table[["protocol", "models", "splits", "seeds", "settings"]]


def declare(
    models: str | Iterable[str],
    splits: Split | Iterable[Split],
    *,
    params: Mapping[str, Any] | None = None,
    seeds: Iterable[int] | None = None,
    study: str = "",
) -> list[Request]:
    """Rows of a study: each model on each split, once a seed.

    Args:
        models: one name or several.
        splits: one or several.
        params: settings that differ from the models' defaults.
        seeds: of the trainings; left out, each split is trained on once, with its own seed.
        study: the label under which the figures go, in place of the split's protocol.
    """
    models = [models] if isinstance(models, str) else list(models)
    splits = [splits] if isinstance(splits, Split) else list(splits)
    seeds = None if seeds is None else list(seeds)
    return [
        Request(model, dict(params or {}), split, seed, study)
        for model in models
        for split in splits
        for seed in ([split.seed] if seeds is None else seeds)
    ]


def fit_params(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those parameters that are given (not None) and that the model has."""
    known = registry.resolve_params(model, {})
    return {name: value for name, value in given.items() if name in known and value is not None}


def keep_defaults(requests: Iterable[Request]) -> list[Request]:
    """The same rows without tuning: every model keeps the settings of its defaults."""
    return [
        request._replace(params={**request.params, "grid": {}})
        if registry.resolve_params(request.model, {}).get("grid")
        else request
        for request in requests
    ]


def select_runs(
    runs: Iterable[Run],
    *,
    models: Collection[str] | None = None,
    protocol: str | None = None,
    folds: Collection[int] | None = None,
    seeds: Collection[int] | None = None,
) -> list[Run]:
    """The runs that meet all that is asked for, in their order; what is left out is not asked.

    Args:
        runs: of one study or several.
        models: names.
        protocol: the protocol, or the label of the study that stands in its place.
        folds: of the splits.
        seeds: of the trainings.
    """
    return [
        run
        for run in runs
        if (models is None or run.record.model in models)
        and (protocol is None or run.protocol == protocol)
        and (folds is None or run.record.split["fold"] in folds)
        and (seeds is None or run.record.seed in seeds)
    ]


def find_run(
    runs: Iterable[Run],
    model: str,
    *,
    protocol: str,
    fold: int | None = None,
    seed: int | None = None,
) -> Run:
    """The first run of a model under a protocol, of this fold and seed where they are given.

    Raises:
        ReelbookError: there is none.
    """
    found = select_runs(
        runs,
        models=[model],
        protocol=protocol,
        folds=None if fold is None else [fold],
        seeds=None if seed is None else [seed],
    )
    if not found:
        raise ReelbookError(f"No run of {model} under {protocol}, fold {fold}, seed {seed}.")
    return found[0]


def _describe_settings(params: Mapping[str, Any]) -> str:
    texts = {
        name: " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in params.items()
    }
    return ", ".join(f"{name}: {text}" for name, text in texts.items())


def _join(texts: pd.Series) -> str:
    return ", ".join(texts.unique())
