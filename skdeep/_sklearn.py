"""The one door to scikit-learn's private names, and to those that some versions lack.

What scikit-learn may change without notice has to be mended here and nowhere else.
Checked against 1.7 to 1.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import _fit_and_score
from sklearn.model_selection._validation import (
    _insert_error_scores as insert_error_scores,
)
from sklearn.model_selection._validation import (
    _warn_or_raise_about_fit_failures as warn_of_failed_fits,
)
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call as check_partial_fit_first_call,
)
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _check_y as check_y

Method = TypeVar("Method", bound=Callable[..., Any])

try:  # scikit-learn 1.9 and later
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks

    HAS_CALLBACKS = True
except ImportError:
    HAS_CALLBACKS = False

    class NoTask:
        """A task that nobody listens to."""

        def subcontext(self, **about: Any) -> NoTask:
            """Return one more."""
            return self

        def call_on_fit_task_begin(self, **about: Any) -> NoTask:
            """Tell nobody."""
            return self

        def call_on_fit_task_end(self, **about: Any) -> bool:
            """Tell nobody, and go on."""
            return False

        @contextmanager
        def propagate_callback_context(self, estimator: Any) -> Iterator[None]:
            """Do nothing."""
            yield

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Tasks to nobody: this scikit-learn has no callback protocol."""

        def _init_callback_context(self, **about: Any) -> NoTask:
            return NoTask()

    def _with_callbacks(method: Method) -> Method:
        """Return the method as it is."""
        return method


# Both keep the types of what they decorate; scikit-learn's own have none.
def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """Let a method check the estimator's parameters first."""
    return _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)


def with_callbacks(method: Method) -> Method:
    """Let a method tell scikit-learn's callbacks that a fit ends."""
    return _with_callbacks(method)


def fit_and_score(
    estimator: Any, X: Any, y: Any, *, caller: Any, task: Any, **how: Any
) -> dict[str, Any]:
    """Fit and score a candidate on a fold, as scikit-learn's searches do."""
    told = {"caller": caller, "callback_ctx": task} if HAS_CALLBACKS else {}
    return _fit_and_score(estimator, X, y, **how, **told)


__all__ = [
    "BaseSearchCV",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_method_params",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "check_y",
    "fit_and_score",
    "fit_context",
    "insert_error_scores",
    "safe_indexing",
    "warn_of_failed_fits",
    "with_callbacks",
]
