"""A figure in words, for those who do not see it: its title, its axes and what stands in them."""

import textwrap

from matplotlib.axes import Axes
from matplotlib.category import StrCategoryFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

LONGEST = 500  # letters; a reader by ear cannot skim


def describe_figure(figure: Figure) -> str:
    """The title, then each panel's title, axes and rows with their figures, and the legend."""
    parts = [figure.get_suptitle().replace("\n", " ")]
    parts += [_describe_axes(axes) for axes in figure.axes if axes.get_visible()]
    legends = [*figure.legends, *(axes.legend_ for axes in figure.axes if axes.legend_)]
    names = [text.get_text() for legend in legends for text in legend.get_texts()]
    parts.append(f"Shown: {', '.join(names)}." if names else "")
    text = " ".join(part for part in parts if part)
    return textwrap.shorten(text, LONGEST, placeholder=" …")


def _describe_axes(axes: Axes) -> str:
    """One panel in a few sentences; names along an axis come with the figures beside them."""
    rows = [text.get_text() for text in axes.texts]
    for axis in (axes.yaxis, axes.xaxis):
        if isinstance(axis.get_major_formatter(), (FuncFormatter, StrCategoryFormatter)):
            names = [tick.get_text() for tick in axis.get_majorticklabels()]
            if len(names) == len(rows):
                rows = [f"{name} {row}" for name, row in zip(names, rows, strict=True)]
            else:
                rows = [*names, *rows]
    labels = {"Across": axes.get_xlabel(), "up": axes.get_ylabel()}
    across = "; ".join(f"{way}: {label}" for way, label in labels.items() if label)
    title = axes.get_title(loc="left") or axes.get_title()
    told = [title, across, ", ".join(filter(None, rows))]
    return " ".join(f"{part.rstrip('.')}." for part in told if part)
