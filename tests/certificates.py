"""Certificates for servers of the tests' own."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificates(folder: Path) -> None:
    """`ca.pem`, an authority of its own; `server.pem` and `server.key`, for localhost and 127.0.0.1."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3"]
    authority = ["-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority of the tests"]
    openssl("req", *key, *authority)
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost", *names)
    signed = ["-in", "server.csr", "-out", "server.pem", "-days", "3", "-copy_extensions", "copy"]
    openssl("x509", "-req", *signed, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
