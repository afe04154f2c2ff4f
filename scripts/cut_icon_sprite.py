"""Cut the icon sprite out of an unpacked ``@tabler/icons`` package.

Run when an icon is added: ``python scripts/cut_icon_sprite.py PACKAGE > .../vendor/icons.svg``.
The sprite is committed, so that an installation needs neither Node nor the icon package.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ICONS = (
    "adjustments alert-triangle arrow-left arrows-exchange bell bolt building building-community "
    "calculator calendar calendar-event cash chart-bar check checklist chevron-down chevron-right "
    "chevron-up circle-check circle-x clipboard-list clock coin coins copy credit-card "
    "device-desktop discount dots download edit external-link eye file-invoice file-text filter "
    "heart-handshake history home hourglass inbox info-circle key keyboard language lock logout "
    "menu-2 message moon note phone phone-call player-play player-stop plug-connected plus "
    "printer receipt receipt-refund refresh report-money router school search settings "
    "shield-lock snowflake sum sun table tags ticket tool trash trending-down user user-check "
    "user-cog user-plus users wallet wifi world x"
).split()


def symbol(source: str, name: str) -> str:
    """Return one ``<symbol>`` with the drawing of ``source`` and nothing else."""
    body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    drawing = re.sub(r"\s*\n\s*", "", body)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>'


def sprite(package: Path) -> str:
    """Return the whole sprite; stroke and colour come from the page's CSS."""
    folder = package / "icons" / "outline"
    symbols = [symbol((folder / f"{name}.svg").read_text("utf-8"), name) for name in ICONS]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    sys.stdout.write(sprite(Path(sys.argv[1])))
