"""A world that has converged, in which one thing after another is broken by hand, and healed."""

from __future__ import annotations

from support.engine_proxy import EngineProxy, engine_address
from support.scenario import World


class Standing:
    """A world that has converged, and the calls that bring it back to that."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.proxy = EngineProxy(world.folder, engine_address())
        world.environ["DOCKER_HOST"] = self.proxy.address
        world.hello()
        world.gitops("reconcile")
        self.old_digest = world.registry_digest()
        world.page("two")
        world.gitops("reconcile")

    @property
    def app(self) -> str:
        """The id of the app's container."""
        return str(self.world.container("WebApp", "hello")["Id"])

    def heal(self) -> str:
        """Reconcile; check that all is well then and nothing was built; return what was said."""
        self.proxy.forget()
        said = self.world.gitops("reconcile").out
        assert self.proxy.builds == 0
        assert self.world.ask() == (200, "two\n")
        assert {one["State"] for one in self.world.containers()} == {"running"}
        assert len(self.world.containers()) == 3
        self.proxy.forget()
        self.world.gitops("reconcile")
        assert self.proxy.writes == [], "one run is enough"
        return said
