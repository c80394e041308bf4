//! Receipts on two nodes of one database: numbers without gaps, one receipt per payment, nothing that changes later.

use std::collections::BTreeSet;

use engine::Engine;
use engine::accounts::AccountChange;
use engine::billing::{self, AddressField, PayerKind, ProfileDraft};
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::receipts::{self, Receipt, check_numbers, issue_due};
use engine::settings::{Language, Seller, Settings, Tax, TaxPoint, TaxRate};
use engine::topups::{self, Details, Instrument};
use store::{Statement, params};
use tokio::task::JoinSet;

use crate::{Nodes, call};

fn sells(settings: &mut Settings) {
    let seller = |name: &str, zone: &str, series: &str| Seller {
        name: name.to_owned(),
        zone: zone.to_owned(),
        series: series.to_owned(),
        ..Seller::default()
    };
    settings.receipts.sellers = [
        ("any".to_owned(), seller("Seller", "UTC", "R-{year}")),
        ("vn".to_owned(), seller("Công ty", "Asia/Ho_Chi_Minh", "{site}-{year}")),
    ]
    .into();
    let names = [(Language::En, "VAT".to_owned()), (Language::Vi, "Thuế GTGT".to_owned())].into();
    let rates = vec![TaxRate { names, percent: "8".parse().unwrap(), from: None, until: None }];
    settings.receipts.taxes = [("VN".to_owned(), Tax { tax_point: TaxPoint::TopUp, rates })].into();
    settings.receipts.notes = [("VN".to_owned(), [(Language::En, vec!["A note.".to_owned()])].into())].into();
    assert_eq!(settings.validate(), []);
}

/// A payment of 25 dollars, or as many dong, that stands in this state; credited at noon when it was.
async fn payment(nodes: &Nodes, account: &str, id: &str, state: &str, details: &Details) {
    const SQL: &str = "INSERT INTO payments (account_id, id, gateway, method, state, credit_units, amount_minor, currency, \
                       live, customer_id, created_at_us, updated_at_us, paid_at_us, money_id, details) \
                       VALUES ($1, $2, 'stripe', 'stripe', $3, 2500000000, 2500, $4, 0, '', $5, $5, $6, $7, $8)";
    let currency = if account.starts_with("vn") { "VND" } else { "USD" };
    let now = nodes.a.now().micros();
    let paid_at_us = (state == "succeeded").then_some(now);
    let details = serde_json::to_string(details).unwrap();
    let row = params![account, id, state, currency, now, paid_at_us, format!("ch_{id}"), details];
    nodes.a.store().write(vec![Statement::new(SQL, row)]).await.unwrap();
}

async fn receipt(node: &Engine, id: &str) -> Receipt {
    let payment = topups::payment(node, id).await.unwrap();
    receipts::receipt(node, &payment).await.unwrap()
}

async fn no_faults(nodes: &Nodes) {
    for node in nodes.each() {
        assert_eq!(check_numbers(node).await.unwrap(), []);
    }
}

async fn write(nodes: &Nodes, sql: &'static str) {
    nodes.a.store().write(vec![Statement::new(sql, params![]).expect_one()]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_at_once_on_two_nodes_leave_no_gap() {
    let nodes = Nodes::start_with(sells).await;
    nodes.account("a", "global", "USD").await;
    for number in 0..64 {
        payment(&nodes, "a", &format!("pay_{number:02}"), "succeeded", &Details::default()).await;
    }
    // Each payment on both nodes at once.
    let mut issuing = JoinSet::new();
    for number in 0..64 {
        for node in nodes.each() {
            let node = node.clone();
            issuing.spawn(async move { receipt(&node, &format!("pay_{number:02}")).await });
        }
    }
    let issued = issuing.join_all().await;
    let numbers: BTreeSet<i64> = issued.iter().map(|receipt| receipt.number).collect();
    assert_eq!(numbers, (1..=64).collect());
    let pairs: BTreeSet<_> = issued.iter().map(|receipt| (&receipt.payment_id, receipt.number, &receipt.id)).collect();
    assert_eq!(pairs.len(), 64, "both nodes were given the same receipt");
    assert!(issued.iter().all(|receipt| receipt.snapshot.number == format!("R-2026-{:06}", receipt.number)));
    no_faults(&nodes).await;
    assert_eq!(issue_due(&nodes.a).await.unwrap(), 0);
    nodes.close().await;
}

#[tokio::test]
async fn one_node_issues_what_is_due_and_only_that() {
    let nodes = Nodes::start_with(sells).await;
    nodes.account("a", "global", "USD").await;
    for number in 0..130 {
        payment(&nodes, "a", &format!("pay_{number:03}"), "succeeded", &Details::default()).await;
    }
    for state in ["created", "failed", "under_review"] {
        payment(&nodes, "a", &format!("pay_{state}"), state, &Details::default()).await;
        let open = topups::payment(&nodes.a, &format!("pay_{state}")).await.unwrap();
        assert!(matches!(receipts::receipt(&nodes.a, &open).await, Err(engine::Error::NotFound("receipt"))));
    }
    assert!(lease::hold(&nodes.b, Lease::Receipts).await.unwrap());
    assert_eq!(issue_due(&nodes.a).await.unwrap(), 0, "another node does it");
    nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    assert_eq!(issue_due(&nodes.a).await.unwrap(), 130);
    assert_eq!((receipt(&nodes.b, "pay_000").await.number, receipt(&nodes.b, "pay_129").await.number), (1, 130));
    no_faults(&nodes).await;
    nodes.close().await;
}

#[tokio::test]
async fn without_a_seller_nothing_is_issued() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    payment(&nodes, "a", "pay_1", "succeeded", &Details::default()).await;
    assert_eq!(issue_due(&nodes.a).await.unwrap(), 0);
    let paid = topups::payment(&nodes.a, "pay_1").await.unwrap();
    assert!(matches!(receipts::receipt(&nodes.a, &paid).await, Err(engine::Error::NotFound("receipt"))));
    no_faults(&nodes).await;
    nodes.close().await;
}

#[tokio::test]
async fn a_series_belongs_to_a_seller_and_a_year_of_its_zone() {
    let nodes = Nodes::start_with(sells).await;
    nodes.account("a", "global", "USD").await;
    nodes.account("vn", "vn", "VND").await;
    // From noon of 20 November to 20:00 UTC of 31 December: 2027 in Vietnam already.
    nodes.wait_ms((41 * 24 + 8) * 3_600_000);
    for (account, id) in [("a", "pay_1"), ("vn", "pay_2"), ("a", "pay_3")] {
        payment(&nodes, account, id, "succeeded", &Details::default()).await;
    }
    assert_eq!(issue_due(&nodes.a).await.unwrap(), 3);
    nodes.wait_ms(4 * 3_600_000);
    payment(&nodes, "a", "pay_4", "succeeded", &Details::default()).await;
    assert_eq!(issue_due(&nodes.b).await.unwrap(), 1);
    let table = [
        ("pay_1", "R-2026-000001"),
        ("pay_2", "VN-2027-000001"),
        ("pay_3", "R-2026-000002"),
        ("pay_4", "R-2027-000001"),
    ];
    for (id, number) in table {
        assert_eq!(receipt(&nodes.b, id).await.snapshot.number, number, "{id}");
    }
    no_faults(&nodes).await;
    nodes.close().await;
}

#[tokio::test]
async fn a_receipt_says_what_was_so_and_never_changes() {
    let nodes = Nodes::start_with(sells).await;
    nodes.account("vn", "vn", "VND").await;
    let address =
        [(AddressField::Street, "1 Tràng Tiền"), (AddressField::Ward, "Cửa Nam"), (AddressField::Province, "Hà Nội")];
    let mut draft = ProfileDraft {
        kind: PayerKind::Company,
        name: "Công ty A".to_owned(),
        email: "a@example.com".to_owned(),
        recipient_email: None,
        language: Language::Vi,
        country: "VN".to_owned(),
        address: address.map(|(field, text)| (field, text.to_owned())).into(),
        tax_code: Some("0100112437".to_owned()),
    };
    billing::put_profile(&nodes.a, &call(None), "vn", 0, &draft).await.unwrap();
    let instrument = Instrument {
        kind: "card".to_owned(),
        brand: Some("visa".to_owned()),
        last4: Some("4242".to_owned()),
        ..Instrument::default()
    };
    let details = Details {
        language: Language::Vi,
        billing: Some(billing::require_profile(&nodes.a, "vn").await.unwrap()),
        instrument: Some(instrument),
        ..Details::default()
    };
    payment(&nodes, "vn", "pay_1", "succeeded", &details).await;
    payment(&nodes, "vn", "pay_2", "succeeded", &Details::default()).await;
    let first = receipt(&nodes.a, "pay_1").await;
    let said = &first.snapshot;
    assert_eq!((said.buyer.name.as_str(), said.buyer.tax_code.as_deref()), ("Công ty A", Some("0100112437")));
    assert_eq!(said.buyer.address, ["1 Tràng Tiền", "Cửa Nam", "Hà Nội"]);
    assert_eq!((said.seller.name.as_str(), said.zone.as_str()), ("Công ty", "Asia/Ho_Chi_Minh"));
    assert_eq!((said.method.as_str(), said.references.join(" ").as_str()), ("Visa •••• 4242", "pay_1 ch_pay_1"));
    assert_eq!((said.price_minor, said.currency.code(), said.unit.code()), (2_500, "VND", "VND"));
    let [tax] = said.taxes.as_slice() else { panic!("{:?}", said.taxes) };
    assert_eq!((tax.name.as_str(), tax.base_minor, tax.tax_minor), ("Thuế GTGT", 2_315, 185));
    assert_eq!((said.notes.as_slice(), said.paid_at < said.issued_at), (&["A note.".to_owned()][..], true));
    assert!(!format!("{first:?}").contains("Công ty"), "{first:?}");

    // Nobody is billed yet: the account's name, and the country of its site.
    let plain = receipt(&nodes.b, "pay_2").await;
    assert_eq!((plain.snapshot.buyer.name.as_str(), plain.snapshot.language), ("vn", Language::En));
    assert_eq!(plain.snapshot.buyer.country.map(|country| country.code()), Some("VN"));

    draft.name = "Công ty B".to_owned();
    billing::put_profile(&nodes.a, &call(None), "vn", 1, &draft).await.unwrap();
    let change = AccountChange { name: Some("Other".to_owned()), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "vn", change).await.unwrap();
    write(&nodes, "UPDATE payments SET state = 'refunded', refunded_minor = 2500 WHERE id = 'pay_1'").await;
    assert_eq!(receipt(&nodes.b, "pay_1").await, first);
    assert_eq!(receipt(&nodes.b, "pay_2").await, plain);
    for copies in 1..=3 {
        let paid = topups::payment(&nodes.b, "pay_1").await.unwrap();
        let again = receipts::reissue(&nodes.b, &paid).await.unwrap();
        assert_eq!(again, Receipt { copies, ..first.clone() });
        assert_eq!(receipt(&nodes.a, "pay_1").await.copies, copies);
    }
    no_faults(&nodes).await;
    nodes.close().await;
}

#[tokio::test]
async fn the_proof_finds_what_is_wrong() {
    let nodes = Nodes::start_with(sells).await;
    nodes.account("a", "global", "USD").await;
    for number in 1..=4 {
        payment(&nodes, "a", &format!("pay_{number}"), "succeeded", &Details::default()).await;
    }
    assert_eq!(issue_due(&nodes.a).await.unwrap(), 4);
    no_faults(&nodes).await;
    // what somebody does to the tables, what undoes it, part of a finding
    let table = [
        (
            "UPDATE receipt_series SET last_number = 5",
            "UPDATE receipt_series SET last_number = 4",
            "the last number is 5, but there are 4 receipts",
        ),
        (
            "UPDATE receipts SET number = 9 WHERE number = 1",
            "UPDATE receipts SET number = 1 WHERE number = 9",
            "from 2 to 9",
        ),
        (
            "UPDATE receipts SET series = 'X' WHERE number = 4",
            "UPDATE receipts SET series = 'R-2026' WHERE number = 4",
            "belongs to no series",
        ),
        (
            "UPDATE receipts SET snapshot = '{}' WHERE number = 4",
            "UPDATE receipts SET snapshot = '{\"number\":\"R-2026-000004\"}' WHERE number = 4",
            "shows \"\"",
        ),
        (
            "UPDATE payments SET receipt_id = 'rcp_x' WHERE id = 'pay_2'",
            "UPDATE payments SET receipt_id = (SELECT id FROM receipts WHERE payment_id = 'pay_2') WHERE id = 'pay_2'",
            "names a receipt that is not there",
        ),
        (
            "UPDATE payments SET receipt_id = NULL WHERE id = 'pay_2'",
            "UPDATE payments SET receipt_id = (SELECT id FROM receipts WHERE payment_id = 'pay_2') WHERE id = 'pay_2'",
            "is not the receipt of its payment",
        ),
    ];
    for (spoil, mend, finding) in table {
        write(&nodes, spoil).await;
        let faults: Vec<String> = check_numbers(&nodes.b).await.unwrap().iter().map(ToString::to_string).collect();
        assert!(faults.iter().any(|fault| fault.contains(finding)), "{spoil}: {faults:?}");
        write(&nodes, mend).await;
        no_faults(&nodes).await;
    }
    write(&nodes, "DELETE FROM receipts WHERE number = 2").await;
    assert!(!check_numbers(&nodes.a).await.unwrap().is_empty());
    nodes.close().await;
}

#[tokio::test]
async fn a_number_is_not_lost_with_what_was_undone() {
    let nodes = Nodes::start_with(sells).await;
    nodes.account("a", "global", "USD").await;
    for id in ["pay_1", "pay_2"] {
        payment(&nodes, "a", id, "succeeded", &Details::default()).await;
    }
    assert_eq!(receipt(&nodes.a, "pay_1").await.number, 1);
    // Its payment claims a receipt that is not there, so the whole transaction is undone, again and again.
    write(&nodes, "UPDATE payments SET receipt_id = 'rcp_x' WHERE id = 'pay_2'").await;
    let stuck = topups::payment(&nodes.a, "pay_2").await.unwrap();
    assert!(receipts::issue(&nodes.a, &stuck).await.is_err());
    write(&nodes, "UPDATE payments SET receipt_id = NULL WHERE id = 'pay_2'").await;
    assert_eq!(receipt(&nodes.b, "pay_2").await.number, 2);
    no_faults(&nodes).await;
    nodes.close().await;
}
