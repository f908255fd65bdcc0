"""What files know of the items: titles, years and genres, from a catalogue or the ratings."""

import re

import pandas as pd

from reelbook.data.checks import split_title
from reelbook.data.faults import Faults
from reelbook.data.opening import HEAD, Entry, cut_head
from reelbook.data.roles import ITEM_ROLES, RATING_ROLES, guess_item_roles, name_roles
from reelbook.data.sheets import Sheet, read_sheet
from reelbook.errors import ReelbookError


def read_catalogue(entries: list[Entry], ids: pd.Series) -> pd.DataFrame:
    """What other files know of the items: item, title, year, genres as texts; empty if nothing."""
    for entry in entries:
        try:
            head = read_sheet(entry.name, cut_head(entry.read(HEAD)), Faults(entry.name))
        except ReelbookError:
            continue
        roles = name_roles(head, ITEM_ROLES) if head.header else guess_item_roles(head)
        has_user = "user" in name_roles(head, RATING_ROLES)
        if has_user or not {"item", "title"} <= roles.keys():
            continue
        if not head.rows[roles["item"]].str.strip().isin(ids).any():
            continue
        sheet = read_sheet(entry.name, entry.read(-1), Faults(entry.name))
        table = pd.DataFrame({r: sheet.rows[c].str.strip() for r, c in roles.items()})
        return table.drop_duplicates("item").assign(file=entry.name)
    return pd.DataFrame({"item": pd.Series(dtype="str"), "file": pd.Series(dtype="str")})


def take_titles(sheet: Sheet, roles: dict[str, str]) -> pd.DataFrame:
    """A catalogue out of the ratings themselves, where each row repeats the title of its item."""
    found = {r: c for r, c in name_roles(sheet, ITEM_ROLES).items() if c not in roles.values()}
    found["item"] = roles["item"]
    table = pd.DataFrame({role: sheet.rows[c].str.strip() for role, c in found.items()})
    first = table.drop_duplicates("item")
    if "title" not in found or (table.groupby("item")["title"].nunique() > 1).any():
        first = first.head(0)
    return first.assign(file=sheet.name)


def make_items(names: pd.Series, catalogue: pd.DataFrame) -> pd.DataFrame:
    """The items that were rated, with what the catalogue knows of them."""
    rows = pd.DataFrame({"movie_id": names.index, "item": names.to_numpy()})
    rows = rows.merge(catalogue, on="item", how="left")
    for role in ("title", "year", "genres"):
        rows[role] = rows.get(role, pd.Series("", rows.index, dtype="str")).fillna("")
    titles, years = [], []
    for title, year, item in zip(rows["title"], rows["year"], rows["item"], strict=True):
        name, own_year = split_title(title) if title else (item, None)
        found = re.match(r"(\d{4})(\.0)?$", year)
        titles.append(name or item)
        years.append(own_year or (int(found[1]) if found else None))
    genres = [
        list(dict.fromkeys(g.strip() for g in re.split(r"[|,]", text) if g.strip()))
        if text != "(no genres listed)"
        else []
        for text in rows["genres"]
    ]
    table = pd.DataFrame(
        {
            "movie_id": rows["movie_id"].astype("int32"),
            "title": pd.Series(titles, dtype="str"),
            "year": pd.Series(years, dtype="Int32"),
            "genres": pd.Series(genres, dtype=object),
        }
    )
    return table.sort_values("movie_id", ignore_index=True)
