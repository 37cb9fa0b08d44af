"""Evaluates pipelines: paths through the data, calls of functions, and variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitops.spec.gotemplate import limits
from gitops.spec.gotemplate.faults import Complaint, TemplateFault, fault_at
from gitops.spec.gotemplate.nodes import Chain, Command, Literal, Name, Path, Pipe, Word
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import Missing, truth, type_of

NOTHING = Missing("")
"""Stands for `no value yet` where a pipeline begins; no path in a template is empty."""


class Evaluator:
    """The state of one rendering: its variables, and the work it has done so far."""

    def __init__(self, text: str, functions: Callable[[], Mapping[str, Function]]) -> None:
        self.text = text
        self.functions = functions
        self.variables: list[tuple[str, object]] = []
        self.work = 0

    def fault(self, at: int, message: str, hint: str = "", missing: str = "") -> TemplateFault:
        """Return the fault at an offset of the text."""
        return fault_at(self.text, at, message, hint, missing)

    def spend(self, at: int, work: int) -> None:
        """Count work, and stop a template that does too much."""
        self.work += work
        if self.work > limits.WORK:
            raise self.fault(at, f"the template takes more than {limits.WORK} steps")

    def pipeline(self, pipe: Pipe, dot: object) -> object:
        """Return the value of a pipeline, having set its variables."""
        value: object = NOTHING
        for command in pipe.commands:
            value = self._command(command, dot, value)
        for name in pipe.variables:
            self.set(name, value, assigns=pipe.assigns)
        return value

    def set(self, name: str, value: object, *, assigns: bool) -> None:
        """Declare a variable, or give the innermost one of that name another value."""
        if not assigns:
            self.variables.append((name, value))
            return
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return

    def _command(self, command: Command, dot: object, final: object) -> object:
        self.spend(command.at, 1)
        if not isinstance(command.first, Name):
            return self._word(command.first, dot)
        if command.first.name in {"and", "or"}:
            return self._short_circuit(command, dot, final)
        given = [self._word(word, dot) for word in command.rest]
        if final is not NOTHING:
            given.append(final)
        value = self._call(command.first.name, given, command)
        if isinstance(value, Missing) and command.rest and isinstance(command.rest[0], Path):
            # `index` does not know what its mapping is called; the fault shall name the whole key.
            source = command.rest[0]
            named = ".".join((source.variable, *source.names))
            value = value._replace(path=value.path.replace("(index)", named, 1))
        return value

    def _short_circuit(self, command: Command, dot: object, final: object) -> object:
        """Evaluate the arguments of `and` and `or` only as far as needed, as Go does since 1.18."""
        name = command.first.name if isinstance(command.first, Name) else ""
        value: object = NOTHING
        for word in command.rest:
            value = self._word(word, dot)
            if truth(value) == (name == "or"):
                return value
        value = value if final is NOTHING else final
        if value is NOTHING:
            raise self.fault(command.at, f"{name}: it takes at least 1 arguments, and 0 are given")
        return value

    def _call(self, name: str, given: list[object], command: Command) -> object:
        function = self.functions()[name]
        at = command.at
        try:
            arguments = function.arguments(given)
            self.spend(at, sum(map(limits.weight, arguments)))
            value = function.call(*arguments)
            self.spend(at, limits.weight(value))
        except Complaint as complaint:
            at = self._blamed(command, given, complaint)
            told = f"{name}: {complaint.message}"
            raise self.fault(at, told, complaint.hint, complaint.missing) from None
        except RecursionError:
            raise self.fault(at, f"{name}: the value is nested too deeply") from None
        except OverflowError:
            raise self.fault(at, f"{name}: the number is too large") from None
        return value

    def _blamed(self, command: Command, given: list[object], complaint: Complaint) -> int:
        """Return where the missing argument stands that is complained of, else the function."""
        for word, value in zip(command.rest, given, strict=False):
            if isinstance(value, Missing) and complaint.message.startswith(f"{value.path} is not"):
                return word.at
        return command.at

    def _word(self, word: Word, dot: object) -> object:
        if isinstance(word, Literal):
            return word.value
        if isinstance(word, Chain):
            return self._fields(self.pipeline(word.pipe, dot), word.names, ("(...)", word.at))
        if isinstance(word, Name):
            return self._command(Command(word, (), word.at), dot, NOTHING)
        start = dot if not word.variable else self._variable(word)
        return self._fields(start, word.names, (word.variable, word.at))

    def _variable(self, path: Path) -> object:
        for name, value in reversed(self.variables):
            if name == path.variable:
                return value
        raise self.fault(path.at, f"the variable {path.variable} is not set here")

    def _fields(self, value: object, names: tuple[str, ...], start: tuple[str, int]) -> object:
        path, at = start
        for name in names:
            path = f"{path}.{name}"
            if isinstance(value, Missing):
                value = Missing(f"{value.path}.{name}", value.known)
            elif value is None:
                value = Missing(path)
            elif isinstance(value, dict):
                value = value[name] if name in value else Missing(path, tuple(value))
            else:
                hint = f"it is of type {type_of(value)}, which has no fields"
                raise self.fault(at, f"there is no {path}", hint)
        return value
