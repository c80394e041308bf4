//! Letters about a balance, which accounts may switch off.

use ledger::{LotKind, Timestamp};

use super::compose::{Block, Content, Writer};
use super::letter::ExpiringLot;
use crate::format::Money;

pub(super) fn low(writer: &Writer<'_>, available: Money, threshold: Money) -> Content {
    let (available, threshold) = (writer.money(available), writer.exact(threshold));
    let facts = Block::Facts(vec![
        writer.fact("mail-label-available", &available),
        writer.fact("mail-label-threshold", &threshold),
    ]);
    let blocks = [Block::Text(writer.say("mail-low-note", &[])), facts].into_iter().chain(writer.add_credit());
    with_settings(
        writer,
        writer.content(
            writer.say("mail-low-subject", &[("available", &available)]),
            writer.say("mail-low-lead", &[("threshold", &threshold)]),
            blocks.collect(),
        ),
    )
}

pub(super) fn depleted(writer: &Writer<'_>, available: Money) -> Content {
    let facts = Block::Facts(vec![writer.fact("mail-label-available", writer.money(available))]);
    with_settings(
        writer,
        writer.content(
            writer.say("mail-depleted-subject", &[]),
            writer.say("mail-depleted-lead", &[]),
            [facts].into_iter().chain(writer.add_credit()).collect(),
        ),
    )
}

pub(super) fn negative(writer: &Writer<'_>, owed: Money, since: Timestamp) -> Content {
    let (owed, date) = (writer.money(owed), writer.time(since));
    let facts = Block::Facts(vec![writer.fact("mail-label-owed", &owed), writer.fact("mail-label-since", &date)]);
    let note = Block::Text(writer.say("mail-negative-note", &[("owed", &owed)]));
    with_settings(
        writer,
        writer.content(
            writer.say("mail-negative-subject", &[("owed", &owed)]),
            writer.say("mail-negative-lead", &[("date", &date)]),
            [note, facts].into_iter().chain(writer.add_credit()).collect(),
        ),
    )
}

pub(super) fn expiring(writer: &Writer<'_>, days: u32, lots: &[ExpiringLot]) -> Content {
    let fact = |lot: &ExpiringLot| {
        let (source, date) = (writer.say(source(lot.kind), &[]), writer.until(lot.expires_at));
        let name = writer.say("mail-expiring-lot", &[("source", &source), ("date", &date)]);
        (name, writer.money(lot.remaining))
    };
    with_settings(
        writer,
        writer.content(
            writer.count("mail-expiring-subject", "days", days),
            writer.count("mail-expiring-lead", "days", days),
            vec![Block::Facts(lots.iter().map(fact).collect()), Block::Text(writer.say("mail-expiring-note", &[]))],
        ),
    )
}

/// Where credits came from, as credit history says it.
const fn source(kind: LotKind) -> &'static str {
    match kind {
        LotKind::Manual => "history-source-manual",
        LotKind::Setup => "history-source-setup",
        LotKind::TopUp => "history-source-top_up",
        LotKind::Voucher => "history-source-voucher",
        LotKind::Subscription => "history-source-subscription",
    }
}

/// The same, saying where such letters are switched off.
fn with_settings(writer: &Writer<'_>, mut content: Content) -> Content {
    content.footer.push(writer.say("mail-footer-alerts", &[]));
    content
}
