"""Certificates: of the project's own authority, of an ACME authority, or the user's own.

Comes in: host names, or files. Goes out: key, certificate and chain in one PEM, or why not. It
never decides which authority signs a name, nor when one is renewed (`gitops.model.certificates`),
and it keeps nothing outside of the vault that it is handed.
"""

from __future__ import annotations

from gitops.drivers.certificates.issuer import Issuer

__all__ = ["Issuer"]
