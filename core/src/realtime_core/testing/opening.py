"""Clauses of opening: what comes first, what a refusal is."""

from realtime_core.errors import AuthenticationFailed, RealtimeError
from realtime_core.events import RealtimeErrorEvent, RealtimeSessionEvent
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.stage import Stage, shape
from realtime_core.testing.subject import Meeting
from realtime_core.testing.suite import clause

__all__ = ["OpeningClauses"]


class OpeningClauses:
    """How a session begins."""

    @clause(do="make connect() give a connection whose first event is RealtimeSessionEvent(phase='created')")
    async def test_first_event_is_session_created(self, stage: Stage) -> None:
        """The first event is a RealtimeSessionEvent 'created'."""
        line = await stage.begin_connect(stage.setup())
        first = (await line.frame("RealtimeSessionEvent(phase='created')"))[0]
        if not (isinstance(first, RealtimeSessionEvent) and first.phase == "created"):
            broken(f"the first event was {shape([first])}")

    @clause(do="give 'updated' when the service confirms the set-up; where it says nothing, make it up")
    async def test_configuration_is_confirmed(self, stage: Stage) -> None:
        """One RealtimeSessionEvent 'updated' follows 'created' once the configuration is in force."""
        line = await stage.begin_connect(stage.setup())
        await line.opened()
        told = [event.phase for event in line.of(RealtimeSessionEvent)]
        if told[:1] != ["created"] or told.count("updated") != 1:
            broken(f"the session events were {', '.join(told)}")
        await stage.heard(lambda heard: bool(heard.of("setup")), "set-up", line)

    @clause(
        do="raise AuthenticationFailed, or give an error event of kind 'auth' with the setup's command_id"
    )
    async def test_refused_credentials_are_authentication_failed(self, stage: Stage) -> None:
        """Wrong credentials are AuthenticationFailed from connect, or an error event of kind 'auth'."""
        if not any(not field.repr for field in stage.provider.options.__attrs_attrs__):
            raise NotApplicable("no option is a secret: there are no credentials")
        await stage.double.meet(Meeting.REFUSE)
        try:
            line = await stage.begin_connect(stage.setup())
        except AuthenticationFailed:
            return
        except RealtimeError as exc:
            broken(f"connect() raised {type(exc).__name__}")
        event = await line.until(lambda event: isinstance(event, RealtimeErrorEvent), "an error event")
        assert isinstance(event, RealtimeErrorEvent)
        if event.kind != "auth":
            broken(f"the error event is of kind {event.kind!r}")
