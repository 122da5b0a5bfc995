import pytest
from realtime_core.errors import InvalidOptions
from realtime_simulator.faults import Fault
from realtime_simulator.reception import Meeting, Reception


def test_who_comes_is_welcome():
    assert Reception().meet() == Meeting()


def test_plans_are_for_one_each_in_their_order():
    reception = Reception()
    reception.refuse()
    reception.refuse(429)
    reception.ignore()
    reception.fault("stall@1")

    met = [reception.meet() for _ in range(5)]

    assert met == [
        Meeting(status=401),
        Meeting(status=429),
        Meeting(is_ignored=True),
        Meeting(faults=(Fault("stall", 1),)),
        Meeting(),
    ]


def test_what_is_usual_is_for_all_who_come_without_a_plan():
    reception = Reception()
    reception.usual = Meeting(status=503)
    reception.refuse()

    assert [reception.meet().status for _ in range(3)] == [401, 503, 503]


def test_fault_that_is_none_is_refused_where_it_is_planned():
    with pytest.raises(InvalidOptions, match="no fault"):
        Reception().fault("hiccup@1")
