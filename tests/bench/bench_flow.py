"""What do the checks, the journal on disk and the events cost, beside the bare requests?

Run it: ``python -m tests.bench.bench_flow``. Both buy the same thing from the same practice server
(a process of its own): the request, the question to the wallet what it is, the payment, the retry.
The bare side does just that with httpx and trusts everything; ours decodes, checks, and writes each
step to disk before the next. They take turns. It prints medians and their ratio; nothing here
fails on a slow machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import httpx

from l402tui.flow.events import Approved, Finished
from l402tui.flow.findings import Finding
from l402tui.flow.model import Held, Outcome, Quote, Request
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.settings import Settings
from l402tui.vault import SqliteVault
from l402tui.wiring import Session, open_session

ROUNDS = 150
WARM = 10
BILL = re.compile(r'L402 macaroon="([^"]+)", invoice="([^"]+)"')


class Yes:
    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> Approved:
        return Approved(quote.digest, say("the benchmark"))


async def bare(client: httpx.AsyncClient) -> float:
    start = perf_counter()
    refused = await client.get("/weather")
    found = BILL.search(", ".join(refused.headers.get_list("www-authenticate")))
    assert found is not None
    token, invoice = found.groups()
    (await client.get("/_node/info", params={"payer": "you"})).json()
    question = {"invoice": invoice, "fee_cap_msat": 10_000, "payer": "you"}
    preimage = ""
    async with client.stream("POST", "/_node/pay", json=question) as stream:
        async for line in stream.aiter_lines():
            preimage = json.loads(line)["payment_preimage"]
    answer = await client.get("/weather", headers={"Authorization": f"L402 {token}:{preimage}"})
    assert answer.status_code == 200
    return perf_counter() - start


class Forgetful(SqliteVault):
    """A vault that never offers the credential it holds: otherwise only one flow would pay."""

    def credentials(self, request: Request) -> Sequence[Held]:
        return ()


async def ours(session: Session, url: str) -> float:
    request = Request(Url.parse(f"{url}/weather"))
    start = perf_counter()
    last = None
    async for event in session.runner(Yes()).run(request):
        last = event
    taken = perf_counter() - start
    assert isinstance(last, Finished)
    assert last.ending.outcome is Outcome.PAID
    return taken


async def race(url: str, folder: Path) -> None:
    theirs: list[float] = []
    our: list[float] = []
    async with (
        open_session(Settings(home=folder / "session"), "practice", url=Url.parse(url)) as session,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        with Forgetful.open(folder / "vault") as vault:
            session.vault = vault
            for number in range(WARM + ROUNDS):
                taken = await bare(client), await ours(session, url)
                if number >= WARM:
                    theirs.append(taken[0])
                    our.append(taken[1])
    ratio = median(a / b for a, b in zip(our, theirs, strict=True))
    for name, times in (("bare httpx", theirs), ("l402tui", our)):
        p95 = quantiles(times, n=20)[-1]
        print(f"{name:12} p50 {median(times) * 1e3:6.1f} ms   p95 {p95 * 1e3:6.1f} ms")
    print(f"ratio p50 {median(our) / median(theirs):.2f}x, of pairs {ratio:.2f}x (wanted: 1.5x)")


def main() -> None:
    words = [sys.executable, "-m", "l402tui", "practice"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(race(url, Path(folder)))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=10)


if __name__ == "__main__":
    main()
