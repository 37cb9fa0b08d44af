"""Calls to an engine behind TLS or SSH, carried by the docker SDK. Imported for those alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops.drivers.engine_http import PATH_STAT, Answer, Call, Observer, unobserved
from gitops.drivers.sdk_client import SdkClient


class SdkHttp:
    """Satisfies `EngineHttp` over the SDK's session, one call after the other."""

    def __init__(
        self, address: str, environ: Mapping[str, str], observer: Observer = unobserved
    ) -> None:
        self._client = SdkClient(address, environ, observer)

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Make one call; see `EngineHttp`."""
        with self._client.use(f"the engine did not answer {method} {path}") as api:
            response = api.request(
                method,
                f"{api.base_url}{path}",
                data=body if isinstance(body, bytes) else None,
                json=None if isinstance(body, bytes) else body,
                timeout=api.timeout,
            )
            headers = response.headers
            date, stat = headers.get("Date", ""), headers.get(PATH_STAT, "")
            return Answer(response.status_code, response.content, date, stat)

    def calls(self, calls: Sequence[Call]) -> list[Answer]:
        """Make several calls; see `EngineHttp`."""
        return [self.call(*call) for call in calls]

    def close(self) -> None:
        """Close the SDK's connections."""
        self._client.close()
