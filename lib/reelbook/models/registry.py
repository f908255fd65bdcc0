"""Which models there are: `mf.dot` is the model `dot` of the family `mf`.

A family is a file in this folder, or the file `family` in a folder of its own, that has

    MODELS    the parameters of each of its models, by full name, where they differ from
              `FAMILY.defaults`
    FAMILY    what it says of its models: see `Family`
    fit(model, params, dataset, split, seed)    gives a `reelbook.models.fit.Fit`, from all
              parameters of a model, the canonical tables, row positions in `dataset.ratings`, and
              what decides all that is drawn

and, where it keeps weights, `restore` with the arguments of the function of that name below. A new
file is found where it stands. Labels decide no number: `reelbook.provenance` leaves them out.
"""

import importlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from reelbook.errors import ReelbookError

if TYPE_CHECKING:  # a list of names needs neither pandas nor TensorFlow
    from reelbook.data.tables import Dataset
    from reelbook.models.fit import Fit
    from reelbook.models.fitting.grid import Learned
    from reelbook.splits.split import Split

PREDICTS = ("stars", "lists", "both")
NEEDS = ("times", "titles", "genres", "people", "credits")
GROWS = (
    "ratings", "users x movies", "movies x movies", "users x users", "ratings as Python objects"
)  # fmt: skip
# How many of them fit in 16 GB beside what is made of them.
LIMITS = {
    "users x movies": 1_000_000_000,
    "movies x movies": 225_000_000,
    "users x users": 225_000_000,
    "ratings as Python objects": 15_000_000,
}
# Why a model that requires a trait cannot learn from data without it.
LACKING = {
    "stars": "they hold no stars, and it predicts stars",
    "times": "they hold no times, and it learns from the order of ratings",
    "titles": "they hold no titles, and it learns from what movies contain",
}


class About(NamedTuple):
    """What a model's family says of it.

    Attributes:
        predicts: one of PREDICTS.
        words: what the name stands for, in a line.
        source: the document or paper, or `ours`.
        needs: what it reads beside who gave which stars to what, where the data set has it; of
            NEEDS: people are the users' age, gender, occupation and zip code, and credits
            directors and stars; titles come with their year.
        requires: the traits of a data set (`Dataset.traits`) without which its figures would mean
            nothing.
        deep: whether it has hidden layers or attention.
        chapter: the notebook that trains it; a family that names none stands in that on baselines.
        unseen: of a model that predicts stars, by what it predicts where no rating trained the
            user or the movie.
        grows: with what the memory of a training grows, of GROWS; scores of a block of users for
            all movies are not counted.
    """

    predicts: str
    words: str
    source: str
    needs: tuple[str, ...]
    requires: tuple[str, ...]
    deep: bool
    chapter: str
    unseen: str
    grows: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """The fields of `About`, one value for all models or a value each; and shared parameters."""

    predicts: str | dict[str, str]
    words: dict[str, str]
    source: str | dict[str, str]
    needs: tuple[str, ...] | dict[str, tuple[str, ...]] = ()
    requires: tuple[str, ...] = ()
    deep: bool | dict[str, bool] = False
    chapter: str = "06_baselines"
    unseen: str | dict[str, str] = ""
    grows: tuple[str, ...] | Mapping[str, tuple[str, ...]] = ("ratings",)
    defaults: dict[str, Any] = field(default_factory=dict)


def list_families() -> dict[str, str]:
    """The module of each family, by its name; found by its file, and not imported."""
    folders = importlib.import_module("reelbook.models").__path__
    files = [f for p in folders for g in ("*.py", "*/family.py") for f in Path(p).glob(g)]
    found = {}
    for file in files:
        if re.search(r"^FAMILY\b", file.read_text(encoding="utf-8"), re.MULTILINE):
            own_folder = file.name == "family.py"
            name = file.parent.name if own_folder else file.stem
            found[name] = f"reelbook.models.{name}" + (".family" if own_folder else "")
    return dict(sorted(found.items()))


def list_models() -> dict[str, About]:
    """All models, family after family; it imports them all."""
    modules = [importlib.import_module(module) for module in list_families().values()]
    return {model: describe_model(model) for module in modules for model in module.MODELS}


def describe_model(model: str) -> About:
    """What the model's family says of it; the errors are those of `get_family`."""
    family: Family = get_family(model).FAMILY
    values = (getattr(family, name) for name in About._fields)
    return About(*(v[model] if isinstance(v, Mapping) else v for v in values))


def find_obstacle(model: str, dataset: "Dataset") -> str:
    """Why a model cannot be trained on these data, or an empty text where it can.

    It requires a trait that they do not have, or they are too large for it.
    """
    about = describe_model(model)
    for trait in about.requires:
        if trait not in dataset.traits:
            return f"{model} cannot learn from {dataset.name}: {LACKING[trait]}."
    for part, size in measure_sizes(dataset).items():
        if part in about.grows and size > LIMITS[part]:
            return (
                f"{model} takes memory in proportion to {part}: {dataset.name} has {size:,}, more "
                f"than the {LIMITS[part]:,} that fit in 16 GB."
            )
    return ""


def measure_sizes(dataset: "Dataset") -> dict[str, int]:
    """How many there are of what LIMITS names."""
    users, movies, ratings = map(len, (dataset.users, dataset.movies, dataset.ratings))
    return {
        "users x movies": users * movies,
        "movies x movies": movies**2,
        "users x users": users**2,
        "ratings as Python objects": ratings,
    }


def get_family(model: str) -> ModuleType:
    """The module of a model's family; no other one is imported.

    Raises:
        ReelbookError: there is no such model; the message lists those there are.
    """
    modules = list_families()
    if module := modules.get(model.split(".")[0]):
        family = importlib.import_module(module)
        if model in family.MODELS:
            return family
    known = ", ".join(name for m in modules.values() for name in importlib.import_module(m).MODELS)
    raise ReelbookError(f"Unknown model {model!r}; the known ones are: {known}.")


def fit(model: str, params: dict[str, Any], dataset: "Dataset", split: "Split", seed: int) -> "Fit":
    """Fit a model with its defaults and what `params` says beside them.

    Its grid, if it has one, is tried on a sample of users where there are many ratings: see
    `reelbook.models.fitting.sample`.

    Raises:
        ReelbookError: as `resolve_params`; or the training diverged, or the data set or the split
            does not have what the model needs.
    """
    from reelbook.models.fitting.sample import fit_tuned  # here: it loads pandas

    family = get_family(model)
    return fit_tuned(family.fit, model, resolve_params(model, params), dataset, split, seed)


def restore(
    model: str, params: dict[str, Any], dataset: "Dataset", split: "Split", weights: Path
) -> "Learned":
    """A model as a run left it.

    Args:
        model: of the run.
        params: all of its parameters, with the setting that it chose.
        dataset: the canonical tables.
        split: the one that the run was made on.
        weights: the run's `model.weights.h5`.

    Raises:
        ReelbookError: an unknown model, or one that keeps no weights.
    """
    family = get_family(model)
    if not hasattr(family, "restore"):
        raise ReelbookError(f"{model} keeps no weights: fit it again, it takes seconds.")
    found: Callable[..., Learned] = family.restore
    return found(model, params, dataset, split, weights)


def resolve_params(model: str, params: dict[str, Any]) -> dict[str, Any]:
    """All parameters of a model: its defaults with `params` laid over them.

    `grid`, where a model has it, maps names of other parameters to lists of values to choose from.

    Raises:
        ReelbookError: an unknown model or parameter, a wrong type, or a value that cannot be: whole
            numbers are at least 1, others at least 0.
    """
    family = get_family(model)
    defaults = family.FAMILY.defaults | family.MODELS[model]
    for name, value in params.items():
        _check_param(model, name, value, defaults)
    resolved = {**defaults, **params}
    for name, values in resolved.get("grid", {}).items():
        if not isinstance(values, list) or not values or name == "grid":
            raise ReelbookError(f"{model}: grid maps parameter names to lists, {name!r} does not.")
        for value in values:
            _check_param(model, name, value, defaults)
    return resolved


def _check_param(model: str, name: str, value: Any, defaults: dict[str, Any]) -> None:
    if name not in defaults:
        known = ", ".join(defaults)
        raise ReelbookError(f"{model} has no parameter {name!r}; it has: {known}.")
    expected = type(defaults[name])
    if not (type(value) is expected or (expected is float and type(value) is int)):
        raise ReelbookError(
            f"{model}: parameter {name} must be of type {expected.__name__}, "
            f"not {type(value).__name__} ({value!r})."
        )
    least = {int: 1, float: 0}.get(expected)
    if least is not None and not (least <= value and math.isfinite(value)):
        raise ReelbookError(f"{model}: parameter {name} must be at least {least}, not {value!r}.")
