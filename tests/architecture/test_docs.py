"""What the documents say of the code, where it can be asked cheaply."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
HEADINGS = ["Context", "Decision", "Consequences"]
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))


def test_the_architecture_names_every_app_in_the_order_of_its_floors():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["id"] == "floors"]

    told = re.findall(r"^\| \d+ \| `(\w+)` \|", ARCHITECTURE, re.MULTILINE)

    assert told == layers[::-1]


def test_every_module_that_the_architecture_names_is_there():
    apps = {path.name for path in (ROOT / "apps").iterdir() if path.is_dir()}
    named = [tuple(name.split(".")) for name in re.findall(r"`(\w+\.\w+)(?:\.\w+)?`", ARCHITECTURE)]

    missing = [
        name
        for name in named
        if name[0] in apps
        and not (ROOT / "apps" / name[0] / name[1]).is_dir()
        and not (ROOT / "apps" / name[0] / f"{name[1]}.py").is_file()
    ]

    assert missing == []


def test_the_architecture_names_every_registry():
    table = ARCHITECTURE.partition("## Registries")[2].partition("## One request")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    sources = [path.read_text() for path in (ROOT / "apps").rglob("*.py")]

    told = sorted(re.findall(r"(\w+)`", " ".join(rows)))
    owned = sorted(name for text in sources for name in re.findall(r"^(\w+): Registry\[", text, re.MULTILINE))

    assert told == owned


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_context_decision_and_consequences(path):
    text = path.read_text()

    headings = [name for name in re.findall(r"^## (.+)$", text, re.MULTILINE) if name in HEADINGS]

    assert headings == HEADINGS
    assert text.startswith(f"# {int(path.stem[:4])}. ")
