"""How Sphinx builds the documentation: ``scripts/docs`` runs it.

Pages are Markdown, examples are scripts that Sphinx-Gallery runs, and the API pages
come from the docstrings. Nothing is fetched from the network.
"""

import re
import sys
from functools import cache
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

import skdeep
from skdeep import datasets

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
logger = logging.getLogger(__name__)

project = "skdeep"
author = "skdeep developers"
copyright = "skdeep developers, BSD-3-Clause"
version = release = skdeep.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

# -- pages ---------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# The copy button takes what a reader would type, without prompts and output.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

# -- API -----------------------------------------------------------------------------

autosummary_generate = True
# Docstrings that are inherited from scikit-learn name labels of its documentation. Ours
# name pages and objects, whose warnings stay.
suppress_warnings = ["ref.ref", "ref.term"]
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False  # the template of a class lists them

# -- gallery -------------------------------------------------------------------------


@cache
def can_load(name: str) -> bool:
    """Whether a data set is here or can be downloaded now."""
    try:
        getattr(datasets, name)()
    except OSError:
        return False
    return True


def needs(script: Path) -> set[str]:
    """Return the names of the data sets that a script fetches."""
    return set(re.findall(r"\bfetch_\w+", script.read_text(encoding="utf-8")))


scripts = sorted(EXAMPLES.glob("plot_*.py"))
not_run = [s.name for s in scripts if not all(map(can_load, needs(s)))]
run = [re.escape(s.name) for s in scripts if s.name not in not_run]

sphinx_gallery_conf = {
    "examples_dirs": str(EXAMPLES),
    "gallery_dirs": "auto_examples",
    # What matches is run; what does not is shown without its results.
    "filename_pattern": rf"{re.escape('/')}({'|'.join(run)})$" if run else r"(?!)",
    "ignore_pattern": r"(^|/)(?!plot_)[^/]*\.py$",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skdeep",),
    "reset_modules": ("matplotlib",),
    "plot_gallery": True,
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
}

# -- HTML ----------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"skdeep {release}"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "header_links_before_dropdown": 8,
}
html_sidebars = {"install": [], "quickstart": [], "help": []}
if not_run:
    note = (
        "Built without the results of these examples, since their data sets are "
        f"neither here nor can be downloaded: {', '.join(not_run)}. "
        "Name their folder by SKDEEP_DATA and build again."
    )
    html_theme_options["announcement"] = note
    logger.info("%s", note)

# -- pictures of the landing page ----------------------------------------------------


def draw_pictures(app: Sphinx) -> None:
    """Draw them before the pages are read."""
    sys.path.insert(0, str(HERE))
    import matplotlib

    matplotlib.use("agg")
    from pictures import write_pictures

    write_pictures(HERE / "generated" / "pictures")


def setup(app: Sphinx) -> None:
    """Connect what is done before a build."""
    app.connect("builder-inited", draw_pictures)
