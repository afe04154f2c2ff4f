"""Prometheus metrics of this process, in a registry of our own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

REGISTRY = CollectorRegistry()
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@cache
def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    """Answer the counter of that name, made once. Labels must have few values: never an id."""
    return Counter(name, text, labels, registry=REGISTRY)


@cache
def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    """Answer the gauge of that name, made once."""
    return Gauge(name, text, labels, registry=REGISTRY)


@cache
def histogram(
    name: str, text: str, labels: tuple[str, ...] = (), buckets: Sequence[float] = SECONDS
) -> Histogram:
    """Answer the histogram of that name (seconds unless told otherwise), made once."""
    return Histogram(name, text, labels, buckets=buckets, registry=REGISTRY)


def exposition() -> tuple[bytes, str]:
    """Answer the page for the scraper and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
