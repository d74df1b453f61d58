"""Two distributions that own the same package would overwrite each other's files."""

import warnings
from importlib.metadata import PackageNotFoundError, distribution


def check() -> None:
    """Warns if the distribution ``flask-session`` is installed, too."""
    try:
        distribution("flask-session")
    except PackageNotFoundError:
        return
    warnings.warn(
        "Both flask-session and flask-session-rs are installed, and both own the package flask_session. "
        "Run: pip uninstall flask-session, then: pip install --force-reinstall --no-deps flask-session-rs",
        RuntimeWarning,
        stacklevel=3,
    )
