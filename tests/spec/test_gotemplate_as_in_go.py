"""What Go's text/template with Sprig makes of the same text."""

from __future__ import annotations

import pytest

from gitops.spec.gotemplate import render
from gitops.spec.values import parse_values

NOW = 1_700_000_000.0
SAME = [
    ('{{ regexReplaceAll "(?P<x>a)" "ba" "<${x}>" }}', "b<a>"),
    (
        '{{ mergeOverwrite (dict "debug" true "level" 3 "n" (dict "a" 1)) (dict "debug" false "level" 0 "n" (dict "a" 0)) }}',
        "map[debug:false level:0 n:map[a:0]]",
    ),
    (
        '{{ merge (dict "debug" false "level" 3) (dict "debug" true "level" 0) }}',
        "map[debug:true level:3]",
    ),
    (
        "{{ addf 1.5 2 }} {{ addf 1.1 2.2 3.3 }} {{ subf 7.5 2 3 }} {{ mulf 1.5 2 2 }} {{ divf 10 2 4 }} {{ add1f 1.5 }} {{ maxf 1 2.5 3 }} {{ minf 1.5 2 3 }}",
        "3.5 6.6 2.5 6 1.25 2.5 3 1.5",
    ),
    ("{{ divf 1 3 }}", "0.3333333333333333"),
    (
        '{{ durationRound "2h10m5s" }} {{ durationRound "2400h10m5s" }} {{ durationRound "25h" }} {{ durationRound "500ms" }}',
        "2h 3mo 1d 0s",
    ),
    (
        '{{ abbrevboth 5 10 "1234 5678 9123" }} {{ abbrevboth 2 10 "1234 5678 9123" }} {{ abbrevboth 1 5 "1234 5678 9123" }} {{ abbrevboth 100 10 "1234 5678 9123" }}',
        "...5678... 1234 56... 1234 5678 9123 ...78 9123",
    ),
    ('{{ trimall "$" "$5.00$" }}', "5.00"),
    (
        '{{ printf "% x" "hello" }}|{{ printf "%#x" "hi" }}|{{ printf "%# X" "hi" }}|{{ printf "%x" "" }}',
        "68 65 6c 6c 6f|0x6869|0X68 0X69|",
    ),
    (
        '{{ printf "%.3v" 1234.5678 }}|{{ printf "%.2v" "hello" }}|{{ printf "%v" 1e20 }}|{{ printf "%8.2v" 3.14159 }}|{{ printf "%5v" true }}',
        "1.23e+03|he|1e+20|     3.1| true",
    ),
    (
        '{{ printf "%G" 1e-7 }}|{{ printf "%g" 1e-7 }}|{{ printf "%G" 123456789.0 }}|{{ printf "%.3g" 1234.5678 }}|{{ printf "%+g" 1.5 }}',
        "1E-07|1e-07|1.23456789E+08|1.23e+03|+1.5",
    ),
    (
        '{{ printf "%#v" "a" }}|{{ printf "%#v" 1 }}|{{ printf "%#v" 1.5 }}|{{ printf "%#v" true }}|{{ printf "%#v" (list "a" 1) }}|{{ printf "%#v" (dict "a" "b") }}',
        '"a"|1|1.5|true|[]interface {}{"a", 1}|map[string]interface {}{"a":"b"}',
    ),
    (
        '{{ printf "%#q" "abc" }}|{{ printf "%#q" "a`c" }}|{{ printf "%+q" "é" }}|{{ printf "%q" "é" }}|{{ printf "%+q" "😀\\n" }}',
        '`abc`|"a`c"|"\\u00e9"|"é"|"\\U0001f600\\n"',
    ),
    (
        '{{ printf "% .1f" 3.14159 }}|{{ printf "% d" 5 }}|{{ printf "%+.2e" 12345.678 }}',
        " 3.1| 5|+1.23e+04",
    ),
    (
        '{{ printf "%.*f" 2 3.14159 }}|{{ printf "%*d" 5 42 }}|{{ printf "%-*d|" 5 42 }}',
        "3.14|   42|42   |",
    ),
    (
        '{{ printf "%[2]s %[1]s" "a" "b" }}|{{ printf "%[1]d %[1]x" 255 }}|{{ printf "%[1]s" "a" "b" }}',
        "b a|255 ff|a",
    ),
    (
        '{{ printf "%U" 9731 }}|{{ printf "%#U" 9731 }}|{{ printf "%O" 8 }}|{{ printf "%q" 65 }}|{{ printf "%q" (list "a" "b") }}|{{ printf "%d" (list 1 2 3) }}',
        "U+2603|U+2603 '☃'|0o10|'A'|[\"a\" \"b\"]|[1 2 3]",
    ),
    (
        '{{ printf "%s" (list "a" "b") }}|{{ printf "%05d" (list 1 2) }}|{{ printf "%q" (dict "a" "b") }}|{{ printf "%6.2f|%-8s|" 3.14159 "ab" }}',
        '[a b]|[00001 00002]|map["a":"b"]|  3.14|ab      |',
    ),
    (
        '{{ printf "%c" 65 }}|{{ printf "%t" true }}|{{ printf "%08.3f" 3.14159 }}|{{ printf "%+d" 5 }}|{{ printf "%x" 255 }}|{{ printf "%o" 8 }}|{{ printf "%b" 5 }}',
        "A|true|0003.142|+5|ff|10|101",
    ),
    (
        '{{ printf "%5.1f%%" 99.55 }}|{{ printf "%.0f" 2.5 }}|{{ printf "%3c" 65 }}|{{ printf "%T %T" 1 "a" }}|{{ printf "%v" nil }}',
        " 99.5%|2|  A|int string|<nil>",
    ),
    (
        '{{ date "002" (toDate "2006-01-02" "2023-11-14") }}|{{ date "__2" (toDate "2006-01-02" "2023-01-04") }}|{{ date "_2006" (toDate "2006-01-02" "2023-01-04") }}|{{ date "_2" (toDate "2006-01-02" "2023-01-04") }}',
        "318|  4|_2023| 4",
    ),
    (
        '{{ toDate "02/01/06" "03/02/21" | date "2006-01-02" }}|{{ toDate "02/01/06" "03/02/71" | date "2006-01-02" }}',
        "2021-02-03|1971-02-03",
    ),
    (
        '{{ toDate "2006-01-02 3:04 PM" "2021-02-03 1:04 PM" | date "15:04" }}|{{ toDate "2006-01-02 03:04PM" "2021-02-03 12:04AM" | date "15:04" }}',
        "13:04|00:04",
    ),
    (
        '{{ toDate "2006-01-02T15:04:05.000Z07:00" "2021-02-03T01:02:03.123Z" | date "05.000" }}|{{ toDate "15:04:05.999" "01:02:03.5" | date "05.000" }}|{{ toDate "2006-01-02 15:04 -07" "2021-02-03 01:02 +03" | date "15:04" }}',
        "03.123|03.500|22:02",
    ),
    (
        "{{ eq .Values.f 1.5 }} {{ lt .Values.f 2.0 }} {{ kindOf .Values.f }} {{ deepEqual .Values.f 1.5 }} {{ has 1.5 (list .Values.f) }} {{ without (list .Values.f) 1.5 }}",
        "true true float64 true true []",
    ),
    (
        '{{ kindOf 1 }} {{ kindOf true }} {{ deepEqual 1 true }} {{ deepEqual (list 1 "a") (list 1 "a") }} {{ kindOf (dict) }} {{ kindOf (list) }} {{ kindOf now }}',
        "int bool false true map slice struct",
    ),
]


@pytest.mark.parametrize(("text", "result"), SAME)
def test_the_same_as_in_go(text: str, result: str) -> None:
    """Values of files, formats, dates and functions of floats are as in Go."""
    assert render(text, {"Values": parse_values("f: 1.5", "values")}, NOW) == result
