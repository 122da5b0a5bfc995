"""Servers of the Model Context Protocol: listed, called by the service, approved by the client."""

import pytest
from realtime_simulator.brain import McpCall, Result, Say
from realtime_simulator.mcp import needs_approval

SEARCH = McpCall("docs", "search", {"q": "Rome"}, output="a city")
LISTED = [
    "mcp_list_tools.in_progress",
    "conversation.item.added",
    "mcp_list_tools.completed",
    "conversation.item.done",
]
CALLED = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.mcp_call.in_progress",
    "response.mcp_call.completed",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]


def server(label="docs", **fields):
    return {"type": "mcp", "server_label": label, "server_url": "https://example.com", **fields}


@pytest.mark.parametrize(
    ("call", "tools", "needed"),
    [
        (SEARCH, [], False),
        (SEARCH, [{"type": "function", "name": "search"}, server("other")], False),
        (SEARCH, [server()], True),
        (SEARCH, [server(require_approval="always")], True),
        (SEARCH, [server(require_approval="never")], False),
        (SEARCH, [server(require_approval={"never": {"tool_names": ["search"]}})], False),
        (SEARCH, [server(require_approval={"never": {"tool_names": ["read"]}})], True),
        (SEARCH, [server(require_approval={"always": {"tool_names": ["search"]}})], True),
        (McpCall("docs", "search", needs_approval=True), [server(require_approval="never")], True),
        (McpCall("docs", "search", needs_approval=False), [server()], False),
    ],
)
def test_approval_is_needed_as_the_tool_says_unless_the_call_does(call, tools, needed):
    assert needs_approval(call, tools) is needed


# the list


def test_tools_of_a_new_server_are_listed(talk, kinds):
    talk = talk()

    updated, *listed = talk.update(tools=[server(allowed_tools=["search", "read"])])

    assert updated["type"] == "session.updated"
    assert kinds(listed) == LISTED
    progress, added, _, done = listed
    assert (added["item"]["type"], added["item"]["tools"]) == ("mcp_list_tools", [])
    assert [tool["name"] for tool in done["item"]["tools"]] == ["search", "read"]
    assert progress["item_id"] == done["item"]["id"]


def test_tools_that_a_session_begins_with_are_listed(talk, kinds):
    begun = talk(session={**talk().created["session"], "tools": [server()]})

    assert kinds([begun.created, *begun.greeting]) == ["session.created", *LISTED]


def test_known_server_is_not_listed_again(talk, kinds):
    talk = talk()
    talk.update(tools=[server(authorization="secret")])

    again = talk.update(tools=[server(authorization="secret"), {"type": "function", "name": "f"}])
    more = talk.update(tools=[server(authorization="secret"), server("mail")])

    assert kinds(again) == ["session.updated"]
    assert [frame["item"]["server_label"] for frame in more if "item" in frame] == ["mail", "mail"]


def test_list_of_a_server_may_fail(talk, kinds):
    _, *listed = talk(mcp_failures="docs").update(tools=[server(allowed_tools=["search"])])

    assert kinds(listed)[2] == "mcp_list_tools.failed"
    assert listed[3]["item"]["tools"] == []


def test_secret_of_a_server_is_not_sent_back(talk):
    frames = talk().update(tools=[server(authorization="secret", headers={"X-Key": "secret"})])

    assert "'secret'" not in str(frames)


# the call


def test_call_is_made_by_the_service_and_the_response_goes_on(talk, collapsed, the):
    talk = talk(brain=lambda _: [SEARCH, Say("It is a city.")])

    frames = talk.ask("response.create")

    kinds = collapsed(frames)
    assert kinds[: len(CALLED) - 1] == CALLED[:-1]
    call, message = the("response.done", frames)["response"]["output"]
    assert {key: value for key, value in call.items() if key != "id"} == {
        "type": "mcp_call",
        "status": "completed",
        "server_label": "docs",
        "name": "search",
        "arguments": '{"q":"Rome"}',
        "approval_request_id": None,
        "output": "a city",
        "error": None,
    }
    assert message["type"] == "message"


def test_call_may_fail(talk, the):
    talk = talk(brain=lambda _: McpCall("docs", "search", error="out of order"))

    frames = talk.ask("response.create")

    assert the("response.mcp_call.failed", frames)
    (call,) = the("response.done", frames)["response"]["output"]
    assert (call["output"], call["error"]) == (
        None,
        {"type": "tool_execution_error", "message": "out of order"},
    )


def test_call_that_is_cancelled_in_its_arguments_is_not_made(talk, kinds, the):
    talk = talk(brain=lambda _: SEARCH)
    talk.say("response.create")
    while talk.hear_one()["type"] != "conversation.item.added":
        pass

    frames = talk.ask("response.cancel")

    assert "response.mcp_call.in_progress" not in kinds(frames)
    (call,) = the("response.done", frames)["response"]["output"]
    assert (call["status"], call["arguments"], call["output"]) == ("incomplete", "", None)


def test_call_that_is_cancelled_while_it_is_made_has_no_result(talk, kinds, the):
    talk = talk(brain=lambda _: SEARCH)
    talk.say("response.create")
    while talk.hear_one()["type"] != "response.mcp_call.in_progress":
        pass

    frames = talk.ask("response.cancel")

    assert "response.mcp_call.completed" not in kinds(frames)
    assert the("response.done", frames)["response"]["output"][0]["status"] == "incomplete"


# the approval


@pytest.fixture
def asked(talk, the):
    """A session whose model wants to search, and the id of its question; what the brain is told."""
    turns = []

    def brain(turn):
        turns.append(turn)
        return [SEARCH, Say("May I?")] if len(turns) == 1 else Say("Thank you.")

    session = talk(brain=brain)
    session.update(tools=[server()])
    question, _ = the("response.done", session.ask("response.create"))["response"]["output"]
    return session, question, turns


def answer(session, request_id, *, approve):
    item = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": approve}
    return session.ask("conversation.item.create", item=item)


def test_question_for_approval_is_an_item(asked):
    _, question, _ = asked

    assert question["type"] == "mcp_approval_request"
    assert (question["server_label"], question["name"], question["arguments"]) == (
        "docs",
        "search",
        '{"q":"Rome"}',
    )


def test_approved_call_is_made_in_the_next_response(asked, kinds, the):
    session, question, turns = asked

    assert kinds(answer(session, question["id"], approve=True)) == [
        "conversation.item.added",
        "conversation.item.done",
    ]
    call, message = the("response.done", session.ask("response.create"))["response"]["output"]

    assert (call["type"], call["approval_request_id"]) == ("mcp_call", question["id"])
    assert message["content"][0]["transcript"] == "Thank you."
    assert turns[1].results == (Result("search", "a city"),)


def test_approved_call_is_made_once(asked, the):
    session, question, turns = asked
    answer(session, question["id"], approve=True)
    session.ask("response.create")

    (message,) = the("response.done", session.ask("response.create"))["response"]["output"]

    assert message["type"] == "message"
    assert turns[2].results == ()


def test_declined_call_is_not_made(asked, the):
    session, question, turns = asked
    answer(session, question["id"], approve=False)

    (message,) = the("response.done", session.ask("response.create"))["response"]["output"]

    assert message["type"] == "message"
    assert (turns[1].results, turns[1].declined) == ((), ("search",))


def test_answer_to_no_question_is_refused(asked):
    session, *_ = asked

    (error,) = answer(session, "item_other", approve=True)

    assert error["error"]["param"] == "item.approval_request_id"


def test_cancelled_response_asks_no_more(asked, kinds):
    session, question, turns = asked
    answer(session, question["id"], approve=True)
    session.say("response.create")
    session.hear_one()

    assert kinds(session.ask("response.cancel")) == ["response.done"]
    assert len(turns) == 1


def test_question_that_the_client_put_in_is_not_asked_by_the_model(asked, the):
    session, *_ = asked
    item = {"id": "mine", "type": "mcp_approval_request", "server_label": "d", "name": "f", "arguments": "{}"}
    session.ask("conversation.item.create", item=item)
    answer(session, "mine", approve=True)

    (message,) = the("response.done", session.ask("response.create"))["response"]["output"]

    assert message["type"] == "message"
