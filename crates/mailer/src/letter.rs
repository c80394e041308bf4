//! From the engine's facts to a letter in words, with the receipt that goes with it.

use documents::mail::{self as page, Frame};
use documents::{Locale, Money};
use engine::mail::{Letter, Mail, Sum};
use engine::settings::Language;
use engine::{Engine, Error, Result, receipts, topups};
use render::{Pdf, receipt_pdf};
use tracing::warn;

use crate::Mailer;
use crate::reason::reason_of;

/// A letter in words.
pub struct Written {
    /// Subject and bodies.
    pub page: page::Mail,
    /// What goes with it.
    pub attachment: Option<Pdf>,
}

/// Writes a letter.
///
/// # Errors
/// What keeps the database from being read, and facts that nobody can read: it may work later.
pub async fn write(engine: &Engine, mailer: &Mailer, mail: &Mail, facts: &Letter) -> Result<Written> {
    let account = match &mail.account_id {
        None => None,
        Some(id) => match engine.accounts().get(id).await {
            Ok(account) => Some(account),
            Err(Error::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
    };
    let site = account.as_ref().and_then(|account| engine.settings().sites.get(&account.site));
    let zone = site.map_or_else(|| home_zone(mail.language), |site| site.time_zone.as_str());
    let frame = Frame {
        brand: mailer.brand.clone(),
        account: account.as_ref().map(|account| account.name.clone()),
        home_url: mailer.home_url.clone(),
        locale: Locale::new(render::language(mail.language), zone)
            .map_err(|error| Error::Misconfigured(format!("the letter cannot be dated: {error}")))?,
    };
    let receipt = match facts {
        Letter::PaymentSucceeded { payment_id, .. } => receipt_of(engine, payment_id).await?,
        _ => None,
    };
    let (number, attachment) = receipt.unzip();
    Ok(Written { page: page::write(&letter(facts, number)?, &frame), attachment })
}

/// The zone of a reader of whom only the language is known.
const fn home_zone(language: Language) -> &'static str {
    match language {
        Language::En => "UTC",
        Language::Ja => "Asia/Tokyo",
        Language::Vi => "Asia/Ho_Chi_Minh",
    }
}

/// The receipt of a payment and its number, where there is a seller; it is issued now when nobody did yet.
async fn receipt_of(engine: &Engine, payment_id: &str) -> Result<Option<(String, Pdf)>> {
    let payment = match topups::payment(engine, payment_id).await {
        Ok(payment) => payment,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let receipt = match receipts::receipt(engine, &payment).await {
        Ok(receipt) => receipt,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let number = receipt.snapshot.number.clone();
    match receipt_pdf(engine.settings(), &payment, receipt, false).await {
        Ok(pdf) => Ok(Some((number, pdf))),
        // The payment is worth telling of without it.
        Err(error) => {
            warn!(payment = payment_id, %error, "a receipt could not be drawn; its letter goes without");
            Ok(None)
        }
    }
}

fn money(sum: &Sum) -> Result<Money> {
    let (unit, amount) = sum.read().ok_or_else(|| Error::Unavailable(format!("a letter is about {sum:?}")))?;
    Ok(Money { unit, amount })
}

/// The same facts, typed as documents want them. `receipt`: the number of the one that goes with it.
fn letter(facts: &Letter, receipt: Option<String>) -> Result<page::Letter> {
    Ok(match facts.clone() {
        Letter::Test { at } => page::Letter::Test { at },
        Letter::SignInLink { url, expires_at } => page::Letter::SignInLink { url, expires_at },
        Letter::Invitation { url, inviter, role, expires_at } => {
            page::Letter::Invitation { url, inviter, role, expires_at }
        }
        Letter::PasswordChanged { at } => page::Letter::PasswordChanged { at },
        Letter::PaymentSucceeded { payment_id, charged, credited, expires_at, automatic } => {
            let (charged, credited) = (money(&charged)?, money(&credited)?);
            page::Letter::PaymentSucceeded { payment_id, charged, credited, expires_at, automatic, receipt }
        }
        Letter::PaymentFailed { payment_id, charge, reason } => {
            let reason = reason_of(reason.as_deref().unwrap_or_default());
            page::Letter::PaymentFailed { payment_id, charge: money(&charge)?, reason }
        }
        Letter::PaymentUnderReview { payment_id, charge } => {
            page::Letter::PaymentUnderReview { payment_id, charge: money(&charge)? }
        }
        Letter::PaymentRefunded { payment_id, refunded, credits } => {
            page::Letter::PaymentRefunded { payment_id, refunded: money(&refunded)?, credits: money(&credits)? }
        }
        Letter::LowBalance { available, threshold } => {
            page::Letter::LowBalance { available: money(&available)?, threshold: money(&threshold)? }
        }
        Letter::BalanceDepleted { available } => page::Letter::BalanceDepleted { available: money(&available)? },
        Letter::BalanceNegative { owed, since } => page::Letter::BalanceNegative { owed: money(&owed)?, since },
        Letter::LotsExpiring { days, lots } => {
            let lot = |lot: &engine::mail::ExpiringLot| {
                let remaining = money(&lot.remaining)?;
                Ok(page::ExpiringLot { kind: lot.kind, remaining, expires_at: lot.expires_at })
            };
            page::Letter::LotsExpiring { days, lots: lots.iter().map(lot).collect::<Result<_>>()? }
        }
        Letter::PeriodStarted { plan, credited, charged, ends_at, renews } => {
            let charged = charged.as_ref().map(money).transpose()?;
            page::Letter::PeriodStarted { plan, credited: money(&credited)?, charged, ends_at, renews }
        }
        Letter::RenewalFailed { plan, charge, next_try_at, grace_ends_at } => {
            page::Letter::RenewalFailed { plan, charge: money(&charge)?, next_try_at, grace_ends_at }
        }
        Letter::PlanChangeScheduled { from, to, at } => page::Letter::PlanChangeScheduled { from, to, at },
        Letter::SubscriptionEnded { plan, reason } => page::Letter::SubscriptionEnded { plan, reason },
    })
}
