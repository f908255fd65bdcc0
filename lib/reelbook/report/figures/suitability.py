"""The traffic light of the chapter on what data allow."""

from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from reelbook.report.tables import show_table

# Word and colour on a ground of their own: the same on a white and on a dark page.
COLORS = {
    "green": ("#ffffff", "#1b7a3d"),
    "amber": ("#202020", "#ffc247"),
    "red": ("#ffffff", "#b3261e"),
}


def show_lights(table: pd.DataFrame, caption: str) -> Styler:
    """A table whose column `light` holds the words of COLORS, coloured."""
    return show_table(table, caption).map(_color, subset=["light"])


def _color(light: Any) -> str:
    ink, ground = COLORS[light]
    gap = "border-right: 0.7rem solid transparent; background-clip: padding-box"
    return f"color: {ink}; background-color: {ground}; padding: 0.35rem 0.8rem; {gap}"
