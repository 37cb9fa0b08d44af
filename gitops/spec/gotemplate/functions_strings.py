"""Sprig's functions of texts (https://masterminds.github.io/sprig/strings.html)."""

from __future__ import annotations

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.limits import WIDTH, check_items, check_size
from gitops.spec.gotemplate.printing import quote, show
from gitops.spec.gotemplate.signature import Function

ELLIPSIS = 3


def repeat(count: int, text: str) -> str:
    """Return a text so many times; complain about a negative count."""
    if count < 0:
        raise Complaint(f"a text cannot be repeated {count} times")
    check_size(count * len(text))
    return text * count


def substr(start: int, end: int, text: str) -> str:
    """Return the characters from start to end; a negative start is 0, a negative end the last."""
    if start < 0:
        return text[: max(end, 0)]
    return text[start:] if end < 0 else text[start:end]


def trunc(length: int, text: str) -> str:
    """Return the first characters, or with a negative length the last."""
    return text[length:] if length < 0 else text[:length]


def abbrev(width: int, text: str) -> str:
    """Return a text cut to a width, the dots included; a width below 4 leaves it alone."""
    if width <= ELLIPSIS or len(text) <= width:
        return text
    return f"{text[: width - ELLIPSIS]}..."


def abbrev_both(left: int, width: int, text: str) -> str:
    """Return a text cut on both sides to a width; one that is too small leaves it alone."""
    if width <= ELLIPSIS or (left > 0 and width <= 2 * ELLIPSIS) or len(text) <= width:
        return text
    start = min(left, len(text) - (width - ELLIPSIS))
    if start <= ELLIPSIS + 1:
        return abbrev(width, text)
    return f"...{abbrev(width - ELLIPSIS, text[start:])}"


def wrap(width: int, text: str, newline: str = "\n", *, long_words: bool = False) -> str:
    """Return a text in lines of at most a width, broken at spaces and, if asked, inside words."""
    width, at, lines = max(width, 1), 0, list[str]()
    while len(text) - at > width:
        if text[at] == " ":
            at += 1
            continue
        space = text.rfind(" ", at, at + width + 1)
        if space < 0 and long_words:
            lines.append(text[at : at + width])
            at += width
            continue
        space = space if space >= 0 else text.find(" ", at + width)
        if space < 0:
            break
        lines.append(text[at:space])
        at = space + 1
    lines.append(text[at:])
    check_size(len(text) + len(lines) * len(newline))
    return newline.join(lines)


def indent(width: int, text: str) -> str:
    """Return a text with every line moved to the right."""
    if not 0 <= width <= WIDTH:
        raise Complaint(f"one indents by 0 to {WIDTH} spaces, not by {width}")
    check_size(len(text) + (text.count("\n") + 1) * width)
    pad = " " * width
    return pad + text.replace("\n", f"\n{pad}")


def replace(old: str, new: str, text: str) -> str:
    """Return the text with each `old` replaced."""
    check_size(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def plural(one: str, many: str, count: int) -> str:
    """Return the word for a count."""
    return one if count == 1 else many


def joined(separator: str, value: object) -> str:
    """Return the items of a list, nil ones left out, with a separator between them."""
    items = value if isinstance(value, list) else [value]
    texts = [show(each) for each in items if each is not None]
    check_size(sum(map(len, texts)) + len(texts) * len(separator))
    return separator.join(texts)


def split_list(separator: str, text: str, most: int = 0) -> list[object]:
    """Return the parts between separators; an empty one parts the characters."""
    check_items(text.count(separator) + 1)
    if separator:
        return list(text.split(separator, most - 1))
    return list(text) if most <= 0 else [*text[: most - 1], text[most - 1 :]]


def splitn(separator: str, most: int, text: str) -> dict[str, object]:
    """Return at most so many parts, as `_0`, `_1`, ...; none at all for 0."""
    parts = split_list(separator, text, most) if most else []
    return {f"_{place}": part for place, part in enumerate(parts)}


def sort_alpha(value: object) -> list[object]:
    """Return the items as texts in alphabetical order."""
    items = value if isinstance(value, list) else [value]
    texts: list[object] = []
    texts.extend(sorted(show(each) for each in items if each is not None))
    return texts


def cat(*values: object) -> str:
    """Return the values, nil ones left out, with spaces between them."""
    return " ".join(show(each) for each in values if each is not None)


def quoted(*values: object) -> str:
    """Return each value in double quotes, escaped; nil ones are left out."""
    return " ".join(quote(show(each)) for each in values if each is not None)


def single_quoted(*values: object) -> str:
    """Return each value in single quotes, nothing escaped; nil ones are left out."""
    return " ".join(f"'{show(each)}'" for each in values if each is not None)


def to_strings(value: object) -> list[object]:
    """Return the items of a list as texts."""
    items = value if isinstance(value, list) else [value]
    return [show(each) for each in items if each is not None]


FUNCTIONS = {
    "trim": Function(lambda text: text.strip(), "s"),
    "trimAll": Function(lambda chars, text: text.strip(chars) if chars else text, "ss"),
    "trimall": Function(lambda chars, text: text.strip(chars) if chars else text, "ss"),
    "trimSuffix": Function(lambda suffix, text: text.removesuffix(suffix), "ss"),
    "trimPrefix": Function(lambda prefix, text: text.removeprefix(prefix), "ss"),
    "repeat": Function(repeat, "is"),
    "substr": Function(substr, "iis"),
    "nospace": Function(lambda text: "".join(text.split()), "s"),
    "trunc": Function(trunc, "is"),
    "abbrev": Function(abbrev, "is"),
    "abbrevboth": Function(abbrev_both, "iis"),
    "initials": Function(lambda text: "".join(word[0] for word in text.split()), "s"),
    "wrap": Function(wrap, "is"),
    "wrapWith": Function(lambda width, sep, text: wrap(width, text, sep, long_words=True), "iss"),
    "contains": Function(lambda part, text: part in text, "ss"),
    "hasPrefix": Function(lambda prefix, text: text.startswith(prefix), "ss"),
    "hasSuffix": Function(lambda suffix, text: text.endswith(suffix), "ss"),
    "quote": Function(quoted, "a*"),
    "squote": Function(single_quoted, "a*"),
    "cat": Function(cat, "a*"),
    "indent": Function(indent, "is"),
    "nindent": Function(lambda width, text: f"\n{indent(width, text)}", "is"),
    "replace": Function(replace, "sss"),
    "plural": Function(plural, "ssi"),
    "join": Function(joined, "sa"),
    "splitList": Function(split_list, "ss"),
    "split": Function(lambda separator, text: splitn(separator, -1, text), "ss"),
    "splitn": Function(splitn, "sis"),
    "sortAlpha": Function(sort_alpha, "a"),
    "toString": Function(show, "a"),
    "toStrings": Function(to_strings, "a"),
}
