"""Writes docs/settings.md from the settings that the package declares.

Usage: python dev/make_settings_page.py
"""

from pathlib import Path

from flask_session.settings import Setting, sections

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

BEGINNING = """\
# Settings

All are keys of Flask's `app.config`, read once by `Session(app)`. `make docs` makes this page from the code.

Flask's own keys mean what [Flask](https://flask.palletsprojects.com/en/stable/config/) says: those that begin
with `SESSION_COOKIE_`, `PERMANENT_SESSION_LIFETIME`, `SESSION_REFRESH_EACH_REQUEST`, `SECRET_KEY` and
`SECRET_KEY_FALLBACKS`.
"""


def page() -> str:
    """The whole page."""
    parts = [BEGINNING]
    for backend, settings in sections():
        parts.append(f"## {backend.capitalize() or 'For every store'}\n\n{table(settings)}")
    return "\n".join(parts)


def table(settings: tuple[Setting, ...]) -> str:
    rows = ["| key | default | may be | meaning |", "| --- | --- | --- | --- |"]
    rows += [f"| `{s.name}` | {default(s)} | {s.kind} | {s.meaning} |" for s in settings]
    return "\n".join(rows) + "\n"


def default(setting: Setting) -> str:
    return setting.default_text or f"`{setting.default}`"


def main() -> None:
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
