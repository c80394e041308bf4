//! Stripe: the payer types a card on the page that stands in for Stripe's own fields.

use super::{ASK, COME_BACK, CREDITED, Deed, Scenario, Step, form, json, scenario, until};

/// The payer's page.
const PAGE: &str = "/pay/{secret}";
const VISA: Step = form("the payer types card 4242…4242", PAGE, "act=confirm&number=4242424242424242&expiry=12/34");
const DISPUTED: Step =
    json("the payer's bank disputes it", "/_sandbox/charges/{charge}/dispute", r#"{"reason":"fraudulent"}"#);
const WITHDRAWN: Step = json("Stripe takes the money", "/_sandbox/disputes/{last}/funds_withdrawn", "{}");
const TAKEN_BACK: Step = until("its credits are taken back", &["disputed"]);
const CHALLENGED: Step =
    form("the payer types card …3184; the bank asks", PAGE, "act=confirm&number=4000002760003184&expiry=12/34");
const SLOW: Step = form("the payer types card …0012", PAGE, "act=confirm&number=4000009900000012&expiry=12/34");
const UNDER_WAY: Step = until("its notice says that it takes time", &["confirming"]);
/// Every notice that could bring credits is lost on the way.
const LOST: Step = json(
    "its notices will never arrive",
    "/_sandbox/webhook_faults",
    r#"{"fault":"never","times":1,"event":"payment_intent.succeeded","object":"{object}"}"#,
);

pub static SCENARIOS: &[Scenario] = &[
    scenario("stripe.succeeded", "a card pays, and the credits come with the notice", &[VISA, CREDITED]),
    scenario(
        "stripe.declined",
        "a card is declined; nothing is charged, and the payer may try another until the time is over",
        &[form("the payer types card …0002; declined", PAGE, "act=confirm&number=4000000000000002&expiry=12/34"), ASK],
    ),
    scenario(
        "stripe.requires_action",
        "the bank asks the payer (3-D Secure), who agrees",
        &[CHALLENGED, form("the payer agrees", PAGE, "act=approve"), CREDITED],
    ),
    scenario(
        "stripe.challenge_refused",
        "the bank asks the payer (3-D Secure), who does not agree; another card may still be tried",
        &[CHALLENGED, form("the payer does not agree", PAGE, "act=decline"), ASK],
    ),
    scenario("stripe.processing", "the bank takes its time; nothing is credited yet", &[SLOW, UNDER_WAY]),
    scenario(
        "stripe.processing_succeeded",
        "the bank takes its time, then pays",
        &[
            SLOW,
            UNDER_WAY,
            json("the bank pays", "/_sandbox/payment_intents/{object}/settle", r#"{"succeeded":true}"#),
            CREDITED,
        ],
    ),
    scenario(
        "stripe.dispute",
        "a paid top-up is disputed; its credits are taken back until it is decided",
        &[VISA, CREDITED, DISPUTED, WITHDRAWN, TAKEN_BACK],
    ),
    scenario(
        "stripe.dispute_won",
        "a dispute is decided for us; the credits come back",
        &[
            VISA,
            CREDITED,
            DISPUTED,
            WITHDRAWN,
            TAKEN_BACK,
            json("Stripe decides for us", "/_sandbox/disputes/{last}/won", "{}"),
            until("its credits come back", &["dispute_won"]),
        ],
    ),
    scenario(
        "stripe.dispute_lost",
        "a dispute is decided for the payer; the credits stay taken back",
        &[
            VISA,
            CREDITED,
            DISPUTED,
            WITHDRAWN,
            TAKEN_BACK,
            json("Stripe decides for the payer", "/_sandbox/disputes/{last}/lost", "{}"),
            until("its credits stay taken back", &["dispute_lost"]),
        ],
    ),
    scenario(
        "stripe.inquiry",
        "the payer's bank only asks about a payment; money and credits stay",
        &[
            VISA,
            CREDITED,
            json("the payer's bank asks", "/_sandbox/charges/{charge}/dispute", r#"{"inquiry":true}"#),
            // Created, charged, paid, asked about.
            Step { told: "its notice has come", deed: Deed::Told(3) },
        ],
    ),
    scenario(
        "stripe.refund",
        "a paid top-up is refunded on Stripe's own pages; its credits go back with the money",
        &[
            VISA,
            CREDITED,
            form("somebody refunds it on Stripe's pages", "/v1/refunds", "charge={charge}"),
            until("its credits go back", &["refunded"]),
        ],
    ),
    scenario(
        "stripe.late",
        "the notice of a payment is three seconds late, and so are its credits",
        &[
            json(
                "its notice will be late",
                "/_sandbox/webhook_faults",
                r#"{"fault":"late","delay_ms":3000,"event":"payment_intent.succeeded","object":"{object}"}"#,
            ),
            VISA,
            CREDITED,
        ],
    ),
    scenario(
        "stripe.duplicate",
        "the notice of a payment comes three times; it is credited once",
        &[
            json(
                "its notice will come three times",
                "/_sandbox/webhook_faults",
                r#"{"fault":"duplicate","copies":2,"event":"payment_intent.succeeded","object":"{object}"}"#,
            ),
            VISA,
            CREDITED,
            // Created, paid three times.
            Step { told: "all of them have come", deed: Deed::Told(4) },
        ],
    ),
    scenario(
        "stripe.never",
        "the notice of a payment never comes; we find the payment by asking",
        &[LOST, VISA, COME_BACK, until("we found it paid", &["succeeded"])],
    ),
    scenario(
        "stripe.forged",
        "the notice of a payment has a false signature and is refused; we find the payment by asking",
        &[
            json(
                "a false notice will come",
                "/_sandbox/webhook_faults",
                r#"{"fault":"forged","event":"payment_intent.succeeded","object":"{object}"}"#,
            ),
            VISA,
            ASK,
            until("we found it paid", &["succeeded"]),
        ],
    ),
    scenario(
        "stripe.wrong_amount",
        "a notice tells of another amount than asked; nothing is credited, a person has to look",
        &[
            json(
                "its notice will tell of 1 cent",
                "/_sandbox/webhook_faults",
                r#"{"fault":"wrong_amount","amount_minor":1,"event":"payment_intent.succeeded","object":"{object}"}"#,
            ),
            VISA,
            until("its notice is met with distrust", &["under_review"]),
        ],
    ),
];
