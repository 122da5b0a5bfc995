"""Faults in what is taken back, and in history."""

from typing import Any

import attrs
from mutant import codec, connection
from realtime_core import Message, ToolCall, UnsupportedCommand
from realtime_core.commands import (
    AddItem,
    CancelResponse,
    ClearAudio,
    Command,
    DeleteItem,
)
from small_provider import SmallCodec, SmallConnection


@codec("clear_is_answered_by_its_id", seen="the service heard no ClearAudio")
class ClearIsAnotherWord(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        return {"raw": {}} if isinstance(command, ClearAudio) else super().frame(command)


@codec(
    "order_of_sends_is_order_at_the_service",
    kind="id-less",
    seen="heard: setup, audio, commit, raw",
)
class ClearIsAnotherWordThatNobodyAnswers(ClearIsAnotherWord):
    pass


@connection("deletion_reaches_the_service", seen="the service heard no DeleteItem")
class DeletesNothing(SmallConnection):
    async def send(self, command: Command) -> None:
        if not isinstance(command, DeleteItem):
            await super().send(command)


@codec("deletion_reaches_the_service", seen="was deleted, and the service heard ['item']")
class DeletesAnother(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        return {"delete": "item"} if isinstance(command, DeleteItem) else super().frame(command)


@codec("cancelled_response_is_done", seen="was to be cancelled, and the service heard ['']")
class CancelsAnyResponse(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        is_cancel = isinstance(command, CancelResponse)
        return super().frame(CancelResponse() if is_cancel else command)


@codec("history_keeps_order_and_roles", seen="UnsupportedCommand was raised")
class HistoryAtTheStartOnly(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if self.begun and isinstance(item, Message | ToolCall) and getattr(item, "role", "") != "user":
            raise UnsupportedCommand("too late")
        return super().item(item)


@codec("history_keeps_order_and_roles", seen="the roles heard were ['user', 'user', 'assistant', 'user']")
class TheSystemIsTheUser(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if isinstance(item, Message) and item.role == "system":
            item = attrs.evolve(item, role="user")
        return super().item(item)


@connection("history_keeps_order_and_roles", seen="UnsupportedCommand was raised")
class NoAssistantInHistory(SmallConnection):
    async def send(self, command: Command) -> None:
        match command:
            case AddItem(item=Message(role="assistant")):
                raise UnsupportedCommand("nobody but the user")
        await super().send(command)
