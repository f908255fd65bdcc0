"""Director and star of each movie, out of the film graph that the package recbole carries.

The graph is a list of triples (head, relation, tail) of identifiers: no names, no order of billing.
It says for one film who directed it and who acted in it; a link table says which movie a film is.

One person of several: the one with most films in the graph, as the best known; among equals the
first identifier in the order of text. A movie without a person there, or without a link, has none.
"""

from io import BytesIO

import numpy as np
import pandas as pd

from reelbook.errors import ReelbookError

GRAPH_FILES = ["ml-100k.kg", "ml-100k.link"]
RELATIONS = {"director": "film.film.directed_by", "star": "film.film.actor"}
KG_COLUMNS = ["head_id:token", "relation_id:token", "tail_id:token"]
LINK_COLUMNS = ["item_id:token", "entity_id:token"]


def parse_graph(files: dict[str, bytes]) -> pd.DataFrame:
    """One row a linked movie, by movie id: movie_id (int32), director and star (texts, or missing).

    Args:
        files: contents of GRAPH_FILES by name, tab-separated with a header.

    Raises:
        ReelbookError: a file without its columns, or a graph that gives no movie a person.
    """
    graph, link = (
        _read(files[name], name, columns)
        for name, columns in zip(GRAPH_FILES, [KG_COLUMNS, LINK_COLUMNS], strict=True)
    )
    people = pd.DataFrame({"movie_id": link["item_id:token"].astype("int32")})
    for role, relation in RELATIONS.items():
        found = graph[graph["relation_id:token"] == relation]
        chosen = _choose_best_known(found["head_id:token"], found["tail_id:token"])
        people[role] = link["entity_id:token"].map(chosen).astype("str")
        if people[role].isna().all():
            raise ReelbookError(f"{GRAPH_FILES[0]}: no movie of {GRAPH_FILES[1]} has a {role}.")
    return people.sort_values("movie_id", ignore_index=True)


def make_credits(movies: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """A made-up graph for made-up movies: a few people make many films, a few films have none."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame({"movie_id": movies["movie_id"]})
    for role, number in {"director": 30, "star": 20}.items():
        drawn = pd.Series([f"{role} {n}" for n in rng.zipf(1.6, len(movies)) % number])
        people[role] = drawn.mask(rng.random(len(movies)) < 0.05).astype("str")
    return people


def _choose_best_known(films: pd.Series, people: pd.Series) -> pd.Series:
    """By film: the person with most films, the first in the order of text among equals."""
    pairs = pd.DataFrame({"film": films, "person": people}).drop_duplicates()
    pairs["films"] = pairs.groupby("person")["film"].transform("size")
    pairs = pairs.sort_values(["films", "person"], ascending=[False, True], kind="stable")
    return pairs.drop_duplicates("film").set_index("film")["person"]


def _read(content: bytes, name: str, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(BytesIO(content), sep="\t", dtype="str", usecols=columns, quoting=3)
    except ValueError as error:
        raise ReelbookError(f"{name}: expected the columns {', '.join(columns)}; {error}") from None
