"""How a statement over a part of the accounts is to be run, where the server would guess.

Left to itself it may read every account for the few that are asked for, or look a million up one
by one. The settings hold to the end of the transaction.
"""

from __future__ import annotations

_KNOWN = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_mergejoin = off;"

FEW = _KNOWN + "SET LOCAL enable_nestloop = on; SET LOCAL enable_hashjoin = off"
"""Look each account up by its key."""

MANY = _KNOWN + "SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = on"
"""Read all accounts between two ids and match them."""
