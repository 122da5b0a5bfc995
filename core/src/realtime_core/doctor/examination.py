"""The order of an examination: the plugin, its options, the way to its endpoint, the service.

Knows nothing of screens: a `Listener` is told.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from realtime_core.client import RealtimeClient
from realtime_core.config.part import Part
from realtime_core.doctor.address import read_address
from realtime_core.doctor.conversation import FirstWords, Opening, noting, open_session
from realtime_core.doctor.course import Course, Listener, Stopped
from realtime_core.doctor.network import Route, route_to
from realtime_core.doctor.origins import (
    masker,
    place_of,
    said_by,
    strange_address,
    summary,
    table,
    whence,
    with_missing,
)
from realtime_core.doctor.steps import Report, StepName, Trouble
from realtime_core.doctor.troubles import (
    authentication_trouble,
    foreign_trouble,
    no_session,
    opening_trouble,
)
from realtime_core.doctor.way import NETWORK, walk
from realtime_core.errors import AuthenticationFailed, BrokenPlugin, InvalidOptions, RealtimeError
from realtime_core.limits import SessionLimits
from realtime_core.options import OptionOrigin, build_options, option_origins
from realtime_core.registry import load_provider
from realtime_core.registry.installed import survey
from realtime_core.registry.names import choose
from realtime_core.session import RealtimeSession

__all__ = ["Patience", "examine"]

# Beyond the two seconds that a WebSocket may take.
_CLOSE_S: Final = 2.5


@attrs.frozen(kw_only=True)
class Patience:
    """How long each part may take, in seconds."""

    network_s: float = 4.0
    """Each of DNS, TCP, TLS and HTTP."""
    opening_s: float = 9.0
    """Authentication and the session together."""
    connect_s: float = 6.0
    """What a provider is told of it by its option ``timeout_s``, if it has one and nobody gave it."""
    words_s: float = 8.0
    """The first audio."""
    whole_s: float = 11.0
    """All together. Taking leave comes after it, so that nobody waits longer than 15 seconds."""


async def examine(
    name: str,
    given: Mapping[str, Any],
    listener: Listener,
    *,
    patience: Patience | None = None,
    profile: Part | None = None,
) -> Report:
    """Check the provider ``name`` with the options ``given``; what they leave out comes from the environment.

    With a ``profile``, whose provider it has to be, its options, settings and ``.env`` count as for a client.

    Opens one session and asks it for a short answer, which costs what that costs. Secrets are in nothing that
    is told.
    """
    patience = patience or Patience()
    course = Course(listener, patience.whole_s)
    patient = _Patient(name, given, patience, profile)
    try:
        await patient.load(course)
        await patient.reach(course)
        await patient.talk(course)
    except Stopped:
        pass  # the report says where
    return Report(
        provider=name,
        steps=course.steps,
        options=table(patient.origins, patient.options, course.mask),
        seconds=course.seconds,
        is_callers=course.trouble is not None and course.trouble.is_callers,
    )


class _Patient:
    """A provider, as far as it is known."""

    def __init__(self, name: str, given: Mapping[str, Any], patience: Patience, profile: Part | None) -> None:
        self.origins: Sequence[OptionOrigin] = ()
        self.options: Any = None
        self._name = name
        self._given = given
        self._patience = patience
        self._profile = profile
        self._opening = Opening()
        self._place = ""

    # -- here ------------------------------------------------------------------------------------

    async def load(self, course: Course) -> None:
        """What needs no network."""
        await course.take(StepName.INSTALLED, self._find)
        await course.take(StepName.LOADS, self._load)
        await course.take(StepName.OPTIONS, lambda: self._configure(course))

    async def _find(self) -> str:
        claim = choose(self._name, survey())
        self._author = claim.info.distribution
        return str(claim)

    async def _load(self) -> str:
        self._provider = load_provider(self._name)
        return f"keeps version {self._provider.api_version} of the contract"

    async def _configure(self, course: Course) -> str:
        try:
            self._take_options(course)
        except (RealtimeError, Trouble):
            raise
        except Exception as exc:  # other people's code runs here, and may raise anything
            raise foreign_trouble(exc, self._author) from exc
        return summary(self.origins)

    def _take_options(self, course: Course) -> None:
        provider, profile = self._provider, self._profile
        self.origins = self._find_origins()
        # from here on nothing shows a secret, whoever quotes it
        course.mask = masker(self.origins)
        try:
            if profile is None:
                options = build_options(provider.options, self._given)
            else:
                options = profile.options(provider, self._given)
        except InvalidOptions as exc:
            self.origins = with_missing(self.origins, exc.missing)
            raise
        self._client = RealtimeClient(
            noting(provider, self._opening, course.clock, timeout_s=self._connect_s()),
            name=self._name,
            options=options,
            settings=None if profile is None else profile.settings(provider),
            limits=SessionLimits(close_timeout_s=_CLOSE_S),
        )
        self._route = self._find_route(options)
        self.options = options

    def _find_origins(self) -> Sequence[OptionOrigin]:
        cls, profile = self._provider.options, self._profile
        if profile is None:
            return option_origins(cls, self._given)
        said = profile.profile.options
        origins = option_origins(cls, {**said, **self._given}, profile.environ)
        origins = said_by(f"profile {profile.profile.name!r}", origins, said.keys() - self._given.keys())
        in_file = [one.name for one in origins if one.variable and not os.environ.get(one.variable)]
        return said_by(".env", origins, in_file)

    def _connect_s(self) -> float | None:
        asked = {origin.name: origin for origin in self.origins}.get("timeout_s")
        return None if asked is None or asked.value is not None else self._patience.connect_s

    def _find_route(self, options: Any) -> Route | None:
        url = None if self._provider.endpoint is None else self._provider.endpoint(options)
        if url is None:
            return None
        try:
            address = read_address(url)
        except ValueError as exc:
            trouble = strange_address(url, self.origins)
            if trouble is not None:
                raise trouble from exc
            raise BrokenPlugin(
                "the endpoint that the provider tells is no URL with a host and a port; "
                f"tell the authors of {self._author}"
            ) from exc
        self._place = place_of(address.host, self.origins, options)
        return route_to(address, self._place)

    # -- the way there ---------------------------------------------------------------------------

    async def reach(self, course: Course) -> None:
        """The way to the endpoint, where there is one."""
        if self._route is not None:
            await walk(course, self._route, self._patience.network_s)
            return
        told = self._provider.endpoint is not None
        for name in NETWORK:
            course.skip(
                name, "nothing goes over the network" if told else "the provider does not tell its endpoint"
            )

    # -- the service -----------------------------------------------------------------------------

    async def talk(self, course: Course) -> None:
        """A session, and its first words."""
        session = self._client()
        try:
            await self._open(course, session, course.left_s(self._patience.opening_s))
            words = FirstWords(session, course.clock)

            await course.take(StepName.FIRST_AUDIO, lambda: words.wait(course.left_s(self._patience.words_s)))
        finally:
            await session.delete_session()

    async def _open(self, course: Course, session: RealtimeSession, limit_s: float) -> None:
        """Two steps come out of one wait: some services refuse credentials only when the session begins."""
        opening = self._opening
        course.begin(StepName.AUTHENTICATION)
        begun_s = course.clock.now_s()
        await open_session(session, opening, course.clock, limit_s)
        ended_s = opening.ended_s
        connected_s = begun_s if opening.connected_s is None else opening.connected_s
        self._judge_credentials(course, connected_s - begun_s, ended_s - begun_s)
        course.begin(StepName.SESSION)
        if opening.error is not None:
            address = None if self._route is None else self._route.address
            hurried = self._connect_s() is not None
            trouble = opening_trouble(opening.error, address, self._place, hurried=hurried)
            course.fail(StepName.SESSION, ended_s - connected_s, trouble)
        if not opening.is_open:
            waited_s = ended_s - connected_s
            late = no_session(
                waited_s, is_connected=opening.connected_s is not None, is_created=opening.is_created
            )
            course.fail(StepName.SESSION, waited_s, late)
        course.succeed(StepName.SESSION, ended_s - connected_s, "created, and configured")

    def _judge_credentials(self, course: Course, connected_after_s: float, seconds: float) -> None:
        name, opening = StepName.AUTHENTICATION, self._opening
        credentials = " and ".join(
            f"{origin.name} ({whence(origin)})"
            for origin in self.origins
            if origin.secret and origin.value is not None
        )
        if isinstance(opening.error, AuthenticationFailed):
            course.fail(name, seconds, authentication_trouble(opening.error, credentials))
        if opening.connected_s is None:
            course.skip(name, "no verdict: it failed for another reason")
        elif credentials:
            course.succeed(name, connected_after_s, f"{credentials} is accepted")
        else:
            course.skip(name, "no key or token is given")
