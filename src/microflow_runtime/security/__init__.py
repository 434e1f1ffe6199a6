"""Sessions, passwords, roles and permissions: who calls and what they may do.

Others use: `Security`, and the records and names below.
"""

from microflow_runtime.security.clock import Clock, SystemClock
from microflow_runtime.security.credentials import COOKIE_NAME, Credentials
from microflow_runtime.security.first_start import FirstStart
from microflow_runtime.security.login import LoginRequest, NewSession
from microflow_runtime.security.origin import RequestOrigin, pages_with_cookies
from microflow_runtime.security.passwords import Passwords
from microflow_runtime.security.permissions import (
    ACCESSES,
    ADMIN_ROLE,
    ANONYMOUS,
    EVERY,
    USER_ROLE,
    check_name,
    check_permission,
    flow_object,
)
from microflow_runtime.security.revocation import LocalRevocation
from microflow_runtime.security.security import Security
from microflow_runtime.security.tokens import ACCESS_TOKEN, SESSION_ID, digest_token, is_token

__all__ = [
    "ACCESSES",
    "ACCESS_TOKEN",
    "ADMIN_ROLE",
    "ANONYMOUS",
    "COOKIE_NAME",
    "EVERY",
    "SESSION_ID",
    "USER_ROLE",
    "Clock",
    "Credentials",
    "FirstStart",
    "LocalRevocation",
    "LoginRequest",
    "NewSession",
    "Passwords",
    "RequestOrigin",
    "Security",
    "SystemClock",
    "check_name",
    "check_permission",
    "digest_token",
    "flow_object",
    "is_token",
    "pages_with_cookies",
]
