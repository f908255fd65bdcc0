"""The models room: a file or a folder a family, with its equation, source and shapes at its head.

Beside the families: `features/`, what they read; `fitting/`, how they learn; the registry, which
finds them by name. It may import metrics, splits and data.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "fit": ["Fit"],
        "registry": ["describe_model", "get_family", "list_models", "resolve_params"],
    },
)
