"""What a recommendation costs, from the exported model and in the page.

    python tests/benchmarks/bench_recommend.py

The SavedModel is loaded once and asked for each of 200 users; the page is opened in a headless
Chromium, where a title is typed letter by letter and ten movies are liked. Times are medians and
the longest of all. The exit code is 1 if a recommendation of the model takes more than 50 ms, if
the page takes more than 100 ms for a letter or a like, or if it weighs more than 2 MB, in the book
with its theme where one was built.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from reelbook import data
from reelbook.build import pages
from reelbook.paths import get_plan_dir
from reelbook.recommend import learning
from reelbook.recommend.page import make_page
from reelbook.recommend.saved_model import export_saved_model

sys.path.append(str(Path(__file__).parents[1]))
from browser import find_browser, open_browser

TYPE = """(() => {
  const input = document.getElementById("rb-input"), times = [];
  const time = (act) => { const start = performance.now(); act(); document.body.offsetHeight;
    times.push(performance.now() - start); };
  for (const word of ["star w", "the g", "fargo", "toy s", "alien", "psycho", "heat", "jaws",
                      "scream", "braveh"]) {
    for (let end = 1; end <= word.length; end++) {
      input.value = word.slice(0, end);
      time(() => input.dispatchEvent(new Event("input")));
    }
    time(() => document.querySelector("#rb-options li").click());
  }
  return times;
})()"""


def main() -> int:
    """Measure, print, and tell whether the bars hold."""
    recommends = learning.make_recommender(data.load("ml-100k"))
    with tempfile.TemporaryDirectory() as folder:
        export_saved_model(recommends, Path(folder, "model"))
        loaded = tf.saved_model.load(str(Path(folder, "model"))).signatures["for_user"]
        times = []
        for user in recommends.ratings["user_id"].unique()[:200]:
            start = time.perf_counter()
            loaded(user_id=tf.constant(user, tf.int64), k=tf.constant(10))
            times.append(1000 * (time.perf_counter() - start))
        model = max(times[1:])
        print(f"SavedModel: {np.median(times):.1f} ms a list, at most {model:.1f} ms (bar 50)")
        file = Path(folder, "page.html")
        file.write_text(f"<!doctype html><meta charset=utf-8>{make_page(recommends)}")
        size = file.stat().st_size / 1e6
        print(f"page: {size:.2f} MB (bar 2), without the theme of the book around it")
        chapter = get_plan_dir("ml-100k") / "html" / "08_recommend.html"
        if chapter.is_file():
            size = pages.measure_weight(chapter) / 1e6
            print(f"page: {size:.2f} MB (bar 2), as the book has it, with all that it loads")
        if find_browser() is None:
            print("page: no Chromium on this machine, so nothing was typed")
            return int(model > 50 or size > 2)
        with open_browser() as tab:
            tab.open(file.as_uri())
            typed = tab.run(TYPE)
    print(
        f"page: {np.median(typed):.1f} ms a letter or like, at most {max(typed):.1f} ms (bar 100)"
    )
    return int(model > 50 or size > 2 or max(typed) > 100)


if __name__ == "__main__":
    sys.exit(main())
