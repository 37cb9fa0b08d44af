"""Go's time layouts, which show the time Mon Jan 2 15:04:05 MST 2006 (https://pkg.go.dev/time)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.printing import quote

LENGTH = 100
"""Characters of a layout that is read by."""
TOKEN = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|Z07:00|-07:00|Z0700|-0700|-07|[.,]0+(?![0-9])|[.,]9+(?![0-9])"
    r"|__2|_2(?!006)|002|0[1-6]|15|PM|pm|[1-5]"
)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _offset(time: datetime, colon: str) -> str:
    minutes = int((time.utcoffset() or timedelta()).total_seconds()) // 60
    sign, minutes = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{minutes // 60:02d}{colon}{minutes % 60:02d}"


def _or_zulu(time: datetime, colon: str) -> str:
    return _offset(time, colon) if time.utcoffset() else "Z"


SHOW: Mapping[str, Callable[[datetime], str]] = {
    "January": lambda time: MONTHS[time.month - 1],
    "Jan": lambda time: MONTHS[time.month - 1][:3],
    "Monday": lambda time: DAYS[time.weekday()],
    "Mon": lambda time: DAYS[time.weekday()][:3],
    "MST": lambda time: time.tzname() or "UTC",
    "2006": lambda time: f"{time.year:04d}",
    "06": lambda time: f"{time.year % 100:02d}",
    "01": lambda time: f"{time.month:02d}",
    "1": lambda time: str(time.month),
    "02": lambda time: f"{time.day:02d}",
    "_2": lambda time: f"{time.day:2d}",
    "__2": lambda time: f"{time.timetuple().tm_yday:3d}",
    "002": lambda time: f"{time.timetuple().tm_yday:03d}",
    "2": lambda time: str(time.day),
    "15": lambda time: f"{time.hour:02d}",
    "03": lambda time: f"{time.hour % 12 or 12:02d}",
    "3": lambda time: str(time.hour % 12 or 12),
    "04": lambda time: f"{time.minute:02d}",
    "4": lambda time: str(time.minute),
    "05": lambda time: f"{time.second:02d}",
    "5": lambda time: str(time.second),
    "PM": lambda time: "PM" if time.hour > 11 else "AM",  # noqa: PLR2004 - noon
    "pm": lambda time: "pm" if time.hour > 11 else "am",  # noqa: PLR2004 - noon
    "Z07:00": lambda time: _or_zulu(time, ":"),
    "-07:00": lambda time: _offset(time, ":"),
    "Z0700": lambda time: _or_zulu(time, ""),
    "-0700": lambda time: _offset(time, ""),
    "-07": lambda time: _offset(time, "")[:3],
}
READ = {
    "January": ("month_name", "|".join(MONTHS)),
    "Jan": ("month_name", "|".join(name[:3] for name in MONTHS)),
    "Monday": ("", "|".join(DAYS)),
    "Mon": ("", "|".join(name[:3] for name in DAYS)),
    "MST": ("", "UTC|GMT"),
    "2006": ("year", "[0-9]{4}"),
    "06": ("year", "[0-9]{2}"),
    "01": ("month", "[0-9]{2}"),
    "1": ("month", "[0-9]{1,2}"),
    "02": ("day", "[0-9]{2}"),
    "_2": ("day", " ?[0-9]{1,2}"),
    "2": ("day", "[0-9]{1,2}"),
    "15": ("hour", "[0-9]{2}"),
    "03": ("hour", "[0-9]{2}"),
    "3": ("hour", "[0-9]{1,2}"),
    "PM": ("half", "AM|PM"),
    "pm": ("half", "am|pm"),
    "04": ("minute", "[0-9]{2}"),
    "4": ("minute", "[0-9]{1,2}"),
    "05": ("second", "[0-9]{2}"),
    "5": ("second", "[0-9]{1,2}"),
    "Z07:00": ("zone", "Z|[+-][0-9]{2}:[0-9]{2}"),
    "-07:00": ("zone", "[+-][0-9]{2}:[0-9]{2}"),
    "Z0700": ("zone", "Z|[+-][0-9]{4}"),
    "-0700": ("zone", "[+-][0-9]{4}"),
    "-07": ("zone", "[+-][0-9]{2}"),
}
PIVOT, NOON = 69, 12
"""The first of the years of two digits that are of the last century; the hours of half a day."""


def written(time: datetime, layout: str) -> str:
    """Return a time in a layout."""

    def shown(match: re.Match[str]) -> str:
        token = match.group()
        if token in SHOW:
            return SHOW[token](time)
        digits = f"{time.microsecond:06d}000"[: len(token) - 1].ljust(len(token) - 1, "0")
        if token[1] == "0":
            return token[0] + digits
        digits = digits.rstrip("0")
        return f"{token[0]}{digits}" if digits else ""

    return TOKEN.sub(shown, layout)


def read(layout: str, text: str) -> datetime:
    """Return the time that a text in a layout says, UTC unless it names its offset."""
    if len(layout) > LENGTH:
        raise Complaint(f"the layout is longer than {LENGTH} characters")
    pattern, at = "", 0
    for match in TOKEN.finditer(layout):
        name, digits = _readable(match.group())
        if name and f"<{name}>" in pattern:
            raise Complaint(f"the layout {quote(layout)} names the {name} twice")
        group = f"?P<{name}>" if name else "?:"
        pattern += f"{re.escape(layout[at : match.start()])}({group}{digits})"
        at = match.end()
    found = re.fullmatch(pattern + re.escape(layout[at:]), text)
    if found is None:
        raise Complaint(f"{quote(text[:50])} does not look like {quote(layout)}")
    try:
        return _time(found.groupdict())
    except ValueError as error:
        raise Complaint(f"{quote(text)} is not a time: {error}") from None


def _readable(token: str) -> tuple[str, str]:
    """Return the name of what a token stands for, and the pattern of its digits."""
    if token[0] in ".,":
        many = f"{{{len(token) - 1}}}" if token[1] == "0" else "+"
        fraction = rf"[.,][0-9]{many}"
        return "fraction", fraction if token[1] == "0" else f"(?:{fraction})?"
    if token not in READ:
        raise Complaint(f"{token!r} in a layout cannot be read, only written")
    return READ[token]


def _time(found: Mapping[str, str]) -> datetime:
    month = int(found.get("month") or 1)
    if name := found.get("month_name"):
        month = [each[:3] for each in MONTHS].index(name[:3]) + 1
    hour, minute, second = [int(found.get(part, 0)) for part in ("hour", "minute", "second")]
    if half := found.get("half", ""):
        hour = hour % NOON + (NOON if half.lower() == "pm" else 0)
    micro = int((found.get("fraction") or ".0")[1:7].ljust(6, "0"))
    day = int(found.get("day", 1))
    return datetime(_year(found), month, day, hour, minute, second, micro, tzinfo=_zone(found))


def _year(found: Mapping[str, str]) -> int:
    text = found.get("year", "1")
    if len(text) != 2:  # noqa: PLR2004 - 06 in the layout
        return int(text)
    return int(text) + (1900 if int(text) >= PIVOT else 2000)


def _zone(found: Mapping[str, str]) -> timezone:
    text = found.get("zone", "Z").replace(":", "")
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:5] or 0))
    return timezone(-offset if text[0] == "-" else offset)
