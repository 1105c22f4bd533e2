"""Print the oldest versions that pyproject.toml allows, as constraints for pip.

Reads the lower bounds of the dependencies and of the extras named as arguments, so
that they are written in one place only.

    python scripts/lowest_versions.py test > constraints.txt
"""

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
BOUND = re.compile(
    r"(?P<name>[\w.-]+)\s*(?:\[.*\])?\s*>=\s*(?P<version>[\w.]+)(?P<rest>.*)"
)


def lowest(requirement: str) -> str:
    """Return the requirement with its lower bound as the only version allowed."""
    match = BOUND.fullmatch(requirement)
    if match is None:
        raise SystemExit(
            f"pyproject.toml: expected a lower bound such as 'numpy>=2.0.0'; got "
            f"{requirement!r}. Give it one, so that the oldest version is tested."
        )
    _, semicolon, marker = match["rest"].partition(";")
    return f"{match['name']}=={match['version']}{semicolon}{marker}"


def main(extras: list[str]) -> None:
    """Print one constraint per line."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    requirements = project["dependencies"] + [
        requirement
        for extra in extras
        for requirement in project["optional-dependencies"][extra]
    ]
    print("\n".join(sorted({lowest(requirement) for requirement in requirements})))


if __name__ == "__main__":
    main(sys.argv[1:])
