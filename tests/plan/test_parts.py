"""A plan is cut into parts that have nothing to do with each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitops.model.actions import RemoveContainer
from gitops.model.address import Address
from gitops.model.plan import Plan, Step
from gitops.plan.parts import parts_of, plan_of, without


def plan(*steps: tuple[str, tuple[int, ...]]) -> Plan:
    """Return a plan of steps that are each (the app's name, the numbers of those before)."""
    made = [
        Step(number, Address("WebApp", name), RemoveContainer("local", name), "", after)
        for number, (name, after) in enumerate(steps, 1)
    ]
    return Plan("demo", tuple(made), {}, {}, {})


def numbers(found: Plan) -> list[list[int]]:
    """Return the step numbers of each part."""
    return [[step.number for step in part.steps] for part in parts_of(found)]


def test_two_apps_are_two_parts() -> None:
    """What no edge connects is worked on apart."""
    assert numbers(plan(("a", ()), ("b", ()), ("a", (1,)), ("b", (2,)))) == [[1, 3], [2, 4]]


def test_an_edge_joins_what_it_connects() -> None:
    """A step that waits for another resource belongs to its part, and so does what is with it."""
    assert numbers(plan(("a", ()), ("b", ()), ("c", (1, 2)), ("d", ()))) == [[1, 2, 3], [4]]


def test_one_resource_is_never_in_two_parts() -> None:
    """Steps about one resource stay together even without an edge: two threads would collide."""
    assert numbers(plan(("a", ()), ("b", ()), ("a", ()))) == [[1, 3], [2]]


def test_an_empty_plan_has_no_parts() -> None:
    """Nothing to do is no part."""
    assert parts_of(plan()) == ()


def test_a_plan_of_a_part_keeps_its_numbers() -> None:
    """The steps of a part are those of the plan, numbers and edges included."""
    whole = plan(("a", ()), ("b", ()), ("a", (1,)))
    first = plan_of(whole, parts_of(whole)[0])
    assert first.steps == (whole.steps[0], whole.steps[2])


def test_what_is_left_out_takes_along_what_comes_after() -> None:
    """Without the steps about a resource, those that wait for them go as well."""
    whole = plan(("a", ()), ("b", (1,)), ("c", (2,)), ("d", ()))
    rest = without(whole, lambda address: address.name == "b")
    assert [step.number for step in rest.steps] == [1, 4]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sets(st.integers(1, 20))), max_size=20))
def test_parts_are_a_partition_without_edges_between(raw: list[tuple[str, set[int]]]) -> None:
    """Each step is in one part, in order; no edge and no resource leads from one to another."""
    steps = [
        (name, tuple(sorted(n for n in after if n < number)))
        for number, (name, after) in enumerate(raw, 1)
    ]
    whole = plan(*steps)
    parts = parts_of(whole)
    seen = [step for part in parts for step in part.steps]
    assert sorted(seen) == list(whole.steps)
    addresses = [address for part in parts for address in part.addresses]
    assert len(addresses) == len(set(addresses))
    for part in parts:
        inside = [step.number for step in part.steps]
        assert inside == sorted(inside)
        assert all(set(step.after) <= set(inside) for step in part.steps)
