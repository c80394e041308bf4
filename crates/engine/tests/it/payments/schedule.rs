//! One schedule: a payer, a bank, a network and an operator do whatever a seed says, then everything comes to rest.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::resume_unwind;
use std::sync::Arc;

use engine::billing::{self, NewRate, QuoteRequest};
use engine::ledger_calls::Note;
use engine::settings::{Language, Method, Settings};
use engine::topups::{self, Beginning, Consented, NoticeError, RefundRequest};
use engine::{Call, Engine};
use ledger::{Amount, OnInsufficient};
use providers::gateway::Gateway;
use store::Store;

use super::alarms::Alarms;
use super::dice::Dice;
use super::gateway::{Crash, SimGateway};
use super::interrupt::interrupted;
use super::world::{LATE_SECONDS, Letter, Style, World};
use crate::billing::draft;
use crate::{StillClock, call};

/// What all schedules of a test share.
pub(super) struct Place {
    pub(super) store: Store,
    pub(super) settings: Arc<Settings>,
    pub(super) clock: Arc<StillClock>,
    pub(super) alarms: Arc<Alarms>,
    pub(super) is_postgres: bool,
}

/// What a schedule left behind, for [`super::books`] to check.
pub(super) struct Schedule<'a> {
    pub(super) place: &'a Place,
    pub(super) engine: Engine,
    pub(super) gateway: SimGateway,
    pub(super) account_id: String,
    /// What was spent, in ledger units.
    pub(super) spent: Amount,
    pub(super) alarms: BTreeMap<String, u64>,
    /// Notices of the gateway that were taken, forged ones that were not, processes that ended in the middle.
    pub(super) delivered: usize,
    pub(super) forged: usize,
    pub(super) crashes: usize,
    pub(super) style: Style,
    pub(super) dice: Dice,
    /// Keys of purchases, and the quote and consent of each.
    begun: Vec<Began>,
}

#[derive(Clone)]
struct Began {
    key: String,
    quote_id: String,
    text_sha256: String,
}

impl<'a> Schedule<'a> {
    /// Does what the seed says, and lets everything come to rest.
    pub(super) async fn run(place: &'a Place, style: Style, seed: u64) -> Schedule<'a> {
        place.clock.advance_seconds(600);
        place.alarms.take();
        let gateway = SimGateway::new(World::new(style, seed, Arc::clone(&place.clock)));
        let engine = engine_with(place, &gateway).await;
        let mut schedule = Schedule {
            place,
            engine,
            gateway,
            account_id: format!("{}-{seed}", style.name()),
            spent: Amount::ZERO,
            alarms: BTreeMap::new(),
            delivered: 0,
            forged: 0,
            crashes: 0,
            style,
            dice: Dice::new(seed),
            begun: Vec::new(),
        };
        schedule.open_account(seed).await;
        for _ in 0..8 + schedule.dice.below(25) {
            let seconds = *schedule.dice.one(&[0, 0, 1, 20, 61]);
            place.clock.advance_seconds(seconds);
            schedule.step().await;
        }
        schedule.come_to_rest().await;
        schedule.alarms = place.alarms.take();
        schedule
    }

    /// VNPay sells dong, and PayPal charges dollars for dong to every other payer.
    async fn open_account(&mut self, seed: u64) {
        let dong = self.style == Style::VnPay || (self.style == Style::PayPal && seed % 2 == 1);
        let (site, unit, country) = if dong { ("vn", "VND", "VN") } else { ("global", "USD", "US") };
        let new = engine::accounts::NewAccount {
            id: Some(self.account_id.clone()),
            name: "Payer".to_owned(),
            site: site.to_owned(),
            unit: Some(unit.to_owned()),
            ..engine::accounts::NewAccount::default()
        };
        self.engine.accounts().open(&call(None), new).await.unwrap();
        let draft = if dong { draft("Payer") } else { super::american(country) };
        billing::put_profile(&self.engine, &call(None), &self.account_id, 0, &draft).await.unwrap();
        self.publish_plans().await;
    }

    async fn step(&mut self) {
        match self.dice.below(100) {
            0..=11 => self.begin().await,
            12..=15 => self.subscriber().await,
            16..=35 => self.pay().await,
            36..=46 => self.some_object(World::progress),
            47..=66 => self.deliver().await,
            67..=75 => self.reconcile().await,
            76..=78 => self.check_now().await,
            79..=83 => self.refund().await,
            84..=85 => self.some_object(World::refund_outside),
            86..=88 => self.some_object(World::dispute),
            89..=90 => self.some_object(World::decide),
            91 => self.forge().await,
            92 if self.dice.percent(30) => self.some_object(World::stray),
            92 => self.gateway.world().unknown(),
            93..=94 => self.spend().await,
            _ => {
                let seconds = *self.dice.one(&[300, 1_800, 2_200, 7_200, 86_400, LATE_SECONDS]);
                self.place.clock.advance_seconds(seconds);
            }
        }
    }

    fn some_object(&mut self, what: fn(&mut World, usize)) {
        let mut world = self.gateway.world();
        let count = world.objects.len();
        if count > 0 {
            let number = self.dice.below(count);
            what(&mut world, number);
        }
    }

    /// A process of ours: it may end anywhere. `None` when it did.
    pub(super) async fn process<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let faulty = self.gateway.world().faulty;
        let polls = if faulty && self.dice.percent(5) { 1 + self.dice.below(12) } else { usize::MAX };
        let done = match tokio::spawn(interrupted(work, polls)).await {
            Ok(done) => done,
            Err(ended) => {
                let carried = ended.into_panic();
                if !carried.is::<Crash>() {
                    resume_unwind(carried);
                }
                None
            }
        };
        self.wait_for_tasks().await;
        if done.is_none() {
            self.crashes += 1;
            self.gateway.world().note("our process ends".to_owned());
            self.engine = engine_with(self.place, &self.gateway).await;
        }
        done
    }

    /// What runs in tasks of its own goes on until it is done, so that a seed repeats itself.
    async fn wait_for_tasks(&self) {
        if self.place.is_postgres {
            // Its connections are tasks, too.
            return tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Begins a payment, or sends the same once more.
    async fn begin(&mut self) {
        let began = match self.begun.last() {
            Some(last) if self.dice.percent(25) => last.clone(),
            _ => match self.promise().await {
                Some(began) => began,
                None => return,
            },
        };
        let (engine, account_id) = (self.engine.clone(), self.account_id.clone());
        let ip = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(self.dice.below(1 << 24)).unwrap()));
        let done = self.process(async move {
            let consent = Consented { text_sha256: &began.text_sha256, ip, user_agent: "test" };
            let wanted = Beginning {
                account_id: &account_id,
                quote_id: &began.quote_id,
                consent,
                language: Language::En,
                return_url: None,
                idempotency_key: &began.key,
                save_card: false,
            };
            topups::begin(&engine, wanted).await
        });
        match done.await {
            Some(Ok(begun)) => {
                let mut world = self.gateway.world();
                let found = world.objects.iter_mut().find(|object| object.topup_id == begun.payment.id);
                if let (Some(object), Some(_)) = (found, begun.next) {
                    object.shown = true;
                }
                world.note(format!("{} begun", begun.payment.id));
            }
            Some(Err(error)) => self.gateway.world().note(format!("not begun: {error}")),
            None => {}
        }
    }

    /// A quote and what is agreed to with it.
    async fn promise(&mut self) -> Option<Began> {
        let method = match self.style {
            Style::Stripe => Method::Stripe,
            Style::PayPal => Method::PayPal,
            Style::VnPay => Method::VnPay,
        };
        let dong = self.style != Style::Stripe;
        if dong {
            self.set_rate().await;
        }
        let account = self.engine.accounts().locate(&self.account_id).await.unwrap();
        let amount = match account.unit.code() {
            "VND" => (500_000 + self.dice.part(999_999)).to_string(),
            _ => format!("{}.{:02}", 25 + self.dice.below(400), self.dice.below(100)),
        };
        let request = QuoteRequest { amount: &amount, method, currency: None };
        let quote = billing::quote(&self.engine, &self.account_id, request).await.unwrap();
        let terms = billing::terms(&self.engine, &self.account_id, Language::En).await.unwrap();
        let key = format!("key-{}", self.begun.len());
        self.begun.push(Began { key, quote_id: quote.id, text_sha256: terms.text_sha256 });
        self.begun.last().cloned()
    }

    async fn set_rate(&self) {
        let [base, quote, rate, source] = ["USD", "VND", "25417", "test"].map(str::to_owned);
        let new = NewRate { base, quote, rate, dated_at: None, source };
        billing::set_rate(&self.engine, &call(None), &new, true).await.unwrap();
    }

    /// The payer pays: at once, twice in a hurry, or at the last second.
    async fn pay(&mut self) {
        let count = self.gateway.world().objects.len();
        if count == 0 {
            return;
        }
        let number = if self.dice.percent(70) { count - 1 } else { self.dice.below(count) };
        if self.dice.percent(10) {
            let mut world = self.gateway.world();
            let wait_seconds = world.objects[number].expires_at_s - 1 - world.now_s();
            self.place.clock.advance_seconds(wait_seconds.max(0));
            world.pay(number);
        } else {
            let clicks = if self.dice.percent(20) { 2 } else { 1 };
            (0..clicks).for_each(|_| self.gateway.world().pay(number));
        }
    }

    /// Delivers one of the notices that are due, in whatever order, all copies of it at once or one by one.
    pub(super) async fn deliver(&mut self) {
        let letter = {
            let mut world = self.gateway.world();
            let now_s = world.now_s();
            let due: Vec<usize> = (0..world.letters.len()).filter(|n| world.letters[*n].due_at_s <= now_s).collect();
            if due.is_empty() {
                return;
            }
            let chosen = *self.dice.one(&due);
            world.letters.swap_remove(chosen)
        };
        let at_once = self.dice.percent(50);
        let (engine, name) = (self.engine.clone(), self.style.name());
        let Letter { number, copies, .. } = letter;
        let done =
            self.process(async move {
                let hear = |number: usize| {
                    let engine = engine.clone();
                    async move {
                        topups::take_notice(&engine, name, number.to_string().as_bytes(), &Default::default()).await
                    }
                };
                let mut answers = Vec::new();
                if at_once {
                    let tasks: Vec<_> = (0..copies).map(|_| tokio::spawn(hear(number))).collect();
                    for task in tasks {
                        answers.extend(task.await);
                    }
                } else {
                    for _ in 0..copies {
                        answers.push(hear(number).await);
                    }
                }
                answers
            });
        let answers = done.await.unwrap_or_default();
        let mut world = self.gateway.world();
        let line = format!("notice {number} ({:?}): {answers:?}", world.told[number].news);
        world.note(line);
        let refused = answers.iter().any(|answer| matches!(answer, Err(NoticeError::Refused(_))));
        assert!(!refused, "a genuine notice was refused");
        if answers.iter().any(Result::is_ok) {
            drop(world);
            self.delivered += 1;
        } else {
            let due_at_s = world.now_s() + 600;
            world.letters.push(Letter { due_at_s, copies: 1, ..letter });
        }
    }

    /// Notices that are not the gateway's.
    async fn forge(&mut self) {
        let forged: [&[u8]; 5] = [b"", b"-1", b"999999", b"{\"paid\":true}", b"\xff\xfe"];
        let body = *self.dice.one(&forged);
        let answer = topups::take_notice(&self.engine, self.style.name(), body, &Default::default()).await;
        assert!(matches!(answer, Err(NoticeError::Refused(_))), "{answer:?}");
        self.forged += 1;
    }

    pub(super) async fn reconcile(&mut self) {
        let engine = self.engine.clone();
        self.process(async move { topups::reconcile(&engine).await.map(drop) }).await;
        let engine = self.engine.clone();
        self.process(async move { topups::reconcile_refunds(&engine).await }).await;
    }

    async fn some_payment(&mut self) -> Option<topups::Payment> {
        let payments = topups::payments(&self.engine, &self.account_id, None, 100).await.unwrap();
        (!payments.is_empty()).then(|| self.dice.one(&payments).clone())
    }

    /// What the page does that the payer's browser returns to.
    async fn check_now(&mut self) {
        let Some(payment) = self.some_payment().await else { return };
        let engine = self.engine.clone();
        self.process(async move { topups::check_now(&engine, &payment.account_id, &payment.id).await }).await;
    }

    async fn refund(&mut self) {
        let Some(payment) = self.some_payment().await else { return };
        let whole = self.dice.percent(30);
        let minor = self.dice.part(payment.price.amount_minor);
        let currency = payment.price.currency;
        let amount = currency.from_minor(minor).map(|amount| currency.format_amount(amount)).unwrap();
        let key = self.dice.below(20);
        let engine = self.engine.clone();
        let done = self.process(async move {
            let key = Some(format!("refund-{}-{key}", payment.id).into());
            let call = Call { actor: "operator".into(), key, ..Call::default() };
            let amount = (!whole).then_some(amount.as_str());
            let request = RefundRequest { payment_id: &payment.id, amount, reason: "asked for" };
            topups::refund(&engine, &call, request).await
        });
        if let Some(done) = done.await {
            self.gateway.world().note(format!("refund: {done:?}"));
        }
    }

    async fn spend(&mut self) {
        let account = self.engine.accounts().locate(&self.account_id).await.unwrap();
        let view = self.engine.view(&account, None).await.unwrap();
        let balance = view.account.balance(view.as_of);
        if balance <= Amount::ZERO {
            return;
        }
        let amount = Amount::from_units(self.dice.part(balance.units()));
        let (call, text) = (call(None), account.unit.format_amount(amount));
        let note = Note::default();
        let planned = self.engine.order_debit(&call, &account.id, &text, OnInsufficient::Reject, note).await.unwrap();
        self.engine.submit(planned).await.unwrap();
        self.spent += amount;
        self.gateway.world().note(format!("spent {text}"));
    }
}

async fn engine_with(place: &Place, gateway: &SimGateway) -> Engine {
    let gateways: Vec<Arc<dyn Gateway>> = vec![Arc::new(gateway.clone())];
    Engine::new_with_gateways(place.store.clone(), Arc::clone(&place.settings), gateways).await.unwrap()
}
