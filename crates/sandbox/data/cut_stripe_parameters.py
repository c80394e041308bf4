"""Writes stripe-parameters.json: what each played operation may be sent.

Reads the type annotations of the official `stripe` package (MIT), which is
generated from Stripe's own specification for the API version it pins:

    pip install stripe==16.1.0 && python3 cut_stripe_parameters.py

Only names, types and allowed values are taken over; no prose. Payment method
types other than card and link are left out.
"""

import importlib
import json
import pathlib
import re
import sys
import typing

import stripe
from stripe._request_options import RequestOptions

OPERATIONS = {
    "POST /v1/customers": "customer_create",
    "GET /v1/customers": "customer_list",
    "GET /v1/customers/{id}": "customer_retrieve",
    "POST /v1/customers/{id}": "customer_update",
    "DELETE /v1/customers/{id}": "customer_delete",
    "GET /v1/customers/{id}/payment_methods": "customer_list_payment_methods",
    "POST /v1/payment_methods": "payment_method_create",
    "GET /v1/payment_methods": "payment_method_list",
    "GET /v1/payment_methods/{id}": "payment_method_retrieve",
    "POST /v1/payment_methods/{id}": "payment_method_update",
    "POST /v1/payment_methods/{id}/attach": "payment_method_attach",
    "POST /v1/payment_methods/{id}/detach": "payment_method_detach",
    "POST /v1/payment_intents": "payment_intent_create",
    "GET /v1/payment_intents": "payment_intent_list",
    "GET /v1/payment_intents/{id}": "payment_intent_retrieve",
    "POST /v1/payment_intents/{id}": "payment_intent_update",
    "POST /v1/payment_intents/{id}/confirm": "payment_intent_confirm",
    "POST /v1/payment_intents/{id}/cancel": "payment_intent_cancel",
    "POST /v1/setup_intents": "setup_intent_create",
    "GET /v1/setup_intents/{id}": "setup_intent_retrieve",
    "POST /v1/setup_intents/{id}/confirm": "setup_intent_confirm",
    "POST /v1/setup_intents/{id}/cancel": "setup_intent_cancel",
    "POST /v1/refunds": "refund_create",
    "GET /v1/refunds": "refund_list",
    "GET /v1/refunds/{id}": "refund_retrieve",
    "GET /v1/charges": "charge_list",
    "GET /v1/charges/{id}": "charge_retrieve",
    "GET /v1/disputes": "dispute_list",
    "GET /v1/disputes/{id}": "dispute_retrieve",
    "GET /v1/events": "event_list",
    "GET /v1/events/{id}": "event_retrieve",
    "GET /v1/balance_transactions/{id}": "balance_transaction_retrieve",
}
# Classes with one field per payment method type: only these are kept.
PER_TYPE = re.compile(r"(PaymentMethodData|PaymentMethodOptions|PaymentMethod(Create|Update)Params)$")
KEPT = {"allow_redisplay", "billing_details", "card", "customer", "expand", "link",
        "metadata", "payment_method", "radar_options", "type"}


def split_top(text, mark):
    """Splits at `mark` outside brackets and quotes."""
    parts, depth, start, quoted = [], 0, 0, False
    for position, char in enumerate(text):
        if char in "'\"":
            quoted = not quoted
        elif not quoted:
            depth += {"[": 1, "]": -1}.get(char, 0)
            if char == mark and depth == 0:
                parts.append(text[start:position])
                start = position + 1
    return [part.strip() for part in parts + [text[start:]]]


def inner(text):
    return text[text.index("[") + 1 : -1]


def shape(text, module):
    """One annotation as a type of the data file; see README.md."""
    words, nested = [], None
    pieces = split_top(text, "|")
    for piece in pieces:
        piece = piece.strip("\"'")
        if piece.startswith("Union["):
            pieces += split_top(inner(piece), ",")
        elif piece.startswith("Literal["):
            values = [value.strip("'\" ") for value in split_top(inner(piece), ",")]
            words.append("clear" if values == [""] else "enum:" + ",".join(values))
        elif piece.startswith(("List[", "typing.List[")):
            item = shape(inner(piece), module)
            nested = [item] if isinstance(item, dict) else nested
            words += [] if isinstance(item, dict) else ["list"]
        elif piece.startswith(("Dict[", "UntypedStripeObject")):
            words.append("map")
        elif hasattr(module, piece):
            nested = fields(getattr(module, piece), module)
        else:
            words.append({"int": "int", "bool": "bool", "str": "str", "float": "str"}[piece])
    # `Literal[...]|str` only says that the package does not check the values.
    if any(word.startswith("enum:") for word in words):
        words = [word for word in words if word != "str"]
    words = "|".join(dict.fromkeys(words))
    if isinstance(nested, dict) and words:
        return {"|": words, **nested}
    return nested if nested is not None else words


def fields(cls, module):
    result = {}
    for name, hint in sorted(cls.__annotations__.items()):
        if name in RequestOptions.__annotations__:
            continue
        if PER_TYPE.search(cls.__name__) and name not in KEPT:
            continue
        required = typing.get_origin(hint) is not typing.NotRequired
        hint = hint if required else typing.get_args(hint)[0]
        if isinstance(hint, typing.ForwardRef):
            text = hint.__forward_arg__
        else:
            text = getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint)
        text = text.replace("ForwardRef('", "").replace("')", "")
        text = re.sub(r"NotRequired\[(.*)\]$", r"\1", text.replace("typing.", ""))
        kind = shape(text, module)
        result[name] = "!" + kind if required and isinstance(kind, str) else kind
    return result


def main():
    operations = {}
    for operation, name in OPERATIONS.items():
        module = importlib.import_module(f"stripe.params._{name}_params")
        cls = "".join(word.capitalize() for word in name.split("_")) + "Params"
        operations[operation] = fields(getattr(module, cls), module)
    version = stripe.api_version
    lines = [f'  {json.dumps(name)}: {json.dumps(tree, separators=(",", ":"))}' for name, tree in operations.items()]
    text = (
        "{\n"
        f' "source": "Read by cut_stripe_parameters.py from the Python package stripe {stripe.VERSION} (MIT License, Copyright (c) 2010-2018 Stripe, Inc.)",\n'
        f' "api_version": "{version}",\n "operations": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    )
    json.loads(text)
    pathlib.Path(__file__).with_name("stripe-parameters.json").write_text(text)


if __name__ == "__main__":
    sys.exit(main())
