"""The thin library under a report on movie recommenders: notebooks tell, this computes."""

import os

# TensorFlow Recommenders does not run on Keras 3; this must be set before TensorFlow is imported.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
# TensorFlow's C++ side would write its messages, with time stamps, into executed notebooks.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
