"""Sessions in a database, through Flask-SQLAlchemy."""

from .sqlalchemy import SqlAlchemySession, SqlAlchemySessionInterface

__all__ = ["SqlAlchemySession", "SqlAlchemySessionInterface"]
