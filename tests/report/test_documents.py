import functools
import json

import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.models.registry import get_family
from reelbook.paths import NOTEBOOKS
from reelbook.report import claims, documents, tables

TABLE = {
    "caption": "A table.",
    "source": "A",
    "dataset": "ml-1m",
    "protocol": "source",
    "figures": {"rmse": "mean rmse", "sd": "std rmse"},
    "rows": [
        {"name": "One", "model": "mf.dot", "theirs": [0.9, 0.1], "chapter": "02_x"},
        {"name": "Two", "model": "mf.mlp", "theirs": [0.8, None], "chapter": "02_x"},
    ],
}


def make_results(*values, model="mf.dot", protocol="source", fold=None):
    rows = [
        {"model": model, "protocol": protocol, "metric": "rmse", "split_part": part, "value": value,
         "fold": fold}
        for value in values
        for part in ("test", "train")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_theirs_stand_beside_ours():
    rebuilt = documents.rebuild_table(TABLE, make_results(0.95, 0.97))
    first, second = rebuilt.to_dict("records")
    assert first["model"] == "One"
    assert (first["rmse theirs"], first["sd theirs"]) == (0.9, 0.1)
    assert first["rmse ours"] == pytest.approx(0.96)
    assert first["sd ours"] == pytest.approx(0.02 / 2**0.5)
    assert pd.isna(second["rmse ours"])


def test_a_table_links_to_the_chapters_that_the_plan_has(monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    (tmp_path / "toy" / "executed").mkdir(parents=True)
    (tmp_path / "toy" / "executed" / "02_x.ipynb").touch()
    link = functools.partial(tables.link_chapter, plan="toy")
    table = pd.DataFrame({"chapter": ["02_x", "03_y"]})
    html = tables.show_table(table, "x", formats={"chapter": link}).to_html()
    assert '<a href="02_x.html">02</a>' in html
    assert "03" in html
    assert "03_y" not in html


def test_an_unknown_way_to_sum_up_is_an_error():
    table = TABLE | {"figures": {"rmse": "median rmse", "sd": "std rmse"}}
    with pytest.raises(ReelbookError, match="'median rmse' begins with none of"):
        documents.rebuild_table(table, make_results(0.9))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sauce": "A"}, "'A table.': missing or unknown: sauce"),
        ({"figures": {"rmse": "mean rmse"}}, "One has not one figure a column"),
    ],
)
def test_a_malformed_table_is_an_error(tmp_path, change, message):
    path = tmp_path / "documents.yml"
    path.write_text(json.dumps([TABLE | change]))  # JSON is YAML
    with pytest.raises(ReelbookError, match=message):
        documents.read_documents(path)


def test_the_documents_tables_name_models_and_chapters_that_there_are():
    for table in documents.read_documents():
        for row in table["rows"]:
            assert row["model"] in get_family(row["model"]).MODELS
            assert (NOTEBOOKS / f"{row['chapter']}.ipynb").is_file()


def test_a_figure_of_a_claim_is_the_one_in_the_documents_table():
    theirs = {f for t in documents.read_documents() for r in t["rows"] for f in r["theirs"]}
    reported = {c["id"]: c["reported"] for c in claims.read_claims() if "reported" in c}
    of_models = {name: value for name, value in reported.items() if value < 1.2}
    of_models.pop("A4")  # a difference
    assert {name for name, value in of_models.items() if value not in theirs} == set()


def test_published_figures_stand_beside_ours():
    results = pd.concat(
        [
            make_results(0.90, model="bayes.mf", protocol="official", fold=1),
            make_results(0.89, model="bayes.mf", protocol="official", fold=2),
        ]
    )
    table = documents.compare_references(results, dataset="ml-100k").set_index("figure")
    assert set(table["model"]) == {"bayes.mf"}
    assert table.loc["rmse, fold 1", "ours"] == 0.90
    assert table.loc["rmse", "ours"] == pytest.approx(0.895)
    assert table.loc["rmse", "difference"] == pytest.approx(0.895 - table.loc["rmse", "published"])
    assert documents.compare_references(results, dataset="ml-1m").empty
