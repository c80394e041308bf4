"""Drives a running sandbox with PayPal's official Python packages.

    python3 referee_paypal.py client http://127.0.0.1:PORT        paypal-server-sdk 2.4.0
    python3 referee_paypal.py signatures http://127.0.0.1:PORT    paypalrestsdk 1.13.3

Exit 0: the package could not tell the sandbox from the real service in what is
tried here. Exit 77: the package is not installed. Anything else: a difference.
"""

import datetime
import http.server
import json
import queue
import sys
import threading
import urllib.request

PART, BASE = sys.argv[1:3]
WEBHOOK_ID = "1AB23456CD789012E"


def control(method, path, body=None):
    request = urllib.request.Request(
        BASE + "/_sandbox" + path, method=method, data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def order(currency, value):
    context = {
        "brand_name": "Acme", "locale": "ja-JP", "shipping_preference": "NO_SHIPPING", "user_action": "PAY_NOW",
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED", "landing_page": "LOGIN",
        "return_url": "https://shop.example/return", "cancel_url": "https://shop.example/cancel",
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [{
            "custom_id": "tu_1", "invoice_id": f"TU-{currency}-{value}", "description": "クレジット",
            "soft_descriptor": "ACME", "amount": {"currency_code": currency, "value": value},
        }],
        "payment_source": {"paypal": {"experience_context": context}},
    }


class Client:
    """The official client, pointed at the sandbox."""

    def __init__(self):
        from paypalserversdk.configuration import Configuration, Environment, Server
        from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
        from paypalserversdk.models.order_request import OrderRequest
        from paypalserversdk.models.refund_request import RefundRequest
        from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

        self.order_request, self.refund_request = OrderRequest, RefundRequest
        Configuration.environments[Environment.SANDBOX][Server.DEFAULT] = BASE
        self.api = PaypalServersdkClient(
            client_credentials_auth_credentials=ClientCredentialsAuthCredentials("app", "secret"),
            environment=Environment.SANDBOX, max_retries=0,
        )

    def create(self, body, **more):
        body = self.order_request.from_dictionary(body)
        return self.api.orders.create_order({"body": body, "prefer": "return=representation", **more})

    def capture(self, order_id, **more):
        return self.api.orders.capture_order({"id": order_id, "prefer": "return=representation", **more})


def refused(call, status, issue):
    """The call must raise the client's own error with this status and issue."""
    from paypalserversdk.exceptions.error_exception import ErrorException

    try:
        call()
    except ErrorException as error:
        found = (error.response_code, error.details[0].issue)
        assert found == (status, issue), found
        assert error.debug_id == error.response.headers["Paypal-Debug-Id"] and error.message
        return error
    raise AssertionError(f"not refused: {issue}")


def payments(client):
    for currency, value in [("JPY", "3000"), ("USD", "25.00"), ("HUF", "9999")]:
        made = client.create(order(currency, value), paypal_request_id=f"tu:{currency}:create:1")
        again = client.create(order(currency, value), paypal_request_id=f"tu:{currency}:create:1")
        assert (made.status_code, again.status_code) == (201, 200) and made.body.id == again.body.id
        assert made.body.status == "PAYER_ACTION_REQUIRED"
        page = next(link for link in made.body.links if link.rel == "payer-action")
        assert page.href == f"{BASE}/checkoutnow?token={made.body.id}"
        refused(lambda: client.capture(made.body.id, paypal_request_id="early"), 422, "ORDER_NOT_APPROVED")
        control("POST", f"/orders/{made.body.id}/approve", {"email": "payer@example.com"})
        approved = client.api.orders.get_order({"id": made.body.id}).body
        assert approved.status == "APPROVED" and approved.payment_source.paypal.email_address == "payer@example.com"
        captured = client.capture(made.body.id, paypal_request_id=f"tu:{currency}:capture:1").body
        capture = captured.purchase_units[0].payments.captures[0]
        assert captured.status == "COMPLETED" and capture.status == "COMPLETED" and capture.custom_id == "tu_1"
        assert (capture.amount.currency_code, capture.amount.value) == (currency, value)
        shown = client.api.payments.get_captured_payment({"capture_id": capture.id}).body
        assert shown.supplementary_data.related_ids.order_id == made.body.id and shown.final_capture
        assert shown.seller_receivable_breakdown.gross_amount.value == value
        refused(lambda: client.capture(made.body.id, paypal_request_id="late"), 422, "ORDER_ALREADY_CAPTURED")
        if currency == "JPY":
            kept = shown
    return kept


def refusals(client):
    for currency, value, issue in [
        ("JPY", "3000.5", "DECIMAL_PRECISION"), ("VND", "500000", "INVALID_CURRENCY_CODE"),
        ("USD", "0.00", "CANNOT_BE_ZERO_OR_NEGATIVE"),
    ]:
        refused(lambda: client.create(order(currency, value)), 422, issue)
    refused(lambda: client.api.orders.get_order({"id": "0ZZ00000ZZ000000Z"}), 404, "INVALID_RESOURCE_ID")
    made = client.create(order("USD", "30.00")).body
    for mock in ["INSTRUMENT_DECLINED", "PAYER_CANNOT_PAY"]:
        mocked = json.dumps({"mock_application_codes": mock})
        refused(lambda: client.capture(made.id, paypal_mock_response=mocked), 422, mock)
    control("POST", f"/orders/{made.id}/decline")
    error = refused(lambda: client.capture(made.id), 422, "INSTRUMENT_DECLINED")
    assert any(link.rel == "redirect" and made.id in link.href for link in error.links)
    control("POST", f"/orders/{made.id}/approve", {"fate": {"fate": "pending", "reason": "ECHECK"}})
    pending = client.capture(made.id).body.purchase_units[0].payments.captures[0]
    assert pending.status == "PENDING" and pending.status_details.reason == "ECHECK"


def refunds(client, capture):
    amount = {"currency_code": "JPY", "value": "1000"}
    part = client.refund_request.from_dictionary({"amount": amount, "note_to_payer": "x"})
    options = {"capture_id": capture.id, "body": part, "paypal_request_id": "rf:1", "prefer": "return=representation"}
    made, again = (client.api.payments.refund_captured_payment(options) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 200) and made.body.id == again.body.id
    assert made.body.status == "COMPLETED" and made.body.seller_payable_breakdown.total_refunded_amount.value == "1000"
    shown = client.api.payments.get_refund({"refund_id": made.body.id}).body
    assert shown.amount.value == "1000" and shown.custom_id == "tu_1"
    more = client.refund_request.from_dictionary({"amount": {"currency_code": "JPY", "value": "2001"}})
    options = {"capture_id": capture.id, "body": more, "paypal_request_id": "rf:2"}
    refused(lambda: client.api.payments.refund_captured_payment(options), 422, "REFUND_AMOUNT_EXCEEDED")


def search(client, capture):
    day, step = datetime.datetime.fromisoformat(capture.create_time), datetime.timedelta(days=1)
    window = {"start_date": (day - step).isoformat(), "end_date": (day + step).isoformat()}
    found = client.api.transaction_search.search_transactions({**window, "fields": "all", "page_size": 500}).body
    rows = {row.transaction_info.transaction_id: row.transaction_info for row in found.transaction_details}
    assert rows[capture.id].transaction_amount.value == "3000" and rows[capture.id].custom_field == "tu_1"
    assert found.total_pages == 1 and found.total_items == len(rows)
    back = [row for row in rows.values() if row.paypal_reference_id == capture.id]
    assert [row.transaction_amount.value for row in back] == ["-1000"]


def drive():
    try:
        client = Client()
    except ImportError:
        sys.exit(77)
    capture = payments(client)
    refusals(client)
    refunds(client, capture)
    search(client, capture)


deliveries = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        deliveries.put((body.decode(), self.headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def is_genuine(crypto, event, body, headers):
    """The package's own check of the signature, and our reading of the certificate."""
    if "PAYPAL-TRANSMISSION-SIG" not in headers:
        return False
    with urllib.request.urlopen(headers["PAYPAL-CERT-URL"]) as answer:
        certificate = crypto.load_certificate(crypto.FILETYPE_PEM, answer.read())
    algorithm = {"SHA256withRSA": "sha256WithRSAEncryption"}.get(headers["PAYPAL-AUTH-ALGO"], "unknown")
    return (
        event._is_common_name_valid(certificate) and not certificate.has_expired()
        and event._verify_signature(
            headers["PAYPAL-TRANSMISSION-ID"], headers["PAYPAL-TRANSMISSION-TIME"], WEBHOOK_ID, body, certificate,
            headers["PAYPAL-TRANSMISSION-SIG"], algorithm,
        )
    )


def api(method, path, body, token=None):
    headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
    data = json.dumps(body).encode()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    else:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic YXBwOnNlY3JldA=="}
        data = b"grant_type=client_credentials"
    request = urllib.request.Request(BASE + path, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def judge():
    try:
        from OpenSSL import crypto
        from paypalrestsdk.notifications import WebhookEvent as event
    except ImportError:
        sys.exit(77)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control("PUT", "/webhook", {"url": f"http://127.0.0.1:{server.server_port}/", "webhook_id": WEBHOOK_ID})
    token = api("POST", "/v1/oauth2/token", None)["access_token"]

    def told():
        """The notice of an approval; its text has more than ASCII in it."""
        body = order("JPY", "3000")
        body["purchase_units"][0]["custom_id"] = "Nạp tiền 入金"
        made = api("POST", "/v2/checkout/orders", body, token)
        control("POST", f"/orders/{made['id']}/approve", {})
        return deliveries.get(timeout=30)

    body, headers = told()
    assert "Nạp tiền 入金" in body and is_genuine(crypto, event, body, headers)
    assert not is_genuine(crypto, event, body + " ", headers)
    for rule, genuine in [
        ({"fault": "stale"}, True),
        ({"fault": "wrong_amount", "amount_minor": 1}, True),
        ({"fault": "altered"}, False),
        ({"fault": "forged", "way": "key"}, False),
        ({"fault": "forged", "way": "expired_certificate"}, False),
        ({"fault": "forged", "way": "algorithm"}, False),
        ({"fault": "forged", "way": "webhook_id"}, False),
        ({"fault": "forged", "way": "time"}, False),
        ({"fault": "forged", "way": "unsigned"}, False),
        # Needs the chain: the signature itself is right.
        ({"fault": "forged", "way": "certificate"}, True),
    ]:
        control("POST", "/webhook_faults", rule)
        found = is_genuine(crypto, event, *told())
        assert found == genuine, (rule, found)


{"client": drive, "signatures": judge}[PART]()
