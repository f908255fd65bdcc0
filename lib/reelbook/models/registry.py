"""Which families of models there are: `mf.dot` is the model `dot` of the family `mf`.

The module of a family has `MODELS`, the default parameters of each of its models by full name, and
`fit(model, params, dataset, split, seed)`, which returns a `reelbook.models.fit.Fit`.
"""

import importlib
import math
from types import ModuleType
from typing import Any

from reelbook.errors import ReelbookError

# The module of each family: a file of its own, or of a folder the file `family`.
FAMILIES = {
    "mf": "reelbook.models.mf",
    "bst": "reelbook.models.bst.family",
    "dcn": "reelbook.models.dcn",
    "two_tower": "reelbook.models.two_tower.family",
    "baseline": "reelbook.models.baseline",
    "bayes": "reelbook.models.bayes",
    "topn": "reelbook.models.topn",
    "autoencoder": "reelbook.models.autoencoder",
    "item2vec": "reelbook.models.item2vec",
    "content": "reelbook.models.content",
    "gaussian": "reelbook.models.gaussian",
}


def get_family(model: str) -> ModuleType:
    """The module of a model's family.

    Raises:
        ReelbookError: there is no such model; the message lists those there are.
    """
    family = model.split(".")[0]
    if family in FAMILIES:
        module = importlib.import_module(FAMILIES[family])
        if model in module.MODELS:
            return module
    known = [name for f in FAMILIES.values() for name in importlib.import_module(f).MODELS]
    raise ReelbookError(f"Unknown model {model!r}; the known ones are: {', '.join(known)}.")


def resolve_params(model: str, params: dict[str, Any]) -> dict[str, Any]:
    """All parameters of a model: its defaults with `params` laid over them.

    `grid`, where a model has it, maps names of other parameters to lists of values to choose from.

    Raises:
        ReelbookError: an unknown model or parameter, a wrong type, or a value that cannot be: whole
            numbers are at least 1, others at least 0.
    """
    defaults = get_family(model).MODELS[model]
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
