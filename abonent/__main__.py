"""`python -m abonent` is the `abonent` command."""

from __future__ import annotations

import sys

from abonent.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
