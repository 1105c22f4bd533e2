"""One compiled program per architecture, run for every fit.

Who owns what:

- ``_key`` says what forces a compilation; ``_cache`` keeps one program per key.
- ``_program`` owns code: the compiled train and evaluate functions. They are
  pure: state in, state out. A program holds nothing of a fit, so it can serve many
  fits at once and can be dropped at any time.
- ``_predictor`` owns the compiled predict functions, which see tiles of one shape only.
- ``_run`` owns one fit: it cuts the epochs into segments, looks at losses and stops.
- ``_batches`` owns the rows: padding, chunks, row orders, validation rows.
- ``_random`` turns one ``random_state`` into seeds, and seeds into draws.
- ``_objective`` and ``_optimizer`` turn names and Keras objects into comparable values.
- ``_fitted`` owns what a fit leaves: arrays and plain values.

Estimators call the engine; the engine never sees an estimator.
"""

from skdeep.engine._cache import CacheInfo, cache_info, clear_cache

__all__ = ["CacheInfo", "cache_info", "clear_cache"]
