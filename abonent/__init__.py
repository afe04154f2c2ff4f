"""The subscriber department of an internet provider: billing, service desk and registers."""

from __future__ import annotations

__version__ = "0.1.0"
