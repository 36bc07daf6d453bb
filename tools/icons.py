"""Copy icons from the npm package @tabler/icons: `python tools/icons.py FOLDER_OF_THE_PACKAGE name…`."""

import re
import sys
from pathlib import Path

TARGET = next((Path(__file__).resolve().parents[1] / "static" / "vendor").glob("tabler-icons-*"))


def shrink(svg: str) -> str:
    """Keep the drawing only; size, stroke and class come from `{% icon %}` and the stylesheet."""
    drawing = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", svg[svg.index(">") + 1 :])
    return "".join(
        line.strip() for line in drawing.removesuffix("</svg>\n").replace("</svg>", "").splitlines()
    )


def main(package: Path, names: list[str]) -> None:
    for name in names:
        source = package / "icons" / "outline" / f"{name}.svg"
        if not source.exists():
            sys.exit(f"{name}: no such icon in {package}")
        (TARGET / f"{name}.svg").write_text(shrink(source.read_text()) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
