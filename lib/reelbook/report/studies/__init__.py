"""The studies: what each chapter trains, declared in one function a chapter."""

import lazy_loader as lazy

# A function bears the name of its module. Who imports that module by itself puts it in the place of
# the function, so take both from here.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "baselines": ["baselines"],
        "behavior_sequence_transformer": ["behavior_sequence_transformer"],
        "data": ["data"],
        "deep_and_cross": ["deep_and_cross"],
        "future": ["future"],
        "matrix_factorization": ["matrix_factorization"],
        "neighbourhood": ["neighbourhood"],
        "next_steps": ["next_steps"],
        "recommend": ["recommend"],
        "study": ["Study", "declare", "find_run", "select_runs"],
        "tuning": ["tuning"],
        "two_stages": ["two_stages"],
        "two_tower": ["two_tower"],
    },
)
