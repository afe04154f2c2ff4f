# ruff: noqa: INP001  a script, not a package
"""Cut the icon sprite out of an unpacked ``@tabler/icons`` package.

Run when an icon is added: ``python scripts/cut_icon_sprite.py PACKAGE > .../vendor/icons.svg``.
The sprite is committed, so that an installation needs neither Node nor the icon package.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LIST = Path(__file__).parent / "icons.txt"


def symbol(source: str, name: str) -> str:
    """Return one ``<symbol>`` with the drawing of ``source`` and nothing else."""
    body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    drawing = re.sub(r"\s*\n\s*", "", body)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>'


def sprite(package: Path) -> str:
    """Return the whole sprite; stroke and colour come from the page's CSS."""
    folder = package / "icons" / "outline"
    symbols = [
        symbol((folder / f"{name}.svg").read_text("utf-8"), name)
        for name in LIST.read_text("utf-8").split()
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    sys.stdout.write(sprite(Path(sys.argv[1])))
