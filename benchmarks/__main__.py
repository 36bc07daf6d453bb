"""
Run the benchmarks, or those that are named: a JSON line per figure as it comes, a table of all at the end.

    python -m benchmarks [import_contacts send_messages …] [--save FILE] [--against FILE]

Each is a module of this package that prints its figures as JSON lines on stdout, each line with a `figure`,
and runs in a process of its own: none pays for another one's memory. `--save` keeps the lines; `--against`
shows the kept ones of an earlier run beside them.
"""

import argparse
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HELPERS = {"__main__", "empty", "growth", "peer", "peer_settings", "scratch", "sink"}
Figure = dict[str, Any]


def names() -> list[str]:
    package = Path(__file__).parent
    return sorted(info.name for info in pkgutil.iter_modules([str(package)]) if info.name not in HELPERS)


def run(name: str) -> Iterator[Figure]:
    """
    Yield the figures of one benchmark as they come; whatever else it says is shown as it is.

    :raises subprocess.CalledProcessError: it failed
    """
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            try:
                figure = json.loads(line)
            except ValueError:
                print(line, end="", file=sys.stderr)
                continue
            print(line, end="", flush=True)
            yield figure
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def table(figures: list[Figure], earlier: list[Figure]) -> str:
    before = {figure["figure"]: figure for figure in earlier}
    lines = []
    for figure in figures:
        facts = [
            f"{key} {_told(value)}" + _change(value, before.get(figure["figure"], {}).get(key))
            for key, value in figure.items()
            if key != "figure"
        ]
        lines.append(f"{figure['figure']:<34} " + " · ".join(facts))
    return "\n".join(lines)


def _told(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _change(value: object, before: object) -> str:
    if not isinstance(value, float | int) or not isinstance(before, float | int) or not before:
        return ""
    return f" ({value / before:.2f} × before)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], metavar="name", help=", ".join(names()))
    parser.add_argument("--save", type=Path)
    parser.add_argument("--against", type=Path)
    asked = parser.parse_args()
    figures: list[Figure] = []
    failed = []
    for name in asked.names or names():
        try:
            figures += run(name)
        except subprocess.CalledProcessError:
            failed.append(name)
    if asked.save:
        asked.save.write_text("".join(json.dumps(figure) + "\n" for figure in figures))
    earlier = [json.loads(line) for line in asked.against.read_text().splitlines()] if asked.against else []
    print(f"\n{table(figures, earlier)}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
