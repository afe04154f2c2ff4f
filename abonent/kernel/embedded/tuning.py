"""PostgreSQL settings sized to the machine: good for a million accounts, harmless on a laptop.

Durability is not traded: `synchronous_commit`, `fsync` and `full_page_writes` keep their defaults.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

_MB = 1024 * 1024
_GB = 1024 * _MB
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_memory() -> int:
    """Bytes of memory this program may use: the machine's, or its control group's limit if lower."""
    limits = [_whole(path) for path in _LIMITS]
    return min(limit for limit in (_installed(), *limits) if limit is not None)


def _installed() -> int:
    """Bytes of the machine's memory; a small machine's where the system does not say."""
    try:
        first = Path("/proc/meminfo").read_text().splitlines()[0]
        return int(first.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return 2 * _GB


def _whole(path: str) -> int | None:
    """The number in a file; None where there is no such file, or no number ("max") in it."""
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None


def server_settings(data: Path, programs: Path, *, memory: int) -> dict[str, str]:
    """The settings for a server with `memory` bytes and its data in `data`."""
    free = shutil.disk_usage(data).free
    wal = _between(free // 8, _GB, 8 * _GB)
    settings = {
        "max_connections": "200",
        "shared_buffers": _megabytes(_between(memory // 4, 128 * _MB, 16 * _GB)),
        "effective_cache_size": _megabytes(memory * 6 // 10),
        "work_mem": _megabytes(_between(memory // 256, 8 * _MB, 64 * _MB)),
        "maintenance_work_mem": _megabytes(_between(memory // 16, 64 * _MB, _GB)),
        "max_wal_size": _megabytes(wal),
        "min_wal_size": _megabytes(wal // 8),
        "checkpoint_timeout": "15min",
        "wal_buffers": "64MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.02",
        "autovacuum_vacuum_cost_limit": "2000",
        "log_min_duration_statement": "2s",
        "log_lock_waits": "on",
        "log_line_prefix": "%m [%p] %u@%d ",
        "logging_collector": "on",
        "log_filename": "postgres-%d.log",
        "log_truncate_on_rotation": "on",
        "timezone": "UTC",
    }
    if _has_library(programs, "pg_stat_statements"):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    if _shared_memory_is_small():
        settings["dynamic_shared_memory_type"] = "sysv"
    return settings


def settings_file(settings: Mapping[str, str]) -> str:
    """The settings as a PostgreSQL configuration file."""
    quoted = {name: value.replace("'", "''") for name, value in settings.items()}
    lines = [f"{name} = '{value}'" for name, value in sorted(quoted.items())]
    head = "# Written at every start. Your own settings go into local.conf beside this file."
    return "\n".join([head, *lines, ""])


def _between(value: int, lowest: int, highest: int) -> int:
    return max(lowest, min(value, highest))


def _megabytes(size: int) -> str:
    return f"{size // _MB}MB"


def _has_library(programs: Path, name: str) -> bool:
    return any((programs.parent / "lib" / f"{name}{end}").exists() for end in (".so", ".dylib"))


def _shared_memory_is_small() -> bool:
    """Containers often have 64 MB of /dev/shm, on which parallel queries fail."""
    try:
        return shutil.disk_usage("/dev/shm").total < 256 * _MB  # noqa: S108 - only its size is read
    except OSError:
        return False
