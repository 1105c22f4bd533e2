"""Every script in examples/ runs by itself, as downloaded, and draws pictures."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("plot_*.py"))

# Outside Linux, plt.show() says that the backend agg has no windows.
WARNINGS = ("-W", "error::UserWarning:__main__", "-W", "ignore:FigureCanvasAgg")
# A script in a folder of its own; pictures that no window has closed are still there.
RUN = """
import runpy, sys
import matplotlib.pyplot as plt
runpy.run_path(sys.argv.pop(1), run_name="__main__")
assert plt.get_fignums(), "the example has drawn nothing"
"""


def needs_files(script):
    """Say whether a script reads data that are not part of the package."""
    return "fetch_" in script.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_example_runs(script, tmp_path):
    """A copy of an example runs to its end without a warning and draws pictures."""
    if needs_files(script) and "SKDEEP_DATA" not in os.environ:
        pytest.skip("SKDEEP_DATA does not name the folder of the data sets")

    shutil.copy(script, tmp_path)
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", RUN, script.name],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_example_is_a_page_of_the_gallery(script):
    """An example has a title, cells, and says at its end what we saw."""
    text = script.read_text()
    rule, title, rule_below = text.splitlines()[1:4]

    assert rule == rule_below == "=" * len(title)
    assert text.count("\n# %%\n") >= 3
    assert "# What we saw\n# -----------\n" in text
