"""The way to an endpoint: the steps from its name to HTTP. Knows nothing of providers."""

from ipaddress import ip_address
from typing import Final

from realtime_core.doctor.course import Course
from realtime_core.doctor.network import Link, Route, look_up
from realtime_core.doctor.steps import StepName
from realtime_core.doctor.troubles import lookup_late, silence

__all__ = ["NETWORK", "walk"]

NETWORK: Final = (StepName.DNS, StepName.TCP, StepName.TLS, StepName.HTTP)
"""The steps of the way."""


async def walk(course: Course, route: Route, limit_s: float) -> None:
    """Take them, each within ``limit_s`` seconds.

    Raises:
        Stopped: one failed.
    """
    target = route.target
    numbers: list[str] = []

    async def find() -> str:
        numbers.extend(await look_up(target, route.place))
        return f"{target.host} is {', '.join(numbers)}"

    if _is_number(target.host):
        numbers.append(target.host)
        course.skip(StepName.DNS, f"{target.host} needs no name server")
    else:
        await course.take(StepName.DNS, find, limit_s=limit_s, late=lookup_late(target.host))
    link = Link(route)
    try:
        # bounded by itself: one number that swallows everything must not hide that another answers
        await course.take(StepName.TCP, lambda: link.connect(numbers, course.left_s(limit_s)))
        await _grow(course, route, link, limit_s)
    finally:
        await link.aclose()


async def _grow(course: Course, route: Route, link: Link, limit_s: float) -> None:
    address = route.address
    if not route.is_open:
        for name in (StepName.TLS, StepName.HTTP):
            course.skip(name, f"not tried through a proxy that speaks {route.target.scheme}")
        return
    if address.is_encrypted:
        late = silence(address, route.place, "it does not answer the TLS handshake")
        await course.take(StepName.TLS, link.encrypt, limit_s=limit_s, late=late)
    else:
        course.skip(StepName.TLS, f"{address.scheme}:// is not encrypted")
    if address.is_http:
        late = silence(address, route.place, "it does not answer an HTTP request")
        await course.take(StepName.HTTP, link.ask, limit_s=limit_s, late=late)
    else:
        course.skip(StepName.HTTP, f"{address.scheme}:// is not HTTP")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
