"""Runs the independent `localstripe` (1.15.10) on a free port of 127.0.0.1 and prints the port.

In front of it stands a filter for what it does not know: parameters that it would
refuse are left out, and a confirmation with a payment method becomes an update and
a confirmation. Exit 77: the package is not installed.
"""

import socket
import sys
import urllib.parse

try:
    from aiohttp import web
    from localstripe import resources
    from localstripe.server import app
except ImportError:
    sys.exit(77)

UNKNOWN = ("automatic_payment_methods", "description", "setup_future_usage", "cancellation_reason", "reason", "off_session")


@web.middleware
async def reduced(request, handler):
    if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
        pairs = urllib.parse.parse_qsl((await request.read()).decode(), keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if name.split("[")[0] not in UNKNOWN]
        path = request.path.split("/")
        if path[-1] == "confirm" and path[2] == "payment_intents":
            chosen = dict(kept).get("payment_method")
            if chosen:
                resources.PaymentIntent._api_update(path[3], payment_method=chosen)
            kept = [(name, value) for name, value in kept if name != "payment_method"]
        request._read_bytes = urllib.parse.urlencode(kept).encode()
    return await handler(request)


def main():
    resources.Store.dump_to_disk = lambda self: None
    app.middlewares.insert(0, reduced)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    web.run_app(app, sock=listener, print=None)


main()
