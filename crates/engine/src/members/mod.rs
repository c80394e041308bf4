//! People: who they are, what they may do in which account, how they sign in.
//!
//! | what | where |
//! |---|---|
//! | which role may do what | [`access`](Capability) |
//! | a person | [`person`] |
//! | members of an account | [`members`], [`invite`], [`change_role`], [`remove`] |
//! | links by mail | [`request_link`], [`look_at_link`], [`use_link`] |
//! | passwords | [`sign_in_with_password`], [`set_password`] |
//! | sessions | [`session`], [`choose_account`], [`sessions`], [`end_session`], [`sign_out`] |
//! | people of a demo | [`demo_owner`], [`demo_operator`] |
//! | operators and their second factor | [`operators`], [`begin_second_factor`], [`give_second_factor`] |
//!
//! Invariants: secrets (tokens, passwords, recovery codes) are stored as hashes and shown by no `Debug`; every change is
//! in the [audit log](crate::audit) in its own transaction. Deliberately absent: single sign-on, passkeys.

mod access;
mod cookie;
mod demo;
mod link;
mod operators;
mod password;
mod person;
mod roster;
mod second_factor;
mod secrets;
mod session;
mod sign_in;
mod totp;
mod tries;

pub use access::{Capability, OperatorRole, Role};
pub use cookie::SessionCookie;
pub use demo::{DemoPerson, demo_operator, demo_owner};
pub use link::{LinkView, look_at_link, request_link, use_link};
pub use operators::{NewOperator, OperatorChange, change_operator, invite_operator, operator, operators};
pub(crate) use password::Passwords;
pub use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};
pub use person::{Person, PersonChange, Realm, change_person, person};
pub use roster::{
    Invitation, MAX_MEMBERS, Member, Membership, change_role, invite, member, members, memberships, remove,
};
pub use second_factor::{Enrolment, begin_second_factor, give_second_factor};
pub use session::{
    Session, SessionRecord, SignedIn, choose_account, end_session, end_sessions, session, sessions, sign_out,
};
pub use sign_in::{reauthentication_required, set_password, sign_in_with_password};
