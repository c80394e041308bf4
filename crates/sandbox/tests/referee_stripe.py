"""Drives a running sandbox with the official `stripe` package (16.1.0).

    python3 referee_stripe.py http://127.0.0.1:PORT

Exit 0: the package could not tell the sandbox from the real service in what is
tried here. Exit 77: the package is not installed. Anything else: a difference.
"""

import http.server
import json
import queue
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

try:
    import stripe
except ImportError:
    sys.exit(77)

BASE = sys.argv[1]
SECRET = "whsec_referee_0123456789abcdef"
deliveries = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        deliveries.put((body, self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def control(method, path, body=None):
    request = urllib.request.Request(
        BASE + path, method=method, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(kind, call, **expected):
    """The call must raise this error with these fields."""
    try:
        call()
    except kind as error:
        inner = error.error
        for name, value in expected.items():
            found = getattr(error, name, None) if name == "http_status" else getattr(inner, name, None)
            assert found == value, (name, found, value)
        return error
    raise AssertionError(f"not refused: {expected}")


def charge(customer, card, **more):
    return stripe.PaymentIntent.create(
        amount=500000,
        currency="vnd",
        customer=customer,
        payment_method=card,
        off_session=True,
        confirm=True,
        automatic_payment_methods={"enabled": True, "allow_redirects": "never"},
        metadata={"topup_id": "tu_1"},
        **more,
    )


def customers_and_cards():
    customer = stripe.Customer.create(email="a@example.com", name="Nạp", metadata={"account_id": "acc_1"})
    assert customer.id.startswith("cus_") and customer.metadata["account_id"] == "acc_1" and not customer.livemode
    card = stripe.PaymentMethod.create(
        type="card", card={"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    )
    card = stripe.PaymentMethod.attach(card.id, customer=customer.id)
    assert card.customer == customer.id and card.card.last4 == "4242" and card.card.brand == "visa"
    customer = stripe.Customer.modify(customer.id, invoice_settings={"default_payment_method": card.id})
    assert customer.invoice_settings.default_payment_method == card.id
    cards = stripe.Customer.list_payment_methods(customer.id, type="card", limit=100)
    assert [found.id for found in cards.auto_paging_iter()] == [card.id]
    return customer.id, card.id


def charges(customer, card):
    intent = charge(customer, card, expand=["latest_charge.balance_transaction"], idempotency_key="topup:1")
    assert intent.status == "succeeded" and intent.amount_received == 500000
    assert intent.latest_charge.paid and intent.latest_charge.balance_transaction.amount == 500000
    assert intent.last_response.headers["stripe-version"] == stripe.api_version
    again = charge(customer, card, expand=["latest_charge.balance_transaction"], idempotency_key="topup:1")
    assert again.id == intent.id and again.last_response.headers["idempotent-replayed"] == "true"
    refused(stripe.IdempotencyError, lambda: charge(customer, card, idempotency_key="topup:1"), http_status=400)
    return intent


def declines(customer):
    for token, code, decline_code in [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
    ]:
        error = refused(
            stripe.CardError, lambda: charge(customer, token), http_status=402, code=code, decline_code=decline_code
        )
        intent = error.error.payment_intent
        assert intent.status == "requires_payment_method" and intent.payment_method is None
        assert intent.last_payment_error.code == code and error.error.charge.startswith("ch_")
        paid = stripe.PaymentIntent.confirm(intent.id, payment_method="pm_card_visa", off_session=True)
        assert paid.status == "succeeded" and paid.id == intent.id


def errors(customer):
    refused(
        stripe.InvalidRequestError,
        lambda: charge(customer, "pm_card_visa", payment_method_types=["card"]),
        http_status=400, code="parameter_unknown", param="payment_method_types",
    )
    refused(stripe.InvalidRequestError, lambda: stripe.Customer.retrieve("cus_none"), http_status=404, code="resource_missing")
    refused(stripe.AuthenticationError, lambda: stripe.Customer.list(api_key="sk_test_"), http_status=401)
    control("POST", "/_sandbox/faults", {"fault": "rate_limit"})
    refused(stripe.RateLimitError, lambda: stripe.Customer.list(), http_status=429)
    control("POST", "/_sandbox/faults", {"fault": "server_error_before"})
    refused(stripe.APIError, lambda: stripe.Customer.list(), http_status=500)
    control("POST", "/_sandbox/faults", {"fault": "close_before"})
    try:
        stripe.Customer.list()
    except stripe.APIConnectionError:
        return
    raise AssertionError("a closed connection must be an APIConnectionError")


def refunds_and_setups(customer, intent):
    refund = stripe.Refund.create(payment_intent=intent.id, amount=200000, reason="requested_by_customer")
    assert refund.status == "succeeded" and refund.charge == intent.latest_charge.id
    refused(stripe.InvalidRequestError, lambda: stripe.Refund.create(payment_intent=intent.id, amount=300001), param="amount")
    assert stripe.Charge.retrieve(intent.latest_charge.id).amount_refunded == 200000
    setup = stripe.SetupIntent.create(
        customer=customer, payment_method="pm_card_visa", confirm=True,
        automatic_payment_methods={"enabled": True, "allow_redirects": "never"},
    )
    assert setup.status == "succeeded" and stripe.PaymentMethod.retrieve(setup.payment_method).customer == customer
    found = stripe.PaymentIntent.list(customer=customer, created={"gte": intent.created - 300}, limit=1)
    assert found.has_more and intent.id in [each.id for each in found.auto_paging_iter()]


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows where a page leads instead of going there."""

    def redirect_request(self, *_):
        return None


def on_page(secret, **fields):
    """What a payer does on the page in place of Stripe's fields; gives back status and Location."""
    query = urllib.parse.urlencode({"return_url": "https://shop.example/back"})
    request = urllib.request.Request(f"{BASE}/pay/{secret}?{query}", data=urllib.parse.urlencode(fields).encode())
    try:
        with urllib.request.build_opener(Stay).open(request) as answer:
            return answer.status, None
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["Location"]


def interactive(customer):
    """An intent made unconfirmed, paid by a present payer, looked up, listed and cancelled."""
    ask = {
        "amount": 3000, "currency": "jpy", "customer": customer, "automatic_payment_methods": {"enabled": True},
        "setup_future_usage": "off_session", "description": "Credits", "metadata": {"topup_id": "tu_page"},
    }
    intent = stripe.PaymentIntent.create(**ask, idempotency_key="topup:tu_page:create")
    assert intent.status == "requires_payment_method" and intent.client_secret.startswith(intent.id + "_secret_")
    assert stripe.PaymentIntent.create(**ask, idempotency_key="topup:tu_page:create").client_secret == intent.client_secret
    card = {"act": "confirm", "number": "4000 0027 6000 3184", "expiry": "12/40", "cvc": "123"}
    assert on_page(intent.client_secret, **card) == (200, None)
    assert stripe.PaymentIntent.retrieve(intent.id).next_action.type == "use_stripe_sdk"
    status, address = on_page(intent.client_secret, act="approve")
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
    assert status == 303 and back["payment_intent"] == [intent.id] and back["redirect_status"] == ["succeeded"]
    paid = stripe.PaymentIntent.retrieve(intent.id, expand=["latest_charge"])
    assert paid.status == "succeeded" and paid.latest_charge.payment_method_details.card.last4 == "3184"
    saved = stripe.Customer.list_payment_methods(customer, type="card").data
    assert paid.payment_method in [each.id for each in saved]
    refused(
        stripe.InvalidRequestError, lambda: stripe.PaymentIntent.cancel(intent.id),
        http_status=400, code="payment_intent_unexpected_state",
    )
    # Nobody's customer: found by the time it was made alone.
    window = {"gte": intent.created - 300, "lt": intent.created + 300}
    guest = stripe.PaymentIntent.create(amount=2500, currency="usd", metadata={"topup_id": "tu_guest"})
    found = stripe.PaymentIntent.list(created=window, limit=2, expand=["data.latest_charge"])
    topups = {each.id: each.metadata.to_dict().get("topup_id") for each in found.auto_paging_iter()}
    assert topups[guest.id] == "tu_guest" and topups[intent.id] == "tu_page"
    assert stripe.PaymentIntent.cancel(guest.id, cancellation_reason="abandoned").status == "canceled"
    assert stripe.PaymentMethod.detach(paid.payment_method).customer is None
    return paid


def refunds_by_reference(paid):
    ask = {"payment_intent": paid.id, "amount": 1000, "metadata": {"refund_id": "rf_1"}, "reason": "requested_by_customer"}
    refund = stripe.Refund.create(**ask, idempotency_key="refund:rf_1")
    assert stripe.Refund.create(**ask, idempotency_key="refund:rf_1").id == refund.id
    listed = stripe.Refund.list(payment_intent=paid.id, limit=100)
    assert [(each.id, each.metadata["refund_id"]) for each in listed.auto_paging_iter()] == [(refund.id, "rf_1")]
    control("POST", f"/_sandbox/refunds/{refund.id}/settle", {"succeeded": False})
    failed = stripe.Refund.retrieve(refund.id)
    assert failed.status == "failed" and failed.failure_reason


def disputes(customer):
    intent = charge(customer, "pm_card_createDispute")
    dispute = stripe.Dispute.list(payment_intent=intent.id).data[0]
    assert dispute.status == "needs_response" and dispute.charge == intent.latest_charge
    assert dispute.amount == intent.amount and dispute.currency == intent.currency
    assert [each.amount < 0 for each in dispute.balance_transactions] == [True]
    for step, status in [("under_review", "under_review"), ("won", "won")]:
        control("POST", f"/_sandbox/disputes/{dispute.id}/{step}")
        assert stripe.Dispute.retrieve(dispute.id).status == status
    moved = stripe.Dispute.retrieve(dispute.id).balance_transactions
    assert [each.amount < 0 for each in moved] == [True, False]


def webhooks(intent):
    seen = {}
    while "charge.dispute.closed" not in seen:
        body, signature = deliveries.get(timeout=30)
        event = stripe.Webhook.construct_event(body, signature, SECRET)
        assert event.api_version == stripe.api_version and event.livemode is False
        seen.setdefault(event.type, event)
        try:
            stripe.Webhook.construct_event(body + b"\n", signature, SECRET)
            raise AssertionError("a changed body must not verify")
        except stripe.SignatureVerificationError:
            pass
    paid = seen["payment_intent.succeeded"]
    assert paid.data.object.id == intent.id and paid.data.object.metadata["topup_id"] == "tu_1"
    assert paid.request.idempotency_key == "topup:1"
    for kind in [
        "customer.created", "payment_method.attached", "charge.succeeded", "payment_intent.payment_failed",
        "refund.created", "charge.refunded", "refund.updated", "charge.refund.updated", "refund.failed",
        "payment_intent.requires_action", "payment_intent.canceled", "setup_intent.succeeded", "charge.dispute.created",
        "charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.dispute.funds_reinstated",
    ]:
        assert kind in seen, kind
    withdrawn = seen["charge.dispute.funds_withdrawn"].data.object
    assert isinstance(withdrawn, stripe.Dispute) and isinstance(seen["refund.failed"].data.object, stripe.Refund)
    listed = stripe.Event.list(types=["payment_intent.succeeded"], limit=100)
    assert paid.id in [event.id for event in listed.data]


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control("PUT", "/_sandbox/webhook", {"url": f"http://127.0.0.1:{server.server_port}/", "secret": SECRET})
    stripe.api_key, stripe.api_base, stripe.max_network_retries = "sk_test_referee", BASE, 0
    customer, card = customers_and_cards()
    intent = charges(customer, card)
    declines(customer)
    errors(customer)
    refunds_and_setups(customer, intent)
    refunds_by_reference(interactive(customer))
    disputes(customer)
    webhooks(intent)
    assert stripe.Customer.delete(customer).deleted


main()
