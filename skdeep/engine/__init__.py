"""One compiled program per architecture, run for every fit.

Who owns what:

- ``_job`` is one training as a value: key, hyperparameters, rows, seeds, weights. It
  can be kept, sent elsewhere and run there; ``_run`` gives its outcome.
- ``_key`` says what forces a compilation; ``_cache`` keeps one program per key.
- ``_step`` is one update, a pure function of the state; ``_measures`` (losses and
  metrics) and ``_stateless_optimizer`` are its parts, ``_state`` what it is given.
- ``_program`` puts loops around the step and compiles them. It holds nothing of a fit
  and no lock, so threads train with it side by side, and it can be dropped at any time.
- ``_numpy_program`` trains small dense networks with nothing to compile, with
  ``_numpy_optimizers`` and ``_numpy_measures``, by ``_one_thread``; ``_choice`` says
  who trains what, and ``_trainer`` what a run asks of either.
- ``_numpy_predictor`` predicts with networks that NumPy can compute, by threads that
  take ``_turns``, and ``_predictor`` with all others, by compiled functions; both see
  tiles of one shape only, which ``_probe`` tries.
- ``_run`` owns one fit: it cuts the epochs into segments, looks at losses and stops.
- ``_data_feed`` owns the rows: padding, chunks, row orders, validation rows.
- ``_random`` turns one ``random_state`` into seeds, and seeds into draws.
- ``_objective`` is what is minimised and measured, in a form that compares.
- ``_compiled_model`` makes the Keras model that Keras' callbacks look at.
- ``_keras_training`` lets Keras train what the engine cannot take.
- ``_fitted`` owns what a fit leaves: arrays and plain values.
- ``backends`` has what differs between frameworks, and nothing else names one.

Estimators call the engine; the engine never sees an estimator.
"""

from skdeep.engine._cache import CacheInfo, cache_info, clear_cache

__all__ = ["CacheInfo", "cache_info", "clear_cache"]
