"""Signs and judges notices with the official `stripe` package (16.1.0).

Reads a JSON list of cases from standard input and writes a JSON list of answers:
`{"sign": {"body", "secret", "t"}}` is answered with a signature header,
`{"judge": {"body", "header", "secret", "now"}}` with whether the package accepts it.
Exit 77: the package is not installed.
"""

import json
import sys
import time

try:
    import stripe
except ImportError:
    sys.exit(77)


def answer(case):
    if "sign" in case:
        ask = case["sign"]
        return stripe.WebhookSignature.generate_signature_header(ask["body"], ask["secret"], ask["t"])
    ask = case["judge"]
    time.time = lambda: ask["now"]
    try:
        return stripe.WebhookSignature.verify_header(ask["body"], ask["header"], ask["secret"], 300)
    except stripe.SignatureVerificationError:
        return False


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
