//! Letters to a person: signing in, joining, passwords, and the one that tries the way.

use ledger::Timestamp;

use super::compose::{Block, Content, Writer};

pub(super) fn test(writer: &Writer<'_>, at: Timestamp) -> Content {
    writer.content(
        writer.say("mail-test-subject", &[("brand", &writer.brand)]),
        writer.say("mail-test-lead", &[]),
        vec![Block::Facts(vec![writer.fact("mail-label-sent", writer.time(at))])],
    )
}

pub(super) fn sign_in(writer: &Writer<'_>, url: &str, expires_at: Timestamp) -> Content {
    let note = Block::Text(writer.say("mail-sign-in-note", &[]));
    writer.content(
        writer.say("mail-sign-in-subject", &[("brand", &writer.brand)]),
        writer.say("mail-sign-in-lead", &[("time", &writer.time(expires_at))]),
        writer.action("mail-sign-in-action", url).into_iter().chain([note]).collect(),
    )
}

pub(super) fn invitation(writer: &Writer<'_>, url: &str, inviter: &str, role: &str, expires_at: Timestamp) -> Content {
    let role = match role {
        "owner" => writer.say("mail-role-owner", &[]),
        "billing" => writer.say("mail-role-billing", &[]),
        "viewer" => writer.say("mail-role-viewer", &[]),
        other => other.to_owned(),
    };
    let note = Block::Text(writer.say("mail-invitation-note", &[("time", &writer.time(expires_at))]));
    writer.content(
        writer.say("mail-invitation-subject", &[("inviter", inviter), ("brand", &writer.brand)]),
        writer.say("mail-invitation-lead", &[("inviter", inviter), ("account", writer.account()), ("role", &role)]),
        writer.action("mail-invitation-action", url).into_iter().chain([note]).collect(),
    )
}

pub(super) fn password_changed(writer: &Writer<'_>, at: Timestamp) -> Content {
    writer.content(
        writer.say("mail-password-subject", &[("brand", &writer.brand)]),
        writer.say("mail-password-lead", &[("time", &writer.time(at))]),
        vec![Block::Text(writer.say("mail-password-note", &[]))],
    )
}
