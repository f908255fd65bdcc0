"""The data room: from the publisher's files to checked tables, and where these are kept.

Sources and their checksums, parsing, made-up ratings, the canonical tables and their store. It
imports no other room.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "names": ["DATASETS"],
        "store": ["load", "prepare"],
        "tables": ["Dataset"],
    },
)
