"""Commands for ``flask``: ``flask session ...``, and ``flask session_cleanup`` as in Flask-Session."""

from .group import register

__all__ = ["register"]
