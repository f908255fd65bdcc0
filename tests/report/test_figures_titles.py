import io

import matplotlib as mpl
import numpy as np
import pandas as pd

from reelbook.report.figures import two_tower
from reelbook.report.figures.style import use_style


def test_a_title_is_drawn_as_it_is_written():
    """Dollar signs start a formula in Matplotlib; $ (1971) and its like are titles."""
    titles = ["$1,000,000 Duck", "$ {x", r"$\frac{1}$", "<b>&amp;</b>"]
    places = pd.DataFrame({"title": titles, "x": np.arange(4.0), "y": [0.0, 1, 0, 1]})
    with mpl.rc_context():
        use_style()
        places = places.assign(genre="other")
        figure = two_tower.draw_movie_map(places, named=4, title="$ a $ map")
        figure.savefig(io.BytesIO(), format="svg")
    assert {text.get_text() for text in figure.axes[0].texts} == set(titles)
