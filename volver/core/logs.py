"""Log lines: one logger per room, facts as `extra`, never a personal value."""

import logging


def log(room: str) -> logging.Logger:
    """The logger of a room, under `volver`."""
    return logging.getLogger(f"volver.{room}")
