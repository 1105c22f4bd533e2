"""How an example was started: at which size, and where its pictures go.

``python examples/plot_iris.py`` runs at a small size and writes the pictures into
``examples/output``; ``--full`` takes the published size, ``--output`` another folder.
In the gallery of the documentation the pictures stand below the cell that made them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib

IN_GALLERY = "sphinx_gallery" in sys.modules

if not IN_GALLERY:
    matplotlib.use("Agg")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="take the published size")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output")
    # The gallery has arguments of its own.
    return parser.parse_known_args([] if IN_GALLERY else None)[0]


FULL = _arguments().full
OUTPUT = _arguments().output


def show(figure, name):
    """Write a figure to OUTPUT; the gallery takes it from matplotlib."""
    if IN_GALLERY:
        return
    OUTPUT.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUTPUT / f"{name}.png", dpi=100)
    matplotlib.pyplot.close(figure)
    print(f"Picture: {OUTPUT / name}.png")
