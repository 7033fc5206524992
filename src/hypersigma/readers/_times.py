"""When a scene was acquired, out of whatever a file or its name says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# 2022-08-08T10:32:42.1Z, 20190523_005547, 2002-07-31
_MOMENT = re.compile(r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)(?:[T_ ]+(\d\d):?(\d\d):?(\d\d))?", re.IGNORECASE)
# the first year of imaging from orbit that people work with
_FIRST_YEAR = 1972


def moment(text: str) -> str | None:
    """The first date in a text, with the time of day where one follows, in the form of ISO 8601; None without.

    A date that cannot be, or lies ahead, is none: writers put such into headers for want of a clock.
    """
    match = _MOMENT.search(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups(default="0"))
        when = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    # clocks and zones may differ by some hours
    if when.year < _FIRST_YEAR or when > datetime.now(UTC) + timedelta(days=1):
        return None
    return f"{when:%Y-%m-%d}" if match[4] is None else f"{when:%Y-%m-%dT%H:%M:%S}"
