import json

import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.report import claims, facts
from reelbook.runs.record import RESULT_COLUMNS


def make_results(**values):
    rows = [
        {
            "model": model.replace("_", "."),
            "family": "mf",
            "dataset": "ml-1m",
            "protocol": "source",
            "fold": "",
            "seed": seed,
            "split_part": "test",
            "metric": "rmse",
            "value": value + seed / 1000,
            "low": None,
            "high": None,
            "best_epoch": 1,
            "run_id": "x",
        }
        for model, value in values.items()
        for seed in (-1, 0, 1)
    ]
    return pd.DataFrame(rows, columns=RESULT_COLUMNS)


def make_dataset(name="ml-1m", note=""):
    return Dataset(name, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), "0", "a test", note)


def make_claim(**changes):
    claim = {
        "id": "X1",
        "source": "A",
        "statement": "It reaches 0.9.",
        "chapter": "02_matrix_factorization",
        "judged_on": "ml-1m",
        "evidence": {"ours": 'figure("mf.dot", "source")'},
        "rule": "abs(ours - 0.9) <= 0.01",
        "measured": "{ours:.2f}",
    }
    return {key: value for key, value in {**claim, **changes}.items() if value is not None}


def judge(claim, results, dataset=None, **counts):
    dataset = dataset or make_dataset()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "_count_rows", lambda dataset: counts)
        measured = facts.measure_facts(dataset, results)
    return claims.judge_claims([claim], measured, dataset=dataset).iloc[0]


def test_a_changed_record_changes_the_verdict():
    assert judge(make_claim(), make_results(mf_dot=0.905))["verdict"] == claims.REPRODUCED
    row = judge(make_claim(), make_results(mf_dot=0.92))
    assert row["verdict"] == claims.NOT_REPRODUCED
    assert row["measured"] == "0.92"


def test_a_claim_is_an_artefact_where_its_rule_fails_and_the_faulty_way_gives_its_figure():
    claim = make_claim(artefact_if="ours > 0.94")
    assert judge(claim, make_results(mf_dot=0.95))["verdict"] == claims.ARTEFACT
    assert judge(claim, make_results(mf_dot=0.93))["verdict"] == claims.NOT_REPRODUCED
    assert judge(claim, make_results(mf_dot=0.90))["verdict"] == claims.REPRODUCED


@pytest.mark.parametrize(
    "dataset", [make_dataset("ml-100k"), make_dataset(note="415,323 of 1,000,209 ratings")]
)
def test_another_or_a_partial_data_set_cannot_judge_but_shows_its_figure(dataset):
    row = judge(make_claim(), make_results(mf_dot=0.9), dataset)
    assert row["verdict"] == claims.CANNOT_BE_JUDGED
    assert row["measured"] == "0.90"


def test_a_figure_that_no_run_has_leaves_the_claim_unjudged():
    row = judge(make_claim(), make_results(mf_mlp=0.9))
    assert row["verdict"] == claims.CANNOT_BE_JUDGED
    assert "no run of mf.dot on source has rmse" in row["measured"]


def test_facts_counted_on_the_data_are_evidence():
    claim = make_claim(evidence={"rows": "num_rows"}, rule="rows == 7", measured="{rows} rows")
    assert judge(claim, make_results(), num_rows=7)["verdict"] == claims.REPRODUCED
    assert judge(claim, make_results(), num_rows=8)["verdict"] == claims.NOT_REPRODUCED


def test_a_comprehension_in_the_evidence_sees_the_figures():
    models = '[figure("mf." + name, "source") for name in ("dot", "mlp")]'
    claim = make_claim(evidence={"m": models}, rule="m[0] < m[1]", measured="{m[1]:.2f}")
    row = judge(claim, make_results(mf_dot=0.90, mf_mlp=0.91))
    assert (row["verdict"], row["measured"]) == (claims.REPRODUCED, "0.91")


def test_ranks_of_cross_weights_are_evidence(monkeypatch):
    blocks = pd.DataFrame(
        [[0, 3, 1], [3, 0, 2], [1, 2, 0.0]], index=list("abc"), columns=list("abc")
    )
    monkeypatch.setattr(facts, "read_run", lambda run_id: run_id)
    monkeypatch.setattr(facts, "read_blocks", lambda run: blocks)
    ranks = {name: f'cross_ranks("mf.dot", "source", "{name}")' for name in ("a x b", "a x c")}
    claim = make_claim(
        evidence={"first": ranks["a x b"], "last": ranks["a x c"]},
        rule="sum(first) / len(first) == 1 and last == [3]",
        measured="{first} {last}",
    )
    row = judge(claim, make_results(mf_dot=0.9))
    assert (row["verdict"], row["measured"]) == (claims.REPRODUCED, "[1] [3]")
    row = judge(claim, make_results(mf_mlp=0.9))
    assert row["measured"] == "not measured: no run of mf.dot on source has cross weights"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evidence": {"ours": "nothing_of_that_name"}}, "evidence of claim X1.*nothing_of"),
        ({"evidence": {"ours": "__import__('os')"}}, "evidence of claim X1"),
        ({"rule": "ours <"}, "rule of claim X1"),
        ({"rule": "ours < 1; ours > 0"}, "rule of claim X1"),
        ({"rule": "holds = True"}, "rule of claim X1"),
        ({"rule": "abs.__self__.open('/etc/passwd')"}, "rule of claim X1"),
        ({"artefact_if": "10 ** 10 ** 10 > ours"}, "rule of claim X1"),
        ({"measured": "{theirs:.2f}"}, "rule of claim X1.*theirs"),
    ],
)
def test_a_wrong_expression_is_an_error_that_names_the_claim(changes, message):
    with pytest.raises(ReelbookError, match=message):
        judge(make_claim(**changes), make_results(mf_dot=0.9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": None}, "X1: no rule"),
        ({"verdict": "fine"}, "X1: unknown field verdict"),
    ],
)
def test_a_malformed_claim_is_an_error(tmp_path, changes, message):
    path = tmp_path / "claims.yml"
    path.write_text(json.dumps([make_claim(**changes)]))  # JSON is YAML
    with pytest.raises(ReelbookError, match=message):
        claims.read_claims(path)


def test_every_claim_of_the_book_is_well_formed_and_stands_once():
    ids = [claim["id"] for claim in claims.read_claims()]
    assert len(ids) == len(set(ids))
    assert {f"A{i}" for i in range(1, 9)} | {f"B{i}" for i in range(1, 17)} <= set(ids)


def test_every_rule_of_the_book_can_be_evaluated(dataset):
    """On figures that every run has; whatever holds, no expression fails."""
    measured = facts.measure_facts(dataset, make_results())
    measured |= {"figure": lambda *asked: 0.9, "cross_ranks": lambda *asked: [1, 2]}
    for name in ("ml-1m", "ml-100k"):
        verdicts = claims.judge_claims(claims.read_claims(), measured, dataset=make_dataset(name))
        judged = {c["id"] for c in claims.read_claims() if c.get("judged_on", name) == name}
        told = verdicts.set_index("id")["verdict"] != claims.CANNOT_BE_JUDGED
        assert set(told[told].index) == judged
