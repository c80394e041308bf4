//! Letters about plans.

use ledger::Timestamp;

use super::compose::{Block, Content, Writer};
use crate::format::Money;

pub(super) fn period_started(
    writer: &Writer<'_>,
    plan: &str,
    (credited, charged): (Money, Option<Money>),
    ends_at: Timestamp,
    renews: bool,
) -> Content {
    let (charged, credited) = match charged {
        None => (None, writer.money(credited)),
        Some(charged) => {
            let (charged, credited) = writer.both(charged, credited);
            (Some(charged), credited)
        }
    };
    let facts = [writer.fact("mail-label-plan", plan), writer.fact("mail-label-credits", &credited)];
    let charged = charged.map(|charged| writer.fact("mail-label-paid", charged));
    let ends = writer.fact("mail-label-period-end", writer.until(ends_at));
    let after = if renews { "mail-period-renews" } else { "mail-period-ends" };
    writer.content(
        writer.say("mail-period-subject", &[("plan", plan)]),
        writer.say("mail-period-lead", &[("credited", &credited)]),
        vec![
            Block::Facts(facts.into_iter().chain(charged).chain([ends]).collect()),
            Block::Text(writer.say(after, &[])),
        ],
    )
}

pub(super) fn renewal_failed(
    writer: &Writer<'_>,
    plan: &str,
    charge: Money,
    next_try_at: Option<Timestamp>,
    grace_ends_at: Timestamp,
) -> Content {
    let charge = writer.money(charge);
    let note = if next_try_at.is_some() { "mail-renewal-again" } else { "mail-renewal-last" };
    let next = next_try_at.map(|at| writer.fact("mail-label-next-try", writer.time(at)));
    let facts = [writer.fact("mail-label-plan", plan), writer.fact("mail-label-charge", &charge)];
    let grace = writer.fact("mail-label-grace", writer.until(grace_ends_at));
    writer.content(
        writer.say("mail-renewal-subject", &[("plan", plan)]),
        writer.say("mail-renewal-lead", &[("charge", &charge)]),
        [Block::Text(writer.say(note, &[])), Block::Facts(facts.into_iter().chain(next).chain([grace]).collect())]
            .into_iter()
            .chain(writer.open())
            .collect(),
    )
}

pub(super) fn change_scheduled(writer: &Writer<'_>, from: &str, to: Option<&str>, at: Timestamp) -> Content {
    let (subject, lead) = match to {
        Some(to) => {
            let arguments = [("date", writer.from(at)), ("to", to.to_owned()), ("from", from.to_owned())];
            let arguments = arguments.each_ref().map(|(name, value)| (*name, value.as_str()));
            (writer.say("mail-change-subject", &[("from", from)]), writer.say("mail-change-lead", &arguments))
        }
        None => {
            let date = writer.until(at);
            (
                writer.say("mail-change-ends-subject", &[("from", from)]),
                writer.say("mail-change-ends-lead", &[("from", from), ("date", &date)]),
            )
        }
    };
    writer.content(subject, lead, writer.open().into_iter().collect())
}

pub(super) fn ended(writer: &Writer<'_>, plan: &str, reason: &str) -> Content {
    let key = match reason {
        "cancelled" => "mail-ended-cancelled",
        "unpaid" => "mail-ended-unpaid",
        "replaced" => "mail-ended-replaced",
        _ => "mail-ended-other",
    };
    writer.content(
        writer.say("mail-ended-subject", &[("plan", plan)]),
        writer.say(key, &[("plan", plan)]),
        writer.open().into_iter().collect(),
    )
}
