"""Faults in what a provider keeps to itself."""

import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from mutant import codec, connecting, connection, plain_connect, provider
from realtime_core import (
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    RealtimeError,
    RealtimeEvent,
    RealtimeTextEvent,
    UnsupportedCommand,
)
from realtime_core.commands import AppendAudio, Command, UpdateSession
from realtime_core.options import option
from realtime_core.provider import Provider
from small_provider import SmallCodec, SmallConnection, lost
from small_service import KEY

LOG = logging.getLogger("small")
OWN = logging.getLogger("small.own")
OWN.propagate = False
OWN.setLevel(logging.INFO)
OWN.addHandler(logging.NullHandler())
QUIET = logging.getLogger("small.quiet")
QUIET.setLevel(logging.INFO)


@provider("secrets_do_not_show")
def key_in_the_repr_of_options(good: Provider) -> Provider:
    @attrs.frozen
    class Open:
        dial: Any = option()
        key: str = option(env="SMALL_KEY")

    return attrs.evolve(good, options=Open)


@provider("secrets_do_not_show", seen="wss://acme.example/v1?key=<secret>")
def key_in_the_endpoint(good: Provider) -> Provider:
    return attrs.evolve(good, endpoint=lambda options: f"wss://acme.example/v1?key={options.key}")


@connection("secrets_do_not_show")
class LogsItsKey(SmallConnection):
    async def aclose(self) -> None:
        LOG.debug("closed the connection of %s", KEY)
        await super().aclose()


@connection("secrets_do_not_show", seen="connected with <secret>")
class PrintsItsKey(SmallConnection):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        sys.stderr.write(f"connected with {KEY}\n")


@connection("secrets_do_not_show", seen="looks short")
class WarnsOfItsKey(SmallConnection):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        warnings.warn(f"the key {KEY} looks short", stacklevel=2)


@connection("secrets_do_not_show", seen="GET /?key=<secret>")
class KeyInTheCauseOfACause(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            cause = RuntimeError("the stream broke")
            cause.__cause__ = ValueError(f"GET /?key={KEY}")
            raise lost(exc.reason) from cause


@connecting("secrets_do_not_show", seen="no answer for <secret>")
async def key_in_a_note(options: Any, setup: Any) -> Any:
    made = await plain_connect(options, setup)
    first = await made.receive()
    await made.aclose()
    if first[0].service_type == "refused":
        refused = ConnectionFailed("small: refused", reason=FailedReason.REJECTED)
        refused.add_note(f"no answer for {options.key}")
        raise refused
    return await plain_connect(options, setup)


@connecting("secrets_do_not_show", seen="cannot reach wss://acme.example/v1?key=<secret>")
async def key_in_the_error_of_a_wrong_address(options: Any, setup: Any) -> Any:
    try:
        return await plain_connect(options, setup)
    except ConnectionFailed as exc:
        if not isinstance(exc.__cause__, OSError):
            raise
        url = f"wss://acme.example/v1?key={options.key}"
        raise ConnectionFailed(f"small: cannot reach {url}", reason=FailedReason.REFUSED) from exc


class _Nowhere:
    def __init__(self, key: str) -> None:
        self.key = key

    def __repr__(self) -> str:
        return f"<nowhere, with {self.key}>"

    async def aclose(self) -> None:
        pass


@connecting("secrets_do_not_show", seen="<nowhere, with <secret>>")
async def key_in_the_repr_of_a_connection_to_nowhere(options: Any, setup: Any) -> Any:
    try:
        return await plain_connect(options, setup)
    except ConnectionFailed:
        return _Nowhere(options.key)


@codec("words_do_not_show", seen="received b")
class LogsFrames(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        LOG.debug("received %r", line)
        return super().events(line)


@connection("words_do_not_show", seen="-> {")
class LogsCommands(SmallConnection):
    async def send(self, command: Command) -> None:
        LOG.debug("-> %s", self.codec.frame(command))
        await super().send(command)


@connection("words_do_not_show", seen="-> audio b'<words>")
class LogsSound(SmallConnection):
    async def send(self, command: Command) -> None:
        if isinstance(command, AppendAudio):
            LOG.debug("-> audio %r...", command.data[:12])
        await super().send(command)


@codec("words_do_not_show", seen="-> {'audio': '<words>")
class LogsSoundAsItIsWritten(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        frame = super().frame(command)
        if isinstance(command, AppendAudio):
            LOG.debug("-> %.30s...", frame)
        return frame


@connection("words_do_not_show", seen="sent {")
class LogsWhatItHasSent(SmallConnection):
    async def send(self, command: Command) -> None:
        await super().send(command)
        LOG.debug("sent %s", self.codec.frame(command))


@codec("words_do_not_show", seen="at INFO: received b")
class LogsWhereNothingPropagates(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        OWN.info("received %r", line)
        return super().events(line)


@codec("words_do_not_show", seen="at DEBUG: received b")
class LogsAtALevelThatIsOff(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        QUIET.debug("received %r", line)
        return super().events(line)


@connecting("secrets_do_not_show", seen="at INFO: the key is <secret>")
async def logs_its_key_where_nothing_propagates(options: Any, setup: Any) -> Any:
    OWN.info("the key is %s", options.key)
    return await plain_connect(options, setup)


@connection("words_do_not_show", seen="ended in b")
class LogsHalfAFrame(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            LOG.warning("ended in %r", self.buffer)
            raise


@codec("words_do_not_show", seen="cannot read b")
class LogsWhatCannotBeRead(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        events = super().events(line)
        if getattr(events[0], "code", "") == "unreadable_frame":
            LOG.warning("cannot read %r", line)
        return events


@codec("words_do_not_show", seen="nobody knows {")
class LogsWhatNobodyKnows(SmallCodec):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        LOG.info("nobody knows %s", wire["service_event"])
        return super().unknown(wire)


@codec("words_do_not_show", seen="the result")
class LogsResults(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if hasattr(item, "output"):
            LOG.debug("the result %s", item.output)
        return super().item(item)


@codec("words_do_not_show", seen="update to")
class LogsUpdates(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        frame = super().frame(command)
        if isinstance(command, UpdateSession):
            LOG.debug("update to %s", frame)
        return frame


@connecting("words_do_not_show", seen="instructions <words>")
async def logs_the_prompt(options: Any, setup: Any) -> Any:
    LOG.debug("instructions %s", setup.settings.instructions)
    return await plain_connect(options, setup)


@connecting("words_do_not_show", seen="the tool <words>")
async def logs_descriptions(options: Any, setup: Any) -> Any:
    for tool in setup.tools:
        LOG.debug("the tool %s", tool.description)
    return await plain_connect(options, setup)


@codec("words_do_not_show", seen="called with")
class LogsArguments(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        LOG.debug("called with %s", call["args"])
        yield from super().call(call, wire)


@connection("words_do_not_show", seen="could not send")
class WordsInTheErrorOfSend(SmallConnection):
    async def send(self, command: Command) -> None:
        try:
            await super().send(command)
        except ConnectionLost as exc:
            words = getattr(getattr(command, "item", None), "content", "it")
            raise ConnectionLost(f"could not send {words}", reason=exc.reason) from exc


@codec("words_do_not_show", kind="turn-less", seen="will not take")
class WordsInARefusal(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        try:
            return super().item(item)
        except RealtimeError as exc:
            raise UnsupportedCommand(f"small will not take {getattr(item, 'content', item)}") from exc


@connection("words_do_not_show", seen="the last frame was")
class WordsInItsRepr(SmallConnection):
    last: object = None

    async def send(self, command: Command) -> None:
        await super().send(command)
        self.last = self.codec.frame(command)

    def __repr__(self) -> str:
        return f"<the last frame was {self.last}>"


@codec("words_do_not_show", seen="now it says")
class LogsTheReply(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            if isinstance(event, RealtimeTextEvent):
                sys.stdout.write(f"now it says {event.text.text}\n")
            yield event
