"""Load TensorFlow the first time something needs it, and quietly.

TensorFlow reads its log level once, when it is imported, and then writes a dozen
notes about its build and its compiler to stderr. If the user has said nothing about
the level, it is raised for the import and put back at once. A TensorFlow that is
already loaded stays as it is.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_lock = threading.Lock()


def load_tensorflow() -> Any:
    """Import TensorFlow and Keras, and check that Keras runs on TensorFlow."""
    with _lock:
        if "tensorflow" in sys.modules or LEVEL in os.environ:
            import tensorflow as tf
        else:
            # Level 2 hides the notes (0) and warnings (1) about CPU and XLA set-up.
            os.environ[LEVEL] = "2"
            try:
                import tensorflow as tf
            finally:
                del os.environ[LEVEL]
        import keras
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "skdeep needs Keras on TensorFlow; Keras runs on "
            f"{keras.backend.backend()!r}. Set KERAS_BACKEND=tensorflow before Keras "
            "is imported."
        )
    return tf
