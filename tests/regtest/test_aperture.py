"""What does a real aperture ask for, accept and refuse?

The rule: these are the facts behind aperture's profile in `protocol.verifiers` and behind the
practice server's default manners. When a new aperture is pinned, what fails here is what changed.
"""

import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass

import httpx
import pytest

from .aperture import SERVICES
from .network import Network
from .service import RecordingService

_CHALLENGE = re.compile(r'^(LSAT|L402) macaroon="([^"]+)", ?invoice="([^"]+)"$')


@dataclass(frozen=True)
class Token:
    """A paid token: the macaroon's bytes (v2 binary) and the preimage, hexadecimal."""

    macaroon: bytes
    preimage: str

    def with_caveat(self, caveat: str) -> "Token":
        """Return the token narrowed by one more first-party caveat, the way any holder can."""
        # v2 ends with: end of caveats (1 byte), the signature's tag and length (2), the signature.
        body, signature = self.macaroon[:-35], self.macaroon[-32:]
        identifier = caveat.encode()
        added = bytes((2, len(identifier))) + identifier + b"\0"
        chained = hmac.digest(signature, identifier, "sha256")
        return Token(body + added + b"\0\x06\x20" + chained, self.preimage)

    def header(self, scheme: str = "L402") -> dict[str, str]:
        """Return the request header that presents the token."""
        encoded = base64.b64encode(self.macaroon).decode()
        return {"Authorization": f"{scheme} {encoded}:{self.preimage}"}


def get(url: str, token: Token | None = None, scheme: str = "L402") -> httpx.Response:
    """Ask, with or without a token."""
    return httpx.get(url, headers=token.header(scheme) if token else {}, trust_env=False)


def challenges(response: httpx.Response) -> list[tuple[str, str, str]]:
    """Return (scheme, macaroon, invoice) for each challenge, in order."""
    found = [_CHALLENGE.match(line) for line in response.headers.get_list("www-authenticate")]
    return [(each[1], each[2], each[3]) for each in found if each]


def bought(network: Network, service: str) -> Token:
    """Pay for a service as alice and return the token."""
    _, macaroon, invoice = challenges(get(network.url(service)))[0]
    return Token(base64.b64decode(macaroon), network.alice.client.pay(invoice).preimage)


@pytest.fixture(scope="module")
def weather(network: Network) -> Token:
    """A paid token for the service ``weather``."""
    return bought(network, "weather")


def test_it_asks_in_both_schemes_the_older_first(network: Network) -> None:
    response = get(network.url("weather"))
    assert response.status_code == 402
    assert response.text == "payment required\n"
    assert response.headers["content-type"].startswith("text/plain")
    assert len(response.headers.get_list("www-authenticate")) == 2
    older, newer = challenges(response)
    assert (older[0], newer[0]) == ("LSAT", "L402")
    assert older[1:] == newer[1:]
    assert newer[2].startswith("lnbcrt")


def test_its_macaroon_is_v2_and_carries_the_service_as_caveats(network: Network) -> None:
    _, macaroon, _ = challenges(get(network.url("weather")))[0]
    raw = base64.b64decode(macaroon, validate=True)
    assert raw.startswith(b"\x02\x01\x04lsat")
    assert b"services=weather:0" in raw
    assert b"weather_capabilities=read,write" in raw


def test_a_service_with_a_timeout_says_until_when(network: Network) -> None:
    _, macaroon, _ = challenges(get(network.url("hour")))[0]
    until = re.search(rb"hour_valid_until=(\d+)", base64.b64decode(macaroon))
    assert until is not None
    assert int(until[1]) == pytest.approx(time.time() + 3600, abs=30)


@pytest.mark.parametrize("name", [each.name for each in SERVICES.values() if each.price_sat])
def test_each_service_costs_what_the_price_list_says(network: Network, name: str) -> None:
    _, _, invoice = challenges(get(network.url(name)))[0]
    asked = network.bob.client.decode(invoice)
    assert asked.amount_msat == SERVICES[name].price_sat * 1000


def test_each_question_gets_a_fresh_invoice(network: Network) -> None:
    first, second = (challenges(get(network.url("weather")))[0] for _ in range(2))
    assert first[2] != second[2]


@pytest.mark.parametrize("scheme", ["L402", "LSAT"])
def test_a_paid_token_is_accepted_in_both_schemes(
    network: Network, service: RecordingService, weather: Token, scheme: str
) -> None:
    response = get(network.url("weather", "/today?unit=c"), weather, scheme)
    assert response.status_code == 200
    assert [each.path for each in service.requests] == ["/weather/today?unit=c"]


def test_an_unpaid_request_does_not_reach_the_service(
    network: Network, service: RecordingService
) -> None:
    get(network.url("weather"))
    assert service.requests == []


def test_a_wrong_preimage_is_a_fresh_402(
    network: Network, service: RecordingService, weather: Token
) -> None:
    wrong = Token(weather.macaroon, hashlib.sha256(b"wrong").hexdigest())
    response = get(network.url("weather"), wrong)
    assert response.status_code == 402
    assert len(challenges(response)) == 2
    assert service.requests == []


@pytest.mark.parametrize(
    ("caveat", "status"),
    [
        ("weather_capabilities=read", 200),
        ("weather_capabilities=read,write,admin", 200),
        ("foo=bar", 200),
        ("nocondition", 200),
        ("weather_valid_until=1", 402),
        ("weather_valid_until=9999999999", 200),
        ("services=weather:0", 200),
        ("services=hour:0", 402),
        ("services=weather:0,hour:0", 402),
    ],
)
def test_what_a_holder_can_narrow(
    network: Network, weather: Token, caveat: str, status: int
) -> None:
    assert get(network.url("weather"), weather.with_caveat(caveat)).status_code == status


def test_a_token_is_for_its_own_service_only(network: Network, weather: Token) -> None:
    assert get(network.url("hour"), weather).status_code == 402


def test_a_free_service_gets_the_request_whole(network: Network, service: RecordingService) -> None:
    response = httpx.post(
        network.url("open", "/echo"), content=b"hello", headers={"X-Mark": "1"}, trust_env=False
    )
    assert response.status_code == 200
    (seen,) = service.requests
    assert (seen.method, seen.path, seen.body) == ("POST", "/open/echo", b"hello")
    assert seen.header("x-mark") == "1"


def test_the_service_can_fail_after_it_was_paid(
    network: Network, service: RecordingService, weather: Token
) -> None:
    assert get(network.url("weather", "?status=503"), weather).status_code == 503
    assert len(service.requests) == 1


def test_a_price_above_what_alice_has_cannot_be_paid(network: Network) -> None:
    _, _, invoice = challenges(get(network.url("mansion")))[0]
    assert network.alice.client.pay(invoice).failure == "FAILURE_REASON_INSUFFICIENT_BALANCE"


def test_tokens_outlive_a_restart_of_aperture(network: Network, weather: Token) -> None:
    network.aperture.restart()
    assert get(network.url("weather"), weather).status_code == 200


def test_it_asks_again_after_its_node_was_restarted(network: Network) -> None:
    network.restart_bob()
    assert len(challenges(get(network.url("weather")))) == 2
