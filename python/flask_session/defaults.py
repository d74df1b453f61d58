"""``Defaults``: what each ``SESSION_*`` key is when it isn't set, under its own name."""

from typing import TYPE_CHECKING, Any

from .settings import sections


class Defaults:
    """The default of each key of ``flask_session.settings``, e.g. ``Defaults.SESSION_KEY_PREFIX``."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


for _, _settings in sections():
    for _setting in _settings:
        setattr(Defaults, _setting.name, _setting.default)
