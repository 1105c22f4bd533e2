"""matplotlib when a display is plotted, and not before."""

from __future__ import annotations

from typing import Any


def load_pyplot(caller: str) -> Any:
    """Import pyplot, or say how to install it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib; it cannot be imported ({error}). Install it "
            'with: pip install "skdeep[plot]"'
        ) from error
    return plt


def full_names(style: dict[str, Any] | None, kind: Any) -> dict[str, Any]:
    """Give properties of a kind of artist their full names: ``lw`` is ``linewidth``.

    Only then does a user's style replace ours.
    """
    from matplotlib.cbook import normalize_kwargs

    return dict(normalize_kwargs(style or {}, kind))
