from realtime_simulator.cors import allowing, preflight


def test_every_page_may_read_an_answer_and_where_its_call_is():
    assert allowing() == {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Location"}


def test_preflight_allows_what_the_route_does_and_the_headers_that_are_asked_for():
    headers = preflight({"Access-Control-Request-Headers": "authorization,x-mine"}, {"POST": None})

    assert headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert headers["Access-Control-Allow-Headers"] == "authorization,x-mine"
    assert headers.items() >= allowing().items()


def test_preflight_that_asks_for_no_headers_may_send_a_key():
    assert "Authorization" in preflight({}, {})["Access-Control-Allow-Headers"]
