"""Supporting code. You don't need it to follow the lesson."""

from support import startup  # noqa: F401
