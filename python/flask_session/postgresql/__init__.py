"""Sessions in PostgreSQL, in the table of Flask-Session's development branch."""

from .postgresql import PostgreSqlSession, PostgreSqlSessionInterface

__all__ = ["PostgreSqlSession", "PostgreSqlSessionInterface"]
