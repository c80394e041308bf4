//! A [`World`] as a [`Gateway`], reached over a network that fails.
//!
//! A call may get lost on its way, do its work and lose the answer, provably not begin, or take the caller's process with
//! it. A process that ends is an unwinding that nobody catches but the schedule: everything after the call is not done.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use providers::gateway::{
    Ask, Gateway, Next, Notice, Opened, Pending, RawNotice, RefundAsk, RefundSighting, Reply, Sighting, Standing,
    Trouble, Unverified, Verified,
};

use super::world::{Style, World};

/// What an unwinding carries that stands for the end of a process.
pub(super) struct Crash;

/// A gateway that plays.
#[derive(Clone)]
pub(super) struct SimGateway {
    world: Arc<Mutex<World>>,
    style: Style,
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    NotConnected,
    LostBefore,
    LostAfter,
    CrashBefore,
    CrashAfter,
}

impl SimGateway {
    pub(super) fn new(world: World) -> SimGateway {
        SimGateway { style: world.style, world: Arc::new(Mutex::new(world)) }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call: `work` is its effect and its answer.
    fn call<T: Send>(&self, what: &str, work: impl FnOnce(&mut World) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut world = self.world();
        let fault = if world.faulty { draw(&mut world) } else { Fault::None };
        if fault != Fault::None {
            world.note(format!("{what}: {fault:?}"));
        }
        let done = matches!(fault, Fault::None | Fault::LostAfter | Fault::CrashAfter).then(|| work(&mut world));
        drop(world);
        let unknown = |reason: &str, may_have_run| {
            Err(Trouble::Unknown { gateway: self.style.name(), reason: reason.to_owned(), may_have_run })
        };
        match (fault, done) {
            (Fault::CrashBefore | Fault::CrashAfter, _) => resume_unwind(Box::new(Crash)),
            (Fault::NotConnected, _) => unknown("not connected", false),
            (Fault::None, Some(answer)) => answer,
            _ => unknown("timeout", true),
        }
    }

    fn refused(&self, code: &str) -> Trouble {
        Trouble::Refused { gateway: self.style.name(), code: code.to_owned(), ours: false, reference: None }
    }
}

fn draw(world: &mut World) -> Fault {
    match world.dice.below(40) {
        0..=1 => Fault::NotConnected,
        2..=4 => Fault::LostBefore,
        5..=7 => Fault::LostAfter,
        8 => Fault::CrashBefore,
        9..=10 => Fault::CrashAfter,
        _ => Fault::None,
    }
}

/// PayPal finds by its own name only.
fn found(world: &World, pending: &Pending) -> Option<usize> {
    let by_name = |id: &String| world.objects.iter().position(|object| object.id == *id);
    match (world.style, &pending.object_id) {
        (Style::PayPal, id) => id.as_ref().and_then(by_name),
        _ => world.objects.iter().position(|object| object.topup_id == pending.topup_id),
    }
}

impl Gateway for SimGateway {
    fn name(&self) -> &'static str {
        self.style.name()
    }

    fn live(&self) -> bool {
        false
    }

    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened> {
        Box::pin(async move {
            self.call("open", |world| {
                let number = world.open(&ask.topup_id, &ask.account_id, ask.money, ask.expires_at_s);
                let object_id = world.objects[number].id.clone();
                Ok(Opened { next: Next::Redirect(format!("https://pay.example/{object_id}")), object_id })
            })
        })
    }

    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move {
            self.call("look up", |world| Ok(found(world, pending).and_then(|number| world.sighting(number))))
        })
    }

    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move {
            self.call("complete", |world| {
                let Some(number) = found(world, pending) else { return Ok(None) };
                if world.style == Style::PayPal && !world.capture(number) {
                    return Err(self.refused("INSTRUMENT_DECLINED"));
                }
                Ok(world.sighting(number))
            })
        })
    }

    fn close<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move {
            self.call("close", |world| {
                let Some(number) = found(world, pending) else { return Ok(None) };
                match world.style {
                    Style::Stripe => world.cancel(number),
                    Style::PayPal => {}
                    Style::VnPay => return Ok(None),
                }
                let seen = world.sighting(number);
                Ok(seen.filter(|seen| !matches!(seen.standing, Standing::Payable(_))))
            })
        })
    }

    fn refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, RefundSighting> {
        Box::pin(async move {
            self.call("refund", |world| {
                let missing = || self.refused("no_such_payment");
                let number = found(world, &ask.payment).ok_or_else(missing)?;
                match world.refund(number, Some(&ask.refund_id), ask.money.amount_minor) {
                    Some(refund) => Ok(world.refund_sighting(number, refund)),
                    None => Err(self.refused("charge_already_refunded")),
                }
            })
        })
    }

    fn look_up_refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>> {
        Box::pin(async move {
            self.call("look up refund", |world| {
                let Some(number) = found(world, &ask.payment) else { return Ok(None) };
                let refunds = &world.objects[number].refunds;
                let meant = refunds.iter().position(|refund| {
                    refund.refund_id.as_deref() == Some(&ask.refund_id) || ask.object_id.as_ref() == Some(&refund.id)
                });
                Ok(meant.map(|refund| world.refund_sighting(number, refund)))
            })
        })
    }

    fn can_list(&self) -> bool {
        false
    }

    fn list<'a>(&'a self, _from_s: i64, _to_s: i64) -> Reply<'a, Vec<Sighting>> {
        Box::pin(async move { Err(self.refused("unsupported")) })
    }

    /// A notice is the number of what was told; everything else is forged.
    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a> {
        Box::pin(async move {
            let mut world = self.world();
            let number = std::str::from_utf8(raw.bytes).ok().and_then(|text| text.parse::<usize>().ok());
            let Some(number) = number.filter(|number| *number < world.told.len()) else {
                return Err(Unverified::Forged("not ours".to_owned()));
            };
            if world.faulty && world.dice.percent(3) {
                return Err(Unverified::NotNow("no certificate".to_owned()));
            }
            let told = &world.told[number];
            let news = told.news.clone();
            Ok(Notice { event_id: told.event_id.clone(), kind: "told".to_owned(), created_at_s: None, news })
        })
    }
}
