"""The language of Go's text/template: actions, blocks, pipelines, variables and printing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gitops.spec.gotemplate import TemplateFault, render

DATA: dict[str, object] = {
    "Run": {"ID": "ca1", "Registry": "shop.example", "Commit": "", "Branch": "main"},
    "Values": {
        "tag": "v1",
        "n": 3,
        "f": 1.5,
        "price": Decimal("1.10"),
        "on": True,
        "off": False,
        "none": None,
        "items": ["a", "b"],
        "map": {"b": 2, "a": 1},
        "empty": [],
        "a-b": "dashed",
    },
}

RENDERED = [
    ("plain", "plain"),
    ("{{.Run.ID}}", "ca1"),
    ("{{ $.Run.ID }}/{{ .Values.tag }}", "ca1/v1"),
    ("a  {{- .Run.ID -}}  b", "aca1b"),
    ("a {{- 3 }}", "a3"),
    ("{{-3}}", "-3"),
    ("a{{/* note }} */}}b", "ab"),
    ("a {{- /* note */ -}} b", "ab"),
    ("{{ `raw\\n` }}", "raw\\n"),
    ('{{ "\\t\\x41\\u00e9\\101\\"" }}', '\tA\u00e9A"'),
    ('{{ "\\xe2\\x82\\xac" }}', "\u20ac"),
    ("{{ 'a' }}", "97"),
    ("{{ 0x1F }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }}", "31 3 15 15 1000"),
    ("{{ 1.50 }} {{ 1e6 }} {{ 100000.0 }} {{ .00001 }} {{ 1e21 }}", "1.5 1e+06 100000 1e-05 1e+21"),
    ("{{ .Values.on }} {{ .Values.n }} {{ .Values.f }} {{ .Values.price }}", "true 3 1.5 1.10"),
    ("{{ .Values.items }} {{ .Values.map }}", "[a b] map[a:1 b:2]"),
    ("{{ print nil }}", "<nil>"),
    ('{{ print "a" 1 2 "b" 3 }}', "a1 2b3"),
    ('{{ println "a" 1 }}', "a 1\n"),
    (
        '{{ printf "%s-%05d|%-4s|%4.1f|%q|%v|%x|%%|%t" "a" 42 "b" 1.25 "c" true 255 false }}',
        'a-00042|b   | 1.2|"c"|true|ff|%|false',
    ),
    ("{{ if .Values.on }}y{{ else }}n{{ end }}", "y"),
    ("{{ if .Run.Commit }}y{{ else if .Values.off }}m{{ else }}n{{ end }}", "n"),
    ("{{ if .Values.missing }}y{{ else }}n{{ end }}", "n"),
    ("{{ if .Values.deep.er.still }}y{{ else }}n{{ end }}", "n"),
    ("{{ if and .Values.on (eq .Values.tag `v1`) }}y{{ end }}", "y"),
    ("{{ with .Values.map }}{{ .a }}{{ $.Run.ID }}{{ end }}", "1ca1"),
    ("{{ with .Values.none }}y{{ else }}{{ .Run.ID }}{{ end }}", "ca1"),
    ("{{ with $x := .Values.n }}{{ $x }}{{ end }}", "3"),
    ("{{ range .Values.items }}<{{ . }}>{{ end }}", "<a><b>"),
    ("{{ range $i, $v := .Values.items }}{{ $i }}{{ $v }} {{ end }}", "0a 1b "),
    ("{{ range $k, $v := .Values.map }}{{ $k }}={{ $v }} {{ end }}", "a=1 b=2 "),
    ("{{ range $v := .Values.map }}{{ $v }}{{ end }}", "12"),
    ("{{ range 3 }}{{ . }}{{ end }}", "012"),
    ("{{ range .Values.empty }}x{{ else }}none{{ end }}", "none"),
    ("{{ range .Values.nowhere }}x{{ else }}none{{ end }}", "none"),
    (
        "{{ range 9 }}{{ if eq . 2 }}{{continue}}{{else if gt . 4}}{{break}}{{end}}{{.}}{{end}}",
        "0134",
    ),
    ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"),
    ("{{ $s := `` }}{{ range .Values.items }}{{ $s = print $s . }}{{ end }}{{ $s }}", "ab"),
    ('{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" .Run.ID }}', "[ca1]"),
    ('{{ block "t" .Run.ID }}<{{ . }}>{{ end }}', "<ca1>"),
    ('{{ template "t" }}{{ define "t" }}x{{ end }}', "x"),
    ("{{ (index .Values.items 1) | upper }}", "B"),
    ('{{ (dict "a" (dict "b" 5)).a.b }}', "5"),
    ('{{ index .Values "a-b" }} {{ index .Values.map "b" }}', "dashed 2"),
    ("{{ or .Run.Commit .Values.tag }} {{ and 1 0 2 }} {{ or `` `last` }}", "v1 0 last"),
    ("{{ or true (fail `never`) }} {{ and false (fail `never`) }}", "true false"),
    ("{{ 0 | or 5 }} {{ not 0 }}", "5 true"),
    (
        "{{ eq 1 2 1 }} {{ ne `a` `b` }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt `b` `a` }} {{ ge 1 2 }}",
        "true true true true true false",
    ),
    ("{{ len .Values.items }} {{ len `\u00e9` }} {{ len .Values.map }}", "2 2 2"),
    ("{{ slice `abcdef` 1 3 }} {{ slice .Values.items 1 }}", "bc [b]"),
    ("{{ html `<a href='x'>` }}", "&lt;a href=&#39;x&#39;&gt;"),
    ("{{ urlquery `a b&c/d` }}", "a+b%26c%2Fd"),
    ("{{ js `it's <b>` }}", "it\\'s \\u003Cb\\u003E"),
    ("{{ $x := .Values.missing }}{{ default `d` $x }}", "d"),
    ("}} {", "}} {"),
    (
        "{{ eq .Values.zz `a` }} {{ ne .Values.zz `a` }} {{ eq .Values.zz .Values.zy }}",
        "false true true",
    ),
    ("a: 1\n  # {{ .Values.zz }}{{ .Values.zz.y }}\nb: 2", "a: 1\n  # \nb: 2"),
]

FAULTS = [
    ("a\n  {{ .Values.tga }}", 2, 6, ".Values.tga is not given", "did you mean 'tag'?"),
    ("{{ .Values.x.y }}", 1, 4, ".Values.x.y is not given", ""),
    ("{{ .Secrets.npm }}", 1, 4, ".Secrets.npm is not given", ""),
    ("{{ upper .Values.zz }}", 1, 10, "upper: .Values.zz is not given", ""),
    ("{{ .Values.zz | upper }}", 1, 17, "upper: .Values.zz is not given", ""),
    ("{{ lt .Values.zz `a` }}", 1, 7, "lt: .Values.zz is not given", ""),
    ("{{ range .Values.zz }}x{{ end }}", 1, 10, ".Values.zz is not given", ""),
    ("{{ $.Run.Nope }}", 1, 4, "$.Run.Nope is not given", "given are"),
    ("{{ index .Values `zz` }}", 1, 4, ".Values.zz is not given", ""),
    ("{{ .Values.none }}", 1, 4, "the value is nil", "default"),
    ("{{ first list }}", 1, 4, "the value is nil", "default"),
    ("{{ .Run.ID.x }}", 1, 4, "there is no .Run.ID.x", "string, which has no fields"),
    ("{{ uper `a` }}", 1, 4, "there is no function 'uper'", "did you mean 'upper'?"),
    ("{{ if false }}{{ nope }}{{ end }}", 1, 18, "there is no function 'nope'", ""),
    ("{{ uuidv4 }}", 1, 4, "the function uuidv4 is refused: a run must be repeatable", ""),
    ("{{ env `HOME` }}", 1, 4, "the function env is refused: a template sees only", ""),
    ("{{ genPrivateKey `rsa` }}", 1, 4, "the function genPrivateKey is refused", ""),
    ("{{ call .f }}", 1, 4, "the function call is refused", ""),
    ("{{ toYaml .Values }}", 1, 4, "the function toYaml is refused: it is Helm's", ""),
    ("{{ $y }}", 1, 4, "the variable $y is not declared here", ""),
    ("{{ if true }}{{ $y := 1 }}{{ end }}{{ $y }}", 1, 39, "the variable $y is not declared", ""),
    ("{{ $y = 1 }}", 1, 4, "the variable $y is not declared here", ""),
    ("{{ .Run.ID", 1, 1, "the action is not closed", "}}"),
    ('{{ "abc }}', 1, 4, "the quoted text is not closed", ""),
    ("{{/* abc }}", 1, 1, "the comment is not closed", "*/}}"),
    ("{{ }}", 1, 4, "a value is missing in an action", ""),
    ("{{ if .Values.on }}", 1, 1, "`if` is not closed", "{{ end }}"),
    ("x{{ end }}", 1, 5, "`end` closes nothing", ""),
    ("{{ else }}", 1, 4, "`else` closes nothing", ""),
    ("{{ if 1 }}{{ else }}{{ else }}{{ end }}", 1, 24, "`if` has an `else` already", ""),
    ("{{ break }}", 1, 4, "`break` outside of a range", ""),
    ("{{ .Values.a-b }}", 1, 13, "unexpected character '-'", "index .Values"),
    ("{{ (1 }}", 1, 4, "the parenthesis is not closed", ""),
    ("{{ 1 ) }}", 1, 6, "unexpected ')'", ""),
    ("{{ nil }}", 1, 4, "nil is not a command", ""),
    ("{{ .Run.ID 3 }}", 1, 4, ".Run.ID is not a function", ""),
    ("{{ 1 | 2 }}", 1, 8, "only a function can stand after `|`", ""),
    ("{{ 12ab }}", 1, 4, "12ab is not a number", ""),
    ("{{ 99999999999999999999 }}", 1, 4, "the number does not fit in 64 bits", ""),
    ("{{ '' }}", 1, 4, "the quoted text is not closed", ""),
    ('{{ "\\q" }}', 1, 4, "\\q is not an escape that Go knows", ""),
    ("{{ template `x` }}", 1, 13, "there is no template 'x'", ""),
    ("{{ eq 1 `a` }}", 1, 4, "eq: a int cannot be compared with a string", "toString"),
    ("{{ lt true false }}", 1, 4, "lt: bools have no order", ""),
    (
        "{{ upper 3 }}",
        1,
        4,
        "upper: it wants a string and is given a value of type int",
        "toString",
    ),
    ("{{ upper }}", 1, 4, "upper: it takes 1 arguments, and 0 are given", ""),
    ("{{ upper `a` `b` }}", 1, 4, "upper: it takes 1 arguments, and 2 are given", ""),
    ("{{ index .Values.items 2 }}", 1, 4, "index: index 2 is out of range", ""),
    ("{{ len 3 }}", 1, 4, "len: a int has no length", ""),
    ("{{ range `abc` }}{{ end }}", 1, 10, "range cannot go over a string", "a list"),
    ("{{ printf `%d` `a` }}", 1, 4, "printf: %d does not fit a value of type string", ""),
    ("{{ printf `%d` }}", 1, 4, "printf: there is no value for %d", ""),
    ("{{ printf `a` 1 }}", 1, 4, "printf: the layout has no verb for 1 of its values", ""),
    ("{{ if true }}{{ define `a` }}{{ end }}{{ end }}", 1, 17, "`define` cannot stand inside", ""),
]

BOMBS = [
    (
        '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
        "templates call each other",
    ),
    ("{{ repeat 999999999 `abc` }}", "too long"),
    ("{{ until 999999999 }}", "too long"),
    ("{{ range until 90000 }}{{ range until 90000 }}{{ end }}{{ end }}", "steps"),
    ("{{ range 999999999 }}{{ end }}", "steps"),
    ("{{ $x := `ab` }}{{ range 99 }}{{ $x = print $x $x }}{{ end }}", "too long"),
    ("{{ $x := list 1 }}{{ range 99 }}{{ $x = list $x $x }}{{ end }}", "too long"),
    ("{{ $x := list 1 }}{{ range 99 }}{{ $x = concat $x $x }}{{ end }}", "too long"),
    ("{{ $x := list 1 }}{{ range 20000 }}{{ $x = list $x }}{{ end }}{{ $x }}", ""),
    ("{{ $x := repeat 900000 `a` }}{{ range 20 }}{{ $x }}{{ end }}", "the output has more"),
    ("{{ replace `a` (repeat 9999 `b`) (repeat 9999 `a`) }}", "too long"),
    ("{{ $d := dict }}{{ $e := set $d `a` $d }}", "cannot be put into itself"),
    ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested deeper"),
    ("{{ if 1 }}" * 5000, "nested deeper"),
    ("{{ fromJson `" + "[" * 50000 + "` }}", "nested too deeply"),
    ("{{ printf `%999999999d` 1 }}", "width"),
    ("{{ indent 999999999 `a` }}", "indents"),
    ("{{ regexMatch `(x{900}){900}` `x` }}", "the pattern is not valid"),
    ("{{ regexReplaceAll `` (repeat 9999 `a`) (repeat 9999 `b`) }}", "too long"),
    ("{{ uniq (until 90000) }}", "too long"),
    ("{{ $x := repeat 1000000 `a` }}{{ printf (repeat 100000 `%[1]s`) $x }}", "too long"),
    (
        "{{ $l := splitList `,` (repeat 20000 `,`) }}{{ printf (repeat 2000 `%[1]s`) $l }}",
        "too long",
    ),
    (
        "{{ $x := list (repeat 900000 `x`) }}{{ range 9 }}{{ $x = concat $x $x }}{{ end }}",
        "too long",
    ),
    ("{{ printf `%10000s` (splitList `.` (repeat 90000 `.`)) }}", "too long"),
    ("{{ add 9223372036854775807 1 }}", "64 bits"),
    ("{{ index (splitList `.` (repeat 9999999 `.`)) 1 }}", "too long"),
]


@pytest.mark.parametrize(("template", "expected"), RENDERED)
def test_renders_as_go_does(template: str, expected: str) -> None:
    """A template renders as Go's text/template renders it."""
    assert render(template, DATA) == expected


@pytest.mark.parametrize(("template", "line", "column", "message", "hint"), FAULTS)
def test_fault_has_its_place(
    template: str, line: int, column: int, message: str, hint: str
) -> None:
    """A fault says where it is, what is wrong, and what may help."""
    with pytest.raises(TemplateFault) as caught:
        render(template, DATA)
    fault = caught.value
    assert (fault.line, fault.column) == (line, column), str(fault)
    assert fault.message.startswith(message)
    assert hint in fault.hint


@pytest.mark.parametrize(("template", "message"), BOMBS)
@pytest.mark.timeout(20)
def test_bomb_is_a_fault(template: str, message: str) -> None:
    """A template that would take too much time or memory is a fault."""
    with pytest.raises(TemplateFault) as caught:
        render(template, DATA)
    assert message in caught.value.message


def test_given_data_stay_as_they_are() -> None:
    """A template that changes a mapping changes its own copy."""
    data = {"Values": {"a": 1}}
    assert render("{{ $x := set .Values `a` 2 }}{{ .Values.a }}", data) == "2"
    assert data == {"Values": {"a": 1}}
