"""Times as other systems write them: the same moments in the one form that is read everywhere."""

import re
from typing import Final

_TIME: Final = (
    r"([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:(Z)|([+-][0-9]{2})(?::?([0-9]{2}))?)?(\[[A-Za-z][A-Za-z0-9_+/-]{0,60}\])?"
)
_FORM: Final = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)?{_TIME}")


def as_iso(text: str) -> str | None:
    """Return a date-time or time with its seconds, and its offset with a colon; None for what is neither.

    Taken are a time without seconds (`15:15`), an offset without colon or minutes (`+0700`, `+07`), and the name of a zone in
    brackets behind an offset (`Z[UTC]`), which says no more than the offset does. Source: the forms that Java's own classes and
    process engines write; a name of a zone without an offset stays refused.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    day, minute, second, zulu, hours, minutes, zone = found.groups()
    if zone is not None and zulu is None and hours is None:
        return None
    offset = zulu or (f"{hours}:{minutes or '00'}" if hours else "")
    return f"{day or ''}{minute}{second or ':00'}{offset}"
