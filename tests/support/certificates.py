"""An authority of the tests' own, and a certificate for this machine's loopback address."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """PEM files."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path, address: str = "IP:127.0.0.1") -> Certificates:
    """Make an authority and a certificate of its for ``address``; skips without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine")
    folder.mkdir(exist_ok=True)
    made = Certificates(
        authority=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key"
    )
    authority_key, extensions = folder / "ca.key", folder / "extensions"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl(*new, "-keyout", authority_key, "-out", made.authority, "-subj", "/CN=tests")
    extensions.write_text(f"subjectAltName={address}\n")
    request = folder / "server.csr"
    _openssl(*new[:1], *new[2:], "-keyout", made.key, "-out", request, "-subj", "/CN=server")
    _openssl(
        *("x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", authority_key),
        *("-CAcreateserial", "-extfile", extensions, "-out", made.certificate),
    )
    made.key.chmod(0o600)
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
