"""What is for sale on the practice server?

Two things, each a service with a price and a fixed answer, so that every run shows the same. The
forecast includes the weather: its token names both services and can be narrowed to one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from l402tui.practice.switches import Switches
from l402tui.protocol.amount import Msat, sat

__all__ = ["FORECAST", "GOODS", "WEATHER", "Good"]

_SKIES: Final = ("clear sky", "a few clouds", "overcast", "light rain", "showers", "snow")
_DAYS: Final = ("Today", "Tomorrow", "The day after")


@dataclass(frozen=True, slots=True)
class Good:
    """Something that is paid for."""

    service: str
    """The service's name in caveats, and its path."""
    includes: tuple[str, ...]
    """Other services that its token opens."""
    price: Msat
    description: str
    """What the invoice says."""
    content_type: str
    methods: tuple[str, ...]
    make: Callable[[str, bytes], bytes]
    """City and request body to content."""

    def apart(self, switches: Switches) -> Good:
        """The same thing sold with mistakes, as a service of its own: a credential that was bought
        without the mistake does not open it, so that the mistake is seen."""
        if not switches.on:
            return self
        names = "-".join(switch.value for switch in switches)
        return replace(
            self, service=f"{self.service}-{names}", includes=(self.service, *self.includes)
        )

    def caveats(self) -> list[str]:
        """What its tokens say."""
        names = (self.service, *self.includes)
        services = ",".join(f"{name}:0" for name in names)
        return [f"services={services}", *(f"{name}_capabilities=read" for name in names)]


def _day(city: str, day: int) -> tuple[int, str, int]:
    """Temperature, sky and wind: made up, and the same for the same city every time."""
    seed = sha256(f"{city.casefold()}/{day}".encode()).digest()
    return seed[0] % 25 - 3, _SKIES[seed[1] % len(_SKIES)], seed[2] % 12


def _weather(city: str, body: bytes) -> bytes:
    temperature, sky, wind = _day(city, 0)
    told = {"city": city, "sky": sky, "temperature_c": temperature, "wind_m_s": wind}
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def _forecast(city: str, body: bytes) -> bytes:
    lines = [f"Forecast for {city}"]
    for day, name in enumerate(_DAYS):
        temperature, sky, wind = _day(city, day)
        lines.append(f"{name:<13} {temperature:>3} °C  {sky}, wind {wind} m/s")
    text = ("\n".join(lines) + "\n").encode()
    return text + b"You sent %d bytes: %b\n" % (len(body), body) if body else text


WEATHER: Final = Good(
    service="weather",
    includes=(),
    price=sat(10),
    description="Weather report",
    content_type="application/json",
    methods=("GET", "HEAD"),
    make=_weather,
)
FORECAST: Final = Good(
    service="forecast",
    includes=("weather",),
    price=sat(25),
    description="Forecast for three days",
    content_type="text/plain; charset=utf-8",
    methods=("GET", "HEAD", "POST"),
    make=_forecast,
)
GOODS: Final = {good.service: good for good in (WEATHER, FORECAST)}
