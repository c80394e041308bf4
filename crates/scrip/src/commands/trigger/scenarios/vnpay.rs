//! VNPay: the payer opens the signed link and ends the payment with one of VNPay's codes; its notice (IPN) tells us.

use super::{ASK, COME_BACK, CREDITED, Deed, Scenario, Step, json, scenario, until};

const PAY: &str = "/_sandbox/payments/{object}/pay";
const FAULTS: &str = "/_sandbox/webhook_faults";
const OPENED: Step = Step { told: "the payer opens VNPay's page", deed: Deed::Open };
const PAID: Step = json("the payer pays (00)", PAY, r#"{"code":"00"}"#);
const FAILED: Step = until("its notice ends it", &["failed"]);
const REVIEWED: Step = until("its notice says so: nothing is credited", &["under_review"]);
const SUSPECT: Step = json("the payer pays; VNPay suspects fraud (07)", PAY, r#"{"code":"07"}"#);
const CANCELLED: Step = json("the payer cancels (24)", PAY, r#"{"code":"24"}"#);

pub static SCENARIOS: &[Scenario] = &[
    scenario("vnpay.00", "the payer pays", &[OPENED, PAID, CREDITED]),
    scenario("vnpay.07", "money was taken, and VNPay looks into it: under review", &[OPENED, SUSPECT, REVIEWED]),
    scenario(
        "vnpay.07_released",
        "VNPay looks into it, then releases it",
        &[
            OPENED,
            SUSPECT,
            REVIEWED,
            json("VNPay releases it (00)", "/_sandbox/payments/{object}/settle", r#"{"code":"00"}"#),
            CREDITED,
        ],
    ),
    scenario(
        "vnpay.09",
        "the card is not registered for paying online",
        &[OPENED, json("the bank refuses (09)", PAY, r#"{"code":"09"}"#), FAILED],
    ),
    scenario(
        "vnpay.10",
        "the card's data were wrong three times",
        &[OPENED, json("the bank refuses (10)", PAY, r#"{"code":"10"}"#), FAILED],
    ),
    scenario(
        "vnpay.11",
        "the time to pay is over",
        &[OPENED, json("the time runs out (11)", PAY, r#"{"code":"11"}"#), FAILED],
    ),
    scenario(
        "vnpay.12",
        "the card is locked",
        &[OPENED, json("the bank refuses (12)", PAY, r#"{"code":"12"}"#), FAILED],
    ),
    scenario(
        "vnpay.13",
        "the one-time code was wrong",
        &[OPENED, json("the bank refuses (13)", PAY, r#"{"code":"13"}"#), FAILED],
    ),
    scenario("vnpay.24", "the payer cancels", &[OPENED, CANCELLED, FAILED]),
    scenario(
        "vnpay.51",
        "there is not enough money",
        &[OPENED, json("the bank refuses (51)", PAY, r#"{"code":"51"}"#), FAILED],
    ),
    scenario(
        "vnpay.65",
        "the limit of the day is exceeded",
        &[OPENED, json("the bank refuses (65)", PAY, r#"{"code":"65"}"#), FAILED],
    ),
    scenario(
        "vnpay.75",
        "the bank is under maintenance",
        &[OPENED, json("the bank refuses (75)", PAY, r#"{"code":"75"}"#), FAILED],
    ),
    scenario(
        "vnpay.79",
        "the payment password was wrong too often",
        &[OPENED, json("the bank refuses (79)", PAY, r#"{"code":"79"}"#), FAILED],
    ),
    scenario(
        "vnpay.99",
        "it fails for a reason that VNPay does not tell",
        &[OPENED, json("the bank refuses (99)", PAY, r#"{"code":"99"}"#), FAILED],
    ),
    scenario(
        "vnpay.late",
        "the payment had failed, and succeeds after all: credited, and flagged late_success",
        &[
            OPENED,
            CANCELLED,
            FAILED,
            json("the money arrives after all (00)", "/_sandbox/payments/{object}/settle", r#"{"code":"00"}"#),
            CREDITED,
        ],
    ),
    scenario(
        "vnpay.duplicate",
        "the notice comes three times at once; it is credited once",
        &[
            OPENED,
            json(
                "its notice will come three times",
                FAULTS,
                r#"{"fault":"duplicate","copies":2,"at_once":true,"txn_ref":"{object}"}"#,
            ),
            PAID,
            CREDITED,
            Step { told: "all of them have come", deed: Deed::Told(3) },
        ],
    ),
    scenario(
        "vnpay.never",
        "the notice never comes; we find the payment by asking (querydr)",
        &[
            OPENED,
            json("its notice will never come", FAULTS, r#"{"fault":"never","txn_ref":"{object}"}"#),
            PAID,
            COME_BACK,
            until("we found it paid", &["succeeded"]),
        ],
    ),
    scenario(
        "vnpay.forged",
        "the notice has a false checksum and is refused (97); we find the payment by asking",
        &[
            OPENED,
            json("a false notice will come", FAULTS, r#"{"fault":"forged","txn_ref":"{object}"}"#),
            PAID,
            ASK,
            until("we found it paid", &["succeeded"]),
        ],
    ),
    scenario(
        "vnpay.wrong_amount",
        "the notice tells of another amount (04); nothing is credited, a person has to look",
        &[
            OPENED,
            json(
                "its notice will tell of 5.000 đồng",
                FAULTS,
                r#"{"fault":"wrong_amount","amount_minor":5000,"txn_ref":"{object}"}"#,
            ),
            PAID,
            until("its notice is met with distrust", &["under_review"]),
        ],
    ),
];
