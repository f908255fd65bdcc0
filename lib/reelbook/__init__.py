"""The thin library under a report on movie recommenders: notebooks tell, this computes."""

import logging
import os

# TensorFlow Recommenders does not run on Keras 3; this must be set before TensorFlow is imported.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
# TensorFlow's C++ side would write its messages, with time stamps, into executed notebooks.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Each fit traces a graph of its own. TensorFlow takes that for one graph traced over and over, and
# in a notebook its warnings go to stdout, onto the page.
logging.getLogger("tensorflow").addFilter(lambda told: "retracing" not in told.getMessage())

__version__ = "0.1.0"
