//! What notices are understood as.

use ::sandbox::stripe::StripeSandbox;
use http::HeaderMap;
use providers::gateway::{DisputeStanding, Gateway, News, Notice, RawNotice};
use providers::stripe::Stripe;

use super::{SECRET, ask, gateway, money, now_s, pay, pending, refund_ask, start};

/// A body, signed now and verified.
async fn verified(gateway: &Stripe, body: &str) -> Notice {
    let signature = ::sandbox::stripe::sign(SECRET, now_s(), body.as_bytes());
    let headers = HeaderMap::from_iter([("stripe-signature".parse().unwrap(), signature.parse().unwrap())]);
    gateway.verify(&RawNotice { bytes: body.as_bytes(), headers: &headers, now_s: now_s() }).await.unwrap()
}

/// The notices of a sandbox so far, verified, in short.
async fn notices(stripe: &StripeSandbox, gateway: &Stripe) -> Vec<String> {
    let mut told = Vec::new();
    for event in stripe.events() {
        told.extend(in_short(verified(gateway, &event.to_string()).await));
    }
    told
}

fn in_short(notice: Notice) -> Option<String> {
    let kind = notice.kind;
    Some(match notice.news {
        News::Payment(seen) => format!("{kind}: {:?}", seen.standing),
        News::Refund(refund) => {
            format!("{kind}: {} {:?} {}", refund.refund_id?, refund.standing, refund.money.amount_minor)
        }
        News::Dispute(dispute) => format!("{kind}: {:?} {}", dispute.standing, dispute.money.amount_minor),
        News::Ask { object_id, money_id, topup_id } => {
            format!("{kind}: asks {} {} {}", object_id.is_some(), money_id.is_some(), topup_id?)
        }
        News::Other => return None,
    })
}

#[tokio::test]
async fn notices_tell_of_payments_refunds_and_disputes() {
    let stripe = start().await;
    let gateway = gateway(stripe.url());
    let ask = ask("pay_1");
    let id = pay(&stripe, &gateway, &ask, "4000002760003184", &["approve"]).await;
    let refund = gateway.refund(&refund_ask("rf_1", &pending(&ask, Some(&id)), 1_000)).await.unwrap();
    stripe.settle_refund(&refund.object_id, false).unwrap();
    let expected = [
        "payment_intent.created: Payable(None)",
        "payment_intent.requires_action: Payable(None)",
        "payment_intent.succeeded: Paid",
        "refund.created: rf_1 Succeeded 1000",
        "charge.refunded: asks true true pay_1",
        "refund.updated: rf_1 Failed(\"lost_or_stolen_card\") 1000",
        "charge.refund.updated: rf_1 Failed(\"lost_or_stolen_card\") 1000",
        "refund.failed: rf_1 Failed(\"lost_or_stolen_card\") 1000",
    ];
    assert_eq!(notices(&stripe, &gateway).await, expected);

    // inquiry, steps, what is told of the dispute
    let cases: [(bool, &[&str], &[&str]); 4] = [
        (
            false,
            &["withdraw", "review", "won"],
            &["created: Inquiry", "funds_withdrawn: Open", "updated: Open", "funds_reinstated: Won", "closed: Won"],
        ),
        (false, &["withdraw", "lost"], &["created: Inquiry", "funds_withdrawn: Open", "closed: Lost"]),
        (true, &["review", "won"], &["created: Inquiry", "updated: Inquiry", "closed: Won"]),
        (true, &["withdraw", "lost"], &["created: Inquiry", "funds_withdrawn: Open", "closed: Lost"]),
    ];
    for (inquiry, steps, expected) in cases {
        stripe.reset();
        let id = pay(&stripe, &gateway, &ask, "4242424242424242", &[]).await;
        let charge = gateway.look_up(&pending(&ask, Some(&id))).await.unwrap().unwrap().money_id.unwrap();
        let dispute = stripe.dispute_charge(&charge, Some(500), "fraudulent", inquiry).unwrap();
        let dispute = dispute["id"].as_str().unwrap();
        for step in steps {
            match *step {
                "withdraw" => stripe.withdraw_dispute(dispute),
                "review" => stripe.review_dispute(dispute),
                won => stripe.close_dispute(dispute, won == "won"),
            }
            .unwrap();
        }
        let expected: Vec<_> = expected.iter().map(|line| format!("charge.dispute.{line} 500")).collect();
        let told = notices(&stripe, &gateway).await;
        let disputes: Vec<_> = told.iter().filter(|line| line.contains("dispute")).cloned().collect();
        assert_eq!(disputes, expected, "{inquiry} {steps:?}");
    }
}

/// What an event of an endpoint of another version is about.
async fn news(gateway: &Stripe, kind: &str, object: &str) -> News {
    let body = format!(r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{object}}}}}"#);
    verified(gateway, &body).await.news
}

#[tokio::test]
async fn notices_of_other_versions_and_odd_amounts_are_understood_or_become_questions() {
    let gateway = gateway("http://127.0.0.1:1");
    let refunds = r#""refunds":{"data":[{"id":"re_2","amount":700,"currency":"usd","status":"succeeded"},
        {"id":"re_1","amount":300,"currency":"usd","status":"succeeded"}]}"#;
    let charge = |more: &str| format!(r#"{{"id":"ch_1","object":"charge","payment_intent":"pi_1"{more}}}"#);
    let News::Refund(newest) = news(&gateway, "charge.refunded", &charge(&format!(",{refunds}"))).await else {
        panic!("not the newest refund")
    };
    assert_eq!((newest.object_id.as_str(), newest.money), ("re_2", money(700, "USD")));

    let odd = |kind: &str, id: &str| {
        format!(
            r#"{{"id":"{id}","object":"{kind}","amount":550,"currency":"ugx","charge":"ch_1","payment_intent":"pi_1"}}"#
        )
    };
    let cases = [
        ("charge.refunded", charge("")),
        ("refund.created", odd("refund", "re_1")),
        ("charge.dispute.created", odd("dispute", "dp_1")),
    ];
    for (kind, object) in cases {
        let News::Ask { object_id, money_id, .. } = news(&gateway, kind, &object).await else {
            panic!("{kind} is no question")
        };
        assert_eq!((object_id.as_deref(), money_id.as_deref()), (Some("pi_1"), Some("ch_1")), "{kind}");
    }
    for (kind, object) in [
        ("charge.succeeded", charge("")),
        ("setup_intent.succeeded", r#"{"id":"seti_1","object":"setup_intent","status":"succeeded"}"#.to_owned()),
        ("radar.early_fraud_warning.created", r#"{"id":"issfr_1","object":"radar.early_fraud_warning"}"#.to_owned()),
        ("payment_method.detached", r#"{"id":"pm_1","object":"payment_method"}"#.to_owned()),
    ] {
        assert!(matches!(news(&gateway, kind, &object).await, News::Other), "{kind}");
    }

    // The object was rendered before the money moved; the event says that it did.
    let dispute = |status: &str| {
        format!(
            r#"{{"id":"dp_1","object":"dispute","amount":500,"currency":"usd","status":"{status}","balance_transactions":[]}}"#
        )
    };
    for (kind, status, standing) in [
        ("charge.dispute.created", "needs_response", DisputeStanding::Inquiry),
        ("charge.dispute.funds_withdrawn", "needs_response", DisputeStanding::Open),
        ("charge.dispute.funds_reinstated", "under_review", DisputeStanding::Won),
        ("charge.dispute.funds_reinstated", "lost", DisputeStanding::Lost),
        ("charge.dispute.funds_withdrawn", "won", DisputeStanding::Won),
    ] {
        let News::Dispute(seen) = news(&gateway, kind, &dispute(status)).await else { panic!("{kind}") };
        assert_eq!(seen.standing, standing, "{kind} {status}");
    }
}
