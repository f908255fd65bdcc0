"""The build room: plans, strict papermill, results.csv, the book, verification.

On top of all rooms. What it imports at its head stays light: a build with nothing to do takes as
long as Snakemake.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "book": ["make_book"],
        "notebook": ["run_notebook"],
        "parameters": ["begin_notebook"],
        "plan": ["Plan", "find_notebook", "read_plan"],
        "results": ["collect_results"],
        "run": ["build"],
    },
)
