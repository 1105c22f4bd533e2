"""Parameters of a user's own network: the constructor's, a subclass's, any others.

As in SciKeras whatever a constructor is given by name is a parameter, and a subclass
may have a constructor that names its own and hands the rest on as ``**kwargs``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache

from skdeep.estimators._keras_routing import is_accepted, prefix_of


def _constructors(cls: type) -> Iterator[Callable[..., None]]:
    """The constructors of a class and of those it derives from, its own first."""
    for base in cls.__mro__[:-1]:
        if "__init__" in vars(base):
            yield vars(base)["__init__"]


# A search sets parameters often, and asks for the names several times per parameter.
@lru_cache(maxsize=100)
def _named(constructor: Callable[..., None]) -> tuple[tuple[str, ...], bool]:
    """The names that a constructor takes, and whether it takes any others."""
    parameters = list(inspect.signature(constructor).parameters.values())[1:]
    any_other = any(p.kind is p.VAR_KEYWORD for p in parameters)
    names = tuple(p.name for p in parameters if p.kind is not p.VAR_KEYWORD)
    return names, any_other


class KerasParameters:
    """What ``get_params`` and ``set_params`` know of an estimator of a user's model."""

    @classmethod
    def _get_param_names(cls):
        """What the constructor takes by name, itself or from a class behind it."""
        found: set[str] = set()
        for constructor in _constructors(cls):
            names, hands_on = _named(constructor)
            found.update(names)
            if not hands_on:
                break
        return sorted(found)

    @classmethod
    def _constructor_names(cls):
        """What any constructor takes, also those that a subclass's own hides."""
        return {name for init in _constructors(cls) for name in _named(init)[0]}

    @property
    def _own_names(self):
        """Parameters that no constructor names, sorted."""
        # dir of the class: a method that an instance has of its own is no parameter.
        known = {*self._constructor_names(), *dir(type(self))}
        found = (
            n for n in vars(self) if not (n in known or n[0] == "_" or n[-1] == "_")
        )
        # Without **kwargs others are attributes that the constructor has set.
        takes_all = _named(type(self).__init__)[1]
        return sorted(n for n in found if takes_all or prefix_of(n) is not None)

    def _names_for(self, build):
        """Own names that a build function gets; a user's class may have set others."""
        if type(self).__init__.__module__.startswith("skdeep."):
            return self._own_names
        return [n for n in self._own_names if prefix_of(n) or is_accepted(build, n)]

    def _stored_parameters(self):
        return sorted({*self._constructor_names(), *self._own_names})

    def _all_parameters(self):
        """Parameters, also those that a subclass's constructor has hidden."""
        hidden = [n for n in self._constructor_names() if self._is_set(n)]
        return {n: getattr(self, n) for n in hidden} | self.get_params(deep=False)

    def _is_set(self, name):
        """Whether somebody has set a parameter, perhaps one that a pickle held."""
        return name in vars(self) or name in vars(self).get("_unmade", {})

    def get_params(self, deep=True):
        """Return the parameters, those of the build function and routed ones, too.

        Parameters
        ----------
        deep : bool, default=True
            Whether those of estimators inside are among them.

        Returns
        -------
        dict
            Names and values.
        """
        names = [n for n in self._get_param_names() if self._is_set(n)]
        found = {name: getattr(self, name) for name in names}
        for name, value in list(found.items()) if deep else ():
            if hasattr(value, "get_params") and not isinstance(value, type):
                inner = value.get_params().items()
                found.update({f"{name}__{inner_name}": v for inner_name, v in inner})
        return {**found, **{name: getattr(self, name) for name in self._own_names}}

    def set_params(self, **params):
        """Set parameters.

        Parameters
        ----------
        **params : dict
            Of the constructor, with a prefix, or of the build function.

        Returns
        -------
        self : object
            The estimator.
        """
        own = {n: v for n, v in params.items() if self._is_own(n)}
        super().set_params(**{n: v for n, v in params.items() if n not in own})
        vars(self).update(own)
        return self

    def _is_own(self, name):
        """Whether a name belongs to a prefix or to the build function."""
        if prefix_of(name) is not None or name in self._own_names:
            return True
        is_known = name.partition("__")[0] in self._get_param_names()
        build = self.model if self.build_fn is None else self.build_fn
        return not is_known and is_accepted(build, name)
