"""The setting `packages`: a folder, an address of the web, or a bucket with a prefix."""

from urllib.parse import SplitResult, urlsplit

from microflow_runtime.errors import SettingsError

_WANTED = "a folder, https://host/path/, http://host/path/ or s3://bucket/prefix"


def is_address(place: str) -> bool:
    """Tell whether a place of packages is elsewhere; otherwise it is a folder."""
    return "://" in place


def check_package_place(place: str, origin: str) -> str:
    """Give the place as it is when it can be one.

    Raises SettingsError for an address of another kind, and for one that holds a credential: it would be shown wherever
    the place is.
    """
    if not is_address(place):
        return place
    try:
        parts = urlsplit(place)
        port_is_good = parts.port != 0
    except ValueError as cause:
        raise SettingsError(f"{origin}: expected {_WANTED}; this is no address.") from cause
    if parts.scheme not in ("http", "https", "s3") or not parts.hostname or not port_is_good:
        raise SettingsError(f"{origin}: expected {_WANTED}.")
    if parts.username is not None or parts.password is not None:
        help_text = (
            "Name it by packages_token, packages_user and packages_password, or packages_s3_key and packages_s3_secret."
        )
        raise SettingsError(f"{origin}: the address holds a credential. {help_text}", help=help_text)
    if parts.query or parts.fragment or "?" in place or "#" in place:
        raise SettingsError(f"{origin}: expected {_WANTED}, without `?` and `#`.")
    if parts.scheme == "s3" and not _is_bucket(parts):
        raise SettingsError(f"{origin}: expected {_WANTED}; a bucket has no port.")
    return place


def _is_bucket(parts: SplitResult) -> bool:
    return parts.port is None and parts.netloc == parts.hostname
