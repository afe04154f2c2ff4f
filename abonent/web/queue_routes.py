"""The addresses of the walk-in queue."""

from __future__ import annotations

from abonent.web.pages.queue import day, devices, hall, setup, window

QUEUE_ROUTES = (
    *window.ROUTES,
    *day.ROUTES,
    *setup.ROUTES,
    *devices.ROUTES,
    *hall.ROUTES,
)
