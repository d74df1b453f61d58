"""Sessions in files."""

from .filesystem import FileSystemSession, FileSystemSessionInterface

__all__ = ["FileSystemSession", "FileSystemSessionInterface"]
