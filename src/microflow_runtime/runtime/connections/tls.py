"""Whom a connection trusts, and the certificate it shows. Nothing switches the verification off."""

import os
import ssl

import certifi

from microflow_runtime.errors import SettingsError
from microflow_runtime.model.http_connection import ClientTls
from microflow_runtime.settings import Secrets


def usual_context() -> ssl.SSLContext:
    """Trust what the system trusts, and the public authorities where the system knows none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def own_context(tls: ClientTls, secrets: Secrets) -> ssl.SSLContext:
    """Trust the named authority instead, and show the certificate. Raises SettingsError when a secret is no such PEM text."""
    context = usual_context() if tls.authority is None else ssl.create_default_context(cadata=_authority(tls, secrets))
    if tls.certificate is not None and tls.key is not None:
        pem = f"{secrets.get(tls.key.secret).reveal()}\n{secrets.get(tls.certificate.secret).reveal()}\n"
        try:
            _load_from_memory(context, pem.encode())
        except (ssl.SSLError, ValueError) as error:
            message = (
                f'The secrets "{tls.certificate.secret}" and "{tls.key.secret}" are not a certificate and its key.'
            )
            raise SettingsError(message) from error
    return context


def _authority(tls: ClientTls, secrets: Secrets) -> str:
    assert tls.authority is not None
    pem = secrets.get(tls.authority.secret).reveal()
    try:
        ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError(f'The secret "{tls.authority.secret}" is not the PEM text of certificates.') from error
    return pem


def _load_from_memory(context: ssl.SSLContext, pem: bytes) -> None:
    """Load a key without writing it to any disk: OpenSSL only reads files, and this one is in memory."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, pem)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=_no_password)
    finally:
        os.close(descriptor)


def _no_password() -> str:
    """Answer for a key that is locked: there is nobody to ask."""
    raise ValueError("the key is locked by a password")
