"""A world in which versions were deployed, and in which a person wishes something."""

from __future__ import annotations

from collections.abc import Sequence

from support.model_world import ModelWorld
from support.planning import NOTHING, Wish, converge, question_of, wish_of

from gitops.model.address import Address
from gitops.plan.deploys import wishes
from gitops.plan.deploys.apps import own_spec
from gitops.plan.deploys.wishes import Asked, Change, Spot
from gitops.plan.draft import Draft
from gitops.plan.grounds import place_of, survey

SHOP = Address("WebApp", "shop")
STAGING = Address("WebApp", "shop-staging")
ANNA = Asked("anna", "it is bad", 500.0)
SPECS = """
kind: WebApp
metadata: {{name: shop}}
spec:
  image: {{name: example.com/shop, tag: "1"}}
  env: {{TEXT: {text}, WHERE: front}}
  sticky: [WHERE]
  slots:
  - {{name: staging, env: {{TEXT: {staging}, WHERE: aside}}}}
---
kind: WebApp
metadata: {{name: other}}
spec:
  image: {{name: example.com/other, tag: "{other}"}}
"""


def wish(text: str, staging: str = "green", other: str = "1") -> Wish:
    """Return the specs with these values."""
    return wish_of(SPECS.format(text=text, staging=staging, other=other), {})


class Stage:
    """A world in which versions were deployed one after the other."""

    def __init__(self, *versions: str) -> None:
        self.world = ModelWorld(("local",))
        self.history = NOTHING
        for version in versions:
            self.wish = wish(version)
            converge(self.wish, self.world)

    def spot(self, address: Address = SHOP) -> Spot:
        """Return a place as it is now."""
        question = question_of(self.wish, self.world, self.history)
        app = next(one for one in question.wanted.apps if one.address == address)
        place = place_of("demo", survey(Draft("demo"), question)["local"], app)
        return Spot(
            app,
            own_spec(self.wish.bundle, app.spec),
            place.notes,
            place.live.config if place.live is not None else "",
            self.history.quarantined.get(address, {}),
        )

    def family(self) -> tuple[Spot, Spot]:
        """Return production and its slot."""
        return self.spot(), self.spot(STAGING)

    def change(self, changes: Sequence[Change]) -> None:
        """Write and erase the notes, and bring about what follows."""
        for change in changes:
            self.world.apply(change.action)
        converge(self.wish, self.world)

    def runs(self, address: Address = SHOP) -> str:
        """Return the words in the environment of what serves a place."""
        kept = self.spot(address).current
        assert kept is not None
        env = kept.content.runtime.env
        return f"{env['TEXT']} {env['WHERE']}"

    def swapped(self) -> wishes.Wish:
        """Return the wish for a swap, knowing what the spec alone would say."""
        production, slot = self.family()
        bare = ModelWorld(("local",))
        own = {app.address: app.content for app in question_of(self.wish, bare).wanted.apps}
        return wishes.swap(production, slot, ANNA, own)
