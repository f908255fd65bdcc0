"""Papermill's engine, but for how often it writes the notebook. To be imported after papermill."""

from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

ENGINE = "reelbook"


class Engine(NBClientEngine):
    """Writes the notebook at its start and its end, also after a fault.

    Papermill's own writes all of it before and after each cell: seconds where there are many
    figures.
    """

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> None:
        """Run the cells; papermill itself writes what came of them."""
        path, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = path


papermill_engines.register(ENGINE, Engine)
