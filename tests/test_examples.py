"""Every script in examples/ runs by itself and leaves pictures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("plot_*.py"))


def needs_files(script):
    """Say whether a script reads data that are not part of the package."""
    return "fetch_" in script.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_example_runs(script, tmp_path):
    """An example runs to its end without a warning and writes pictures."""
    if needs_files(script) and "SKDEEP_DATA" not in os.environ:
        pytest.skip("SKDEEP_DATA does not name the folder of the data sets")

    command = [sys.executable, "-W", "error::UserWarning:__main__", str(script)]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    assert list(tmp_path.glob("*.png"))


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_example_is_a_page_of_the_gallery(script):
    """An example has a title, cells, and says at its end what we saw."""
    text = script.read_text()
    rule, title, rule_below = text.splitlines()[1:4]

    assert rule == rule_below == "=" * len(title)
    assert text.count("\n# %%\n") >= 3
    assert "# What we saw\n# -----------\n" in text
