"""The chain of the audit: each row's hash covers the row and the hash before it."""

import hashlib

import msgspec

from microflow_runtime.store.records import AuditEntry

FIRST = "0" * 64
"""What stands for the hash before the first row."""


def chain_hash(previous: str, number: int, entry: AuditEntry) -> str:
    """Give the hash of a row, in hexadecimal, from the hash before it, its number and its entry."""
    content = msgspec.json.encode([previous, number, msgspec.structs.astuple(entry)])
    return hashlib.sha256(content).hexdigest()
