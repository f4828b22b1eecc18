"""What does one event say to a program?

:func:`as_json` makes the object of one line of ``--json``: ``event`` first, then ``at``, then the
fields. Names and units are stable: amounts are whole msat and end in ``_msat``, times are unix
seconds, hashes and keys are hex. Preimages and credentials never appear, and what a header or the
query of an address may open is ``(secret)``; the body is the server's own, whole.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Final

from l402tui.flow import events as e
from l402tui.flow.model import Bill, Ending, Intent, Quote, Response
from l402tui.protocol.masking import masked_header, masked_url

__all__ = ["as_json", "json_line"]

Fields = dict[str, object]

_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


def json_line(event: e.Event) -> str:
    """One line of JSON, ASCII only, without the newline: nothing in it can move a terminal."""
    return json.dumps(as_json(event), ensure_ascii=True)


def as_json(event: e.Event) -> Fields:
    """The event as plain values that ``json.dumps`` takes."""
    name = _CAPITAL.sub("_", type(event).__name__).lower()
    return {"event": name, "at": round(event.at, 6), **_fields(event)}


def _fields(event: e.Event) -> Fields:
    match event:
        case e.Found(credentials=held, unfinished=intent):
            return {"credentials": len(held), "unfinished": _intent(intent) if intent else None}
        case e.Requested(request=request, sent=sent, reused=reused, past_caches=fresh):
            return {
                "method": request.method,
                "url": masked_url(str(request.url)),
                "headers": _sent_headers(sent),
                "reused": reused.payment_hash.hex() if reused else None,
                "past_caches": fresh,
            }
        case e.Retried(request=request, sent=sent, attempt=attempt):
            return {
                "method": request.method,
                "url": masked_url(str(request.url)),
                "headers": _sent_headers(sent),
                "attempt": attempt,
            }
        case e.Challenged(response=response) | e.Answered(response=response):
            return _response(response)
        case e.Unreachable(fault=fault, why=why, maybe_received=maybe):
            return {"fault": fault.value, "why": why.text, "maybe_received": maybe}
        case e.Decoded(bill=bill):
            return _bill(bill)
        case e.Checked(findings=findings, quote=quote):
            found = [
                {
                    "check": one.check,
                    "title": one.title,
                    "severity": one.severity.value,
                    "sentence": one.sentence.text,
                    "todo": one.todo.text,
                }
                for one in findings
            ]
            return {"findings": found, "quote": _quote(quote) if quote else None}
        case e.Finished(ending=ending):
            return _ending(ending)
        case _:
            return _payment_fields(event)


def _payment_fields(event: e.Event) -> Fields:
    match event:
        case e.ApprovalAsked(quote=quote):
            return {"quote": _quote(quote)}
        case e.Approved(digest=digest, by=by):
            return {"digest": digest, "by": by.text}
        case e.Declined(why=why) | e.Failed(why=why):
            return {"why": why.text}
        case e.Outstanding(intent=None, why=why):
            return {"why": why.text}
        case e.Outstanding(intent=Intent() as known):
            return _intent(known)
        case (
            e.Reserved(intent=intent)
            | e.PaymentSent(intent=intent)
            | e.ResultStored(intent=intent)
            | e.Released(intent=intent)
        ):
            return _intent(intent)
        case e.PaymentProgressed(what=what, acknowledged=acknowledged, latest_end=end):
            fields: Fields = {"what": what.text, "acknowledged": acknowledged}
            if end is not None:
                fields |= {"ends_at_block": end.block, "ends_about": end.at}
            return fields
        case e.PaymentSettled(fee=fee):
            return {"fee_msat": fee}
        case e.PaymentFailed(why=why, todo=todo):
            return {"why": why.text, "todo": todo.text}
        case e.PaymentUnknown(why=why, ask_again=again):
            return {"why": why.text, "ask_again": again}
        case e.PaidStored(held=held):
            return {
                "payment_hash": held.payment_hash.hex(),
                "amount_msat": held.amount,
                "fee_msat": held.fee,
            }
        case e.Waiting(seconds=seconds, why=why):
            return {"seconds": seconds, "why": why.text}
        case e.TurnTaken(waited=waited, ending=ending):
            return {"waited": waited, "shared": _ending(ending) if ending else None}
        case _:  # Queued, Waited, PaymentNotFound: the name says it all
            return {}


def _response(response: Response) -> Fields:
    fields: Fields = {
        "status": response.status,
        "reason": _text(response.reason),
        "version": response.version,
        "url": masked_url(str(response.url)),
        "hops": [{"status": hop.status, "url": masked_url(str(hop.url))} for hop in response.hops],
        "headers": [
            [_text(name), _text(masked_header(name, value, received=True))]
            for name, value in response.headers
        ],
        "seconds": round(response.seconds, 6),
        "complete": response.complete,
    }
    if response.saved is not None:
        path, size, sha256 = response.saved.path, response.saved.size, response.saved.sha256
        return {**fields, "saved": {"path": path, "bytes": size, "sha256": sha256}}
    try:
        fields["body"] = response.body.decode()
    except UnicodeDecodeError:
        fields["body_base64"] = base64.b64encode(response.body).decode()
    return fields


def _bill(bill: Bill) -> Fields:
    if bill.dialect is not None:
        name, sentence = bill.dialect.name.text, bill.dialect.sentence.text
        return {"dialect": {"name": name, "sentence": sentence}}
    token: Fields | None = None
    if bill.token is not None:
        macaroon = bill.token.macaroon
        token = {
            "bytes": len(macaroon.raw),
            "identifier": macaroon.identifier.hex(),
            "caveats": [_text(caveat.cid) for caveat in macaroon.caveats],
        }
    invoice: Fields | None = None
    if bill.invoice is not None:
        read = bill.invoice
        invoice = {
            "amount_msat": read.amount,
            "network": read.network.word,
            "payment_hash": read.payment_hash.hex(),
            "payee": read.payee.hex(),
            "description": _text(read.description) if read.description is not None else None,
            "created": read.created,
            "expires": read.expires_at,
            "bolt11": read.text,
        }
    return {
        "scheme": bill.challenge.scheme if bill.challenge else None,
        "token": token,
        "invoice": invoice,
        "problems": [str(problem) for problem in bill.problems],
    }


def _quote(quote: Quote) -> Fields:
    return {
        "digest": quote.digest,
        "payment_hash": quote.payment_hash.hex(),
        "amount_msat": quote.amount,
        "fee_cap_msat": quote.fee_cap,
        "payee": quote.payee.hex(),
        "description": quote.description.text,
        "expires": quote.expires,
        "origin": quote.request.url.origin,
        "wallet": quote.wallet.name,
        "real_money": quote.wallet.real_money,
        "longest_lock_blocks": quote.wallet.longest_lock,
    }


def _intent(intent: Intent) -> Fields:
    return {
        "payment_hash": intent.payment_hash.hex(),
        "state": intent.state.value,
        "amount_msat": intent.amount,
        "fee_cap_msat": intent.fee_cap,
        "fee_msat": intent.fee,
        "wallet": intent.wallet,
        "reason": intent.reason,
    }


def _ending(ending: Ending) -> Fields:
    return {
        "outcome": ending.outcome.value,
        "money": ending.money.name.lower(),
        "what": ending.what.text,
        "why": ending.why.text,
        "todo": ending.todo.text,
        "payment_hash": ending.payment_hash.hex() if ending.payment_hash else None,
        "cost_msat": ending.cost,
    }


def _sent_headers(sent: bytes) -> list[list[str]]:
    lines = sent.split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines if line)
    return [[_text(name), _text(masked_header(name, value.strip()))] for name, _, value in pairs]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
