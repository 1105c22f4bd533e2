"""A fit that fails leaves the estimator as it was."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])


def unchanged_on_error(method: Method) -> Method:
    """Let a method that fails leave the estimator as it was.

    All that is added is ``interrupted_``; a method that succeeds removes it.
    """

    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        before = dict(self.__dict__)
        try:
            result = method(self, *args, **kwargs)
        except BaseException:  # Ctrl-C as well
            if hasattr(self, "interrupted_"):
                before["interrupted_"] = self.interrupted_
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        self.__dict__.pop("interrupted_", None)
        return result

    return cast(Method, guarded)
