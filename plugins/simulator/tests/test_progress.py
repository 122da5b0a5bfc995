from realtime_simulator.progress import Progress
from realtime_simulator.usage import Tokens


def test_the_first_reason_to_stop_stays():
    progress = Progress()

    progress.stop("cancelled", reason="turn_detected")
    progress.stop("failed")
    progress.complete()

    assert progress.status == "cancelled"
    assert progress.details == {"type": "cancelled", "reason": "turn_detected"}


def test_tokens_are_counted_until_they_are_used_up():
    progress = Progress(max_tokens=3)

    assert progress.may_make(Tokens(text=1))
    assert progress.may_make(Tokens(audio=2))
    assert not progress.may_make(Tokens(text=1))

    assert progress.made == Tokens(text=1, audio=2)
    assert progress.details == {"type": "incomplete", "reason": "max_output_tokens"}


def test_completed_needs_no_details():
    progress = Progress()

    progress.complete()

    assert (progress.status, progress.details, progress.going) == ("completed", None, False)
