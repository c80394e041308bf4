//! PayPal: the payer approves on PayPal's page, then we take the money.

use super::{ASK, COME_BACK, Scenario, Step, json, scenario, until};

const APPROVE: &str = "/_sandbox/orders/{object}/approve";
const APPROVED: Step = json("the payer approves", APPROVE, "{}");
const PAID: Step = until("we take the money, and credit it", &["succeeded"]);
const IN_REVIEW: Step = json(
    "the payer approves; PayPal will look into it",
    APPROVE,
    r#"{"fate":{"fate":"pending","reason":"PENDING_REVIEW"}}"#,
);
const WAITING: Step = until("we take the money; PayPal holds it", &["confirming"]);
const DISPUTED: Step =
    json("the payer disputes it", "/_sandbox/captures/{capture}/dispute", r#"{"reason":"UNAUTHORISED"}"#);
const TAKEN_BACK: Step = until("its credits are taken back", &["disputed"]);

pub static SCENARIOS: &[Scenario] = &[
    scenario("paypal.completed", "the payer approves, we take the money", &[APPROVED, COME_BACK, PAID]),
    scenario(
        "paypal.never_back",
        "the payer approves and closes the browser; PayPal's notice makes us take the money",
        &[APPROVED, PAID],
    ),
    scenario(
        "paypal.pending",
        "PayPal looks into it for days; nothing is credited yet",
        &[IN_REVIEW, COME_BACK, WAITING],
    ),
    scenario(
        "paypal.pending_completed",
        "PayPal looks into it, then gives us the money",
        &[
            IN_REVIEW,
            COME_BACK,
            WAITING,
            json("PayPal gives us the money", "/_sandbox/captures/{capture}/settle", r#"{"succeeded":true}"#),
            until("its notice brings the credits", &["succeeded"]),
        ],
    ),
    scenario(
        "paypal.denied",
        "PayPal looks into it, then denies it",
        &[
            IN_REVIEW,
            COME_BACK,
            WAITING,
            json("PayPal denies it", "/_sandbox/captures/{capture}/settle", r#"{"succeeded":false}"#),
            until("its notice ends it", &["failed"]),
        ],
    ),
    scenario(
        "paypal.declined",
        "the payer's bank declines; the payer may choose another source until the time is over",
        &[json("the payer approves; the bank will decline", "/_sandbox/orders/{object}/decline", "{}"), COME_BACK, ASK],
    ),
    scenario(
        "paypal.cancelled",
        "the payer gives up on PayPal's page; the order may still be paid until the time is over",
        &[json("the payer cancels", "/_sandbox/orders/{object}/cancel", "{}"), ASK],
    ),
    scenario(
        "paypal.reversed",
        "PayPal takes the money back by itself; the credits go with it",
        &[
            APPROVED,
            COME_BACK,
            PAID,
            json("PayPal takes the money back", "/_sandbox/captures/{capture}/reverse", "{}"),
            until("its credits go back", &["refunded"]),
        ],
    ),
    scenario(
        "paypal.refund",
        "a paid top-up is refunded on PayPal's own pages; its credits go back with the money",
        &[
            APPROVED,
            COME_BACK,
            PAID,
            json("somebody refunds it on PayPal's pages", "/_sandbox/captures/{capture}/refund", "{}"),
            until("its credits go back", &["refunded"]),
        ],
    ),
    scenario(
        "paypal.dispute",
        "a paid top-up is disputed; its credits are taken back until it is decided",
        &[APPROVED, COME_BACK, PAID, DISPUTED, TAKEN_BACK],
    ),
    scenario(
        "paypal.dispute_won",
        "a dispute is decided for us; the credits come back",
        &[
            APPROVED,
            COME_BACK,
            PAID,
            DISPUTED,
            TAKEN_BACK,
            json("PayPal decides for us", "/_sandbox/disputes/{last}/won", "{}"),
            until("its credits come back", &["dispute_won"]),
        ],
    ),
    scenario(
        "paypal.dispute_lost",
        "a dispute is decided for the payer; the credits stay taken back",
        &[
            APPROVED,
            COME_BACK,
            PAID,
            DISPUTED,
            TAKEN_BACK,
            json("PayPal decides for the payer", "/_sandbox/disputes/{last}/lost", "{}"),
            until("its credits stay taken back", &["dispute_lost"]),
        ],
    ),
];
