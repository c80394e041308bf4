//! Whole payments against the fake PayPal over real HTTP, notices included.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use providers::gateway::{
    DisputeStanding, Gateway, News, Next, Notice, Pending, RawNotice, RefundAsk, Standing, Trouble, Unverified,
};
use providers::paypal::{Client, Verify};
use sandbox::paypal::faults::{Fault, FaultRule, WebhookFault, WebhookFaultRule};
use sandbox::paypal::{Fate, NewDispute, PayPalOptions, PayPalSandbox, TEST_AUTHORITY_PEM, WebhookTarget, serve};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::support::{WEBHOOK_ID, ask, client_with, pending, refund_ask, told, told_payment, told_refund, usd};

type Delivered = (HeaderMap, Bytes);

/// A fake PayPal, our client of it, and our webhook endpoint.
struct Play {
    paypal: PayPalSandbox,
    client: Client,
    notices: UnboundedReceiver<Delivered>,
}

impl Play {
    async fn start(verify: Verify) -> Play {
        let (sender, notices) = unbounded_channel();
        let app = Router::new().fallback(receive).with_state(sender);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhook_id = WEBHOOK_ID.to_owned();
        let webhook = Some(WebhookTarget { url: format!("http://{}/", listener.local_addr().unwrap()), webhook_id });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = PayPalOptions { webhook, seed: Some(7), ..PayPalOptions::default() };
        let paypal = serve(listener, options).await.unwrap();
        let client = client_with(paypal.url(), |config| {
            config.cert_base_url = Some(paypal.url().to_owned());
            config.roots_pem = Some(TEST_AUTHORITY_PEM.to_owned());
            config.verify = verify;
            config.retry.max_retries = 2;
        });
        Play { paypal, client, notices }
    }

    /// Opens a payment and gives back what we know of it.
    async fn open(&self) -> Pending {
        let opened = self.client.open(&ask()).await.unwrap();
        assert!(matches!(opened.next, Next::Redirect(_)));
        Pending { object_id: Some(opened.object_id), ..pending() }
    }

    /// The same, approved and captured.
    async fn paid(&self) -> (Pending, String) {
        let pending = self.open().await;
        self.approve(&pending);
        let seen = self.client.complete(&pending).await.unwrap().unwrap();
        assert_eq!(seen.standing, Standing::Paid);
        (pending, seen.money_id.unwrap())
    }

    fn approve(&self, pending: &Pending) {
        self.paypal.approve(pending.object_id.as_deref().unwrap()).unwrap();
    }

    /// What the next notice says.
    async fn hear(&mut self) -> Result<Notice, Unverified> {
        let (headers, body) = self.notices.recv().await.unwrap();
        let now_s = Timestamp::now().as_second();
        self.client.verify(&RawNotice { bytes: &body, headers: &headers, now_s }).await
    }

    /// What the next notice of this kind says; others are heard and passed over.
    async fn hear_of(&mut self, kind: &str) -> News {
        loop {
            let notice = self.hear().await.unwrap();
            if notice.kind == kind {
                return notice.news;
            }
        }
    }
}

async fn receive(State(sender): State<UnboundedSender<Delivered>>, headers: HeaderMap, body: Bytes) {
    sender.send((headers, body)).unwrap();
}

#[tokio::test]
async fn a_payment_goes_from_the_page_to_the_money_and_its_notices_are_believed() {
    for verify in [Verify::Offline, Verify::Postback] {
        let mut play = Play::start(verify).await;
        let pending = play.open().await;
        let order_id = pending.object_id.clone().unwrap();
        let again = play.client.open(&ask()).await.unwrap();
        assert_eq!(again.object_id, order_id, "the same ask opens the same payment");
        let seen = play.client.look_up(&pending).await.unwrap().unwrap();
        assert_eq!(told(&seen.standing), "payable -");

        play.approve(&pending);
        let News::Payment(seen) = play.hear_of("CHECKOUT.ORDER.APPROVED").await else { panic!("not a payment") };
        assert_eq!(seen.standing, Standing::Approved);
        let paid = play.client.complete(&pending).await.unwrap().unwrap();
        let money_id = paid.money_id.clone().unwrap();
        let expected = format!("paid: {order_id}/{money_id} pay_1 of team:7 asked 2500 USD received 2500 USD");
        assert_eq!(told_payment(&paid), expected);
        let News::Payment(seen) = play.hear_of("PAYMENT.CAPTURE.COMPLETED").await else { panic!("not a payment") };
        assert_eq!(told_payment(&seen), expected);
        let again = play.client.complete(&pending).await.unwrap().unwrap();
        assert_eq!(told_payment(&again), expected, "doing it twice takes it once");
        assert_eq!(play.paypal.captures().len(), 1);

        let now_s = Timestamp::now().as_second();
        let listed = play.client.list(now_s - 3_600, now_s + 3_600).await.unwrap();
        let ids: Vec<_> = listed.iter().map(|seen| (seen.money_id.clone(), seen.topup_id.clone())).collect();
        assert_eq!(ids, [(Some(money_id), Some("pay_1".to_owned()))]);
    }
}

#[tokio::test]
async fn whatever_breaks_while_money_is_taken_it_is_taken_once() {
    for fault in [
        Fault::CloseBefore,
        Fault::CloseAfter,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::ServerErrorBefore,
        Fault::ServerErrorAfter,
        Fault::Unavailable,
        Fault::RateLimit,
        Fault::Conflict,
        Fault::InProgress,
        Fault::Unreadable,
    ] {
        let play = Play::start(Verify::Offline).await;
        let pending = play.open().await;
        play.approve(&pending);
        play.paypal.script_fault(FaultRule::once(fault).ending("/capture"));
        let seen = play.client.complete(&pending).await.unwrap().unwrap();
        assert_eq!(seen.standing, Standing::Paid, "{fault:?}");
        assert_eq!(play.paypal.captures().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_token_that_ended_early_is_renewed() {
    let play = Play::start(Verify::Offline).await;
    let pending = play.open().await;
    play.paypal.expire_tokens();
    assert!(play.client.look_up(&pending).await.unwrap().is_some());
}

#[tokio::test]
async fn a_declined_card_leaves_the_order_open_for_another() {
    let play = Play::start(Verify::Offline).await;
    let pending = play.open().await;
    let refused = |trouble| match trouble {
        Trouble::Refused { code, ours, .. } => (code, ours),
        trouble => panic!("{trouble:?}"),
    };
    let early = play.client.complete(&pending).await.unwrap_err();
    assert_eq!(refused(early), ("ORDER_NOT_APPROVED".into(), false));
    play.paypal.decline(pending.object_id.as_deref().unwrap()).unwrap();
    let declined = play.client.complete(&pending).await.unwrap_err();
    assert_eq!(refused(declined), ("INSTRUMENT_DECLINED".into(), false));
    play.approve(&pending);
    let seen = play.client.complete(&pending).await.unwrap().unwrap();
    assert_eq!(seen.standing, Standing::Paid);
}

#[tokio::test]
async fn a_capture_that_waits_ends_by_a_notice() {
    for (succeeds, kind, expected) in
        [(true, "PAYMENT.CAPTURE.COMPLETED", "paid"), (false, "PAYMENT.CAPTURE.DENIED", "failed declined")]
    {
        let mut play = Play::start(Verify::Offline).await;
        play.paypal.next_payment(Fate::under_review()).unwrap();
        let pending = play.open().await;
        play.approve(&pending);
        let seen = play.client.complete(&pending).await.unwrap().unwrap();
        assert_eq!((told(&seen.standing).as_str(), seen.received), ("processing PENDING_REVIEW", None));
        let News::Payment(heard) = play.hear_of("PAYMENT.CAPTURE.PENDING").await else { panic!("not a payment") };
        assert_eq!(told(&heard.standing), "processing PENDING_REVIEW");
        play.paypal.settle_capture(&seen.money_id.unwrap(), succeeds).unwrap();
        let News::Payment(heard) = play.hear_of(kind).await else { panic!("not a payment") };
        assert_eq!(told(&heard.standing), expected);
        let seen = play.client.look_up(&pending).await.unwrap().unwrap();
        assert_eq!(told(&seen.standing), expected);
    }
}

#[tokio::test]
async fn refunds_of_ours_of_the_operator_and_of_paypal_are_told_apart() {
    let mut play = Play::start(Verify::Offline).await;
    let (payment, money_id) = play.paid().await;
    let order_id = payment.object_id.clone().unwrap();
    let asked = RefundAsk { payment, money_id: Some(money_id.clone()), ..refund_ask() };
    play.paypal.script_fault(FaultRule::once(Fault::ServerErrorAfter).ending("/refund"));
    let refund = play.client.refund(&asked).await.unwrap();
    let id = refund.object_id.clone();
    assert_eq!(told_refund(&refund), format!("succeeded: {id}(rf_1) of {order_id}/{money_id} 1000 USD"));
    assert_eq!(play.paypal.refunds().len(), 1);
    assert_eq!(play.client.look_up_refund(&asked).await, Ok(Some(refund.clone())), "in its order, by our id");
    let by_id = RefundAsk { object_id: Some(id.clone()), ..asked.clone() };
    assert_eq!(play.client.look_up_refund(&by_id).await, Ok(Some(refund)));
    let News::Refund(heard) = play.hear_of("PAYMENT.CAPTURE.REFUNDED").await else { panic!("not a refund") };
    assert_eq!(told_refund(&heard), format!("succeeded: {id}(rf_1) of -/{money_id} 1000 USD"));

    let too_much = RefundAsk { refund_id: "rf_2".into(), money: usd(2_000), ..asked };
    let Trouble::Refused { code, ours, .. } = play.client.refund(&too_much).await.unwrap_err() else {
        panic!("unsure")
    };
    assert_eq!((code.as_str(), ours), ("REFUND_AMOUNT_EXCEEDED", true));

    play.paypal.refund_capture(&money_id, Some(500)).unwrap();
    let News::Refund(heard) = play.hear_of("PAYMENT.CAPTURE.REFUNDED").await else { panic!("not a refund") };
    assert_eq!((heard.refund_id, heard.money, heard.forced), (None, usd(500), false));
    play.paypal.reverse_capture(&money_id, None).unwrap();
    let News::Refund(heard) = play.hear_of("PAYMENT.CAPTURE.REVERSED").await else { panic!("not a refund") };
    assert_eq!((heard.refund_id, heard.money, heard.forced), (None, usd(1_000), true));
    assert_eq!(heard.money_id, Some(money_id));
}

#[tokio::test]
async fn a_dispute_is_followed_to_its_end() {
    for (won, expected) in [(true, DisputeStanding::Won), (false, DisputeStanding::Lost)] {
        let mut play = Play::start(Verify::Offline).await;
        let (_, money_id) = play.paid().await;
        let inquiry = NewDispute { stage: "INQUIRY".into(), ..NewDispute::default() };
        let dispute = play.paypal.dispute_capture(&money_id, &inquiry).unwrap();
        let dispute_id = dispute["dispute_id"].as_str().unwrap().to_owned();
        let News::Dispute(heard) = play.hear_of("CUSTOMER.DISPUTE.CREATED").await else { panic!("not a dispute") };
        assert_eq!((&heard.dispute_id, heard.standing), (&dispute_id, DisputeStanding::Inquiry));
        assert_eq!((heard.money, heard.money_id.as_ref()), (usd(2_500), Some(&money_id)));
        play.paypal.update_dispute(&dispute_id, None, Some("CHARGEBACK")).unwrap();
        let News::Dispute(heard) = play.hear_of("CUSTOMER.DISPUTE.UPDATED").await else { panic!("not a dispute") };
        assert_eq!(heard.standing, DisputeStanding::Open);
        play.paypal.close_dispute(&dispute_id, won).unwrap();
        let News::Dispute(heard) = play.hear_of("CUSTOMER.DISPUTE.RESOLVED").await else { panic!("not a dispute") };
        assert_eq!(heard.standing, expected);
    }
}

#[tokio::test]
async fn what_the_sandbox_forges_is_refused_and_what_it_repeats_is_the_same() {
    let kind = "CHECKOUT.ORDER.APPROVED";
    for fault in [WebhookFault::Forged { way: Default::default() }, WebhookFault::Altered, WebhookFault::Stale] {
        let mut play = Play::start(Verify::Offline).await;
        play.paypal.script_webhook_fault(WebhookFaultRule::once(fault.clone(), kind));
        let pending = play.open().await;
        play.approve(&pending);
        let heard = play.hear().await;
        assert!(matches!(heard, Err(Unverified::Forged(_))), "{fault:?}: {heard:?}");
    }
    let mut play = Play::start(Verify::Offline).await;
    play.paypal.script_webhook_fault(WebhookFaultRule::once(WebhookFault::Duplicate { copies: 1 }, kind));
    let pending = play.open().await;
    play.approve(&pending);
    let (first, second) = (play.hear().await.unwrap(), play.hear().await.unwrap());
    assert_eq!((first.kind.as_str(), first.event_id), (kind, second.event_id));
}

#[tokio::test]
async fn an_order_that_was_never_approved_is_closed_by_leaving_it() {
    let play = Play::start(Verify::Offline).await;
    let pending = play.open().await;
    assert_eq!(play.client.close(&pending).await, Ok(None));
    play.approve(&pending);
    let seen = play.client.close(&pending).await.unwrap().unwrap();
    assert_eq!(seen.standing, Standing::Approved);
    play.paypal.set_clock_offset(7 * 24 * 3600);
    assert_eq!(play.client.look_up(&pending).await, Ok(None), "PayPal forgets orders that ended");
}
