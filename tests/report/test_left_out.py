"""Chapters go on without the models that data are too large for, and name them."""

import json

import pytest
from IPython.display import Markdown

from reelbook.build import find_notebook
from reelbook.models import registry
from reelbook.report.studies.study import Study, declare
from reelbook.splits.protocols import make_split

SMALL = {"dataset": "made-up", "folds": [1], "seeds": [0], "draws": 5, "epochs": 2, "titles": []}


def run_cells(name):
    """The texts that the code cells of a notebook display, run one after the other here."""
    notebook = json.loads(find_notebook(name).read_text(encoding="utf-8"))
    shown = []
    names = {"__name__": "chapter"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            exec(compile(source, name, "exec"), names)
            names["display"] = shown.append
            if "parameters" in cell["metadata"].get("tags", []):
                names |= {key: value for key, value in SMALL.items() if key in names}
    return "\n".join(part.data for part in shown if isinstance(part, Markdown))


@pytest.mark.parametrize(
    ("chapter", "missing"),
    [
        (
            "06_baselines",
            ["baseline.knn", "baseline.svd", "baseline.svdpp", "timely.edlae", "timely.blend"],
        ),
        ("07_next_steps", ["autoencoder.autorec", "autoencoder.multvae", "content.ridge"]),
    ],
)
def test_a_chapter_goes_on_without_models_that_are_too_large(
    chapter, missing, monkeypatch, tmp_path
):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    monkeypatch.setattr(registry, "LIMITS", dict.fromkeys(registry.LIMITS, 1_000))
    text = run_cells(chapter)
    told = [line.split()[2] for line in text.splitlines() if line.startswith("Left out:")]
    assert told == missing
    assert len(text.splitlines()) > len(missing) + 3  # the sentences after it, too


def test_a_study_without_a_model_says_why(dataset, monkeypatch):
    monkeypatch.setattr(registry, "LIMITS", dict.fromkeys(registry.LIMITS, 1_000))
    split = make_split(dataset, "official", fold=1)
    study = Study(dataset, declare(["baseline.svd", "baseline.mean"], split))
    assert [request.model for request in study.requests] == ["baseline.mean"]
    with pytest.raises(registry.ReelbookError, match="baseline.svd takes memory"):
        assert Study(dataset, declare("baseline.svd", split)).requests
