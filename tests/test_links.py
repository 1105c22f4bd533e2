"""README and documentation: every link inside the project leads somewhere.

Addresses of other sites are not looked at.
"""

import os
import pydoc
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PAGES = [page for page in PAGES if "_build" not in page.parts]
# What a build makes, and conf.py says how.
GENERATED = ("auto_examples/", "generated/")
# [text](target), {doc}`target` or {doc}`text <target>`, ```{image} target, menus.
LINK = re.compile(r"\]\(([^)\s]+)\)")
DOC = re.compile(r"\{doc\}`(?:[^`]*<)?([^`>]+)>?`", re.DOTALL)
IMAGE = re.compile(r"^```\{image\} (\S+)", re.MULTILINE)
MENU = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OBJECT = re.compile(r"\{(?:class|func|mod)\}`~?([\w.]+)`")


def headings(page):
    """Return the names that a page's headings have in links."""
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def menu(page):
    """Return the pages, or patterns of them, that a page has below it."""
    trees = MENU.findall(page.read_text(encoding="utf-8"))
    rows = [row for tree in trees for row in tree.splitlines() if row[:1] != ":"]
    return [row.partition("<")[2].rstrip(">") or row for row in rows if row]


def links(page):
    """Yield every file, and heading in it, of this project that a page points to."""
    text = page.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            name, _, heading = target.partition("#")
            yield (page.parent / name if name else page), heading
    for name in [*DOC.findall(text), *IMAGE.findall(text), *menu(page)]:
        yield page.parent / name, ""


def is_there(path, heading):
    """Whether a link leads to a page, a file or what a build makes."""
    name = Path(os.path.relpath(path, ROOT / "docs")).as_posix()
    if name.startswith(GENERATED):
        return True
    names = (path.name, f"{path.name}.md", f"{path.name}.rst")
    found = [file for name in names for file in path.parent.glob(name)]
    return bool(found) and (not heading or heading in headings(found[0]))


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page):
    """Every file, page, heading and picture of the project that is named exists."""
    dead = [
        (str(path), heading)
        for path, heading in links(page)
        if not is_there(path, heading)
    ]

    assert dead == []


@pytest.mark.fast
def test_every_page_is_in_the_menu():
    """A page of the site is reached from its first page."""
    seen, new = set(), [ROOT / "docs" / "index.md"]
    while new:
        page = new.pop()
        seen.add(page)
        below = {file for row in menu(page) for file in page.parent.glob(f"{row}.md")}
        new += below - seen

    assert {page for page in PAGES if page.parent != ROOT} - seen == set()


@pytest.mark.fast
def test_every_object_that_a_page_names_exists():
    """What a page links in the API is public and imported as written."""
    names = {n for page in PAGES for n in OBJECT.findall(page.read_text("utf-8"))}

    missing = [name for name in sorted(names) if pydoc.locate(name) is None]

    assert names
    assert missing == []
