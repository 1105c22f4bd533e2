"""Arguments of Keras callbacks as parameters, such as ``callbacks__patience``."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

from skdeep.exceptions import InvalidNetworkError

PREFIX = "callbacks__"


class CallbackParameters:
    """``get_params`` and ``set_params`` that reach into ``callbacks``."""

    callbacks: Any

    def get_params(self, deep=True):
        """Return the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Also those of its callbacks: ``callbacks__patience`` of a callback alone,
            ``callbacks__0__patience`` of the first of a list.

        Returns
        -------
        dict of str to Any
            Names and values.
        """
        params = super().get_params(deep=deep)
        return {**params, **arguments_of(self.callbacks)} if deep else params

    def set_params(self, **params):
        """Set parameters of this estimator, or arguments of its callbacks.

        The callbacks that were given stay as they are: the estimator gets copies.

        Parameters
        ----------
        **params : dict
            Names, as ``get_params`` has them, and values. ``callbacks__patience`` is
            for all callbacks of a list that have such an argument.

        Returns
        -------
        self : object
            The estimator.
        """
        nested = {n: v for n, v in params.items() if n.startswith(PREFIX)}
        super().set_params(**{n: v for n, v in params.items() if n not in nested})
        if nested:
            self.callbacks = with_arguments(self.callbacks, nested)
        return self


def arguments_of(callbacks: Any) -> dict[str, Any]:
    """Return the arguments of callbacks by the names that ``set_params`` takes."""
    found: dict[str, Any] = {}
    is_several = isinstance(callbacks, list | tuple)
    for place, callback in enumerate(_listed(callbacks)):
        prefix = f"{PREFIX}{place}__" if is_several else PREFIX
        found |= {prefix + name: getattr(callback, name) for name in _names(callback)}
    return found


def with_arguments(callbacks: Any, given: Mapping[str, Any]) -> Any:
    """Return copies of callbacks with other arguments.

    Raises
    ------
    InvalidNetworkError
        If no callback has an argument of a name.
    """
    copies = [copy.copy(callback) for callback in _listed(callbacks)]
    for name, value in given.items():
        place, mark, argument = name.removeprefix(PREFIX).partition("__")
        if not mark:
            place, argument = "", place
        having = [
            callback
            for number, callback in enumerate(copies)
            if argument in _names(callback) and place in ("", str(number))
        ]
        if not having:
            known = sorted(arguments_of(callbacks)) or "none, since callbacks is empty"
            raise InvalidNetworkError(
                f"Parameters of callbacks must be arguments that one of them has; got "
                f"{name!r}, and there are {known}. Set callbacks to those you want to "
                "vary."
            )
        for callback in having:
            setattr(callback, argument, value)
    if isinstance(callbacks, list | tuple):
        return type(callbacks)(copies)
    return copies[0]


def _listed(callbacks: Any) -> list[Any]:
    """The callbacks, one or several or none."""
    if isinstance(callbacks, list | tuple):
        return list(callbacks)
    return [] if callbacks is None else [callbacks]


def _names(callback: Any) -> list[str]:
    """The arguments of a callback that it keeps under their names."""
    try:
        parameters = inspect.signature(type(callback)).parameters
    except (TypeError, ValueError):  # a class without a signature
        return []
    return [name for name in parameters if hasattr(callback, name)]
