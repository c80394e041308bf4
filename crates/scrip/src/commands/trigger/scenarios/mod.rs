//! The table of scenarios: one name, one explanation, what happens step by step.
//!
//! Data only. A scenario begins where the payer has been sent to the gateway; which gateway stands before the dot of its
//! name. Texts of steps may hold placeholders, told at [`super::play`].

mod paypal;
mod stripe;
mod vnpay;

/// Something that can be made to appear.
pub struct Scenario {
    /// `gateway.what`.
    pub name: &'static str,
    /// What appears, for a person.
    pub about: &'static str,
    /// What happens after the top-up has begun.
    pub steps: &'static [Step],
}

/// A part of a scenario.
pub struct Step {
    /// What happens, for a person.
    pub told: &'static str,
    /// What is done, or waited for.
    pub deed: Deed,
}

/// What is done, or waited for.
pub enum Deed {
    /// A control call of the sandbox: path and JSON body.
    Json(&'static str, &'static str),
    /// A form of a page, or a call of Stripe's API: path and form.
    Form(&'static str, &'static str),
    /// The payer's browser opens the gateway's page.
    Open,
    /// The payer's browser comes back to us, which makes us ask the gateway.
    ComeBack,
    /// An operator has us ask the gateway.
    Ask,
    /// Waits until the top-up is in one of these states.
    Until(&'static [&'static str]),
    /// Waits until the gateway has told of the payment so many times.
    Told(usize),
}

impl Scenario {
    /// `stripe`, `paypal` or `vnpay`: the gateway that plays.
    pub fn gateway(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// The method of the quote, which has the gateway's name.
    pub fn method(&self) -> &'static str {
        self.gateway()
    }

    /// The demo's account that buys when none is named; `None` for one of its own, because nobody can buy while a
    /// dispute is open.
    pub fn account(&self) -> Option<&'static str> {
        match self.name {
            "stripe.dispute" | "paypal.dispute" => None,
            _ if self.gateway() == "vnpay" => Some("demo-vn"),
            _ => Some("demo-global"),
        }
    }
}

/// Every scenario, by gateway.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    stripe::SCENARIOS.iter().chain(paypal::SCENARIOS).chain(vnpay::SCENARIOS)
}

const fn scenario(name: &'static str, about: &'static str, steps: &'static [Step]) -> Scenario {
    Scenario { name, about, steps }
}

const fn json(told: &'static str, path: &'static str, body: &'static str) -> Step {
    Step { told, deed: Deed::Json(path, body) }
}

const fn form(told: &'static str, path: &'static str, form: &'static str) -> Step {
    Step { told, deed: Deed::Form(path, form) }
}

const fn until(told: &'static str, states: &'static [&'static str]) -> Step {
    Step { told, deed: Deed::Until(states) }
}

const COME_BACK: Step = Step { told: "the payer comes back to us, and we ask", deed: Deed::ComeBack };
const ASK: Step = Step { told: "we ask the gateway", deed: Deed::Ask };
const CREDITED: Step = until("its notice brings the credits", &["succeeded"]);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// What the project promises to make appear.
    const PROMISED: &[&str] = &[
        "stripe.succeeded",
        "stripe.declined",
        "stripe.requires_action",
        "stripe.processing",
        "stripe.dispute",
        "stripe.dispute_won",
        "stripe.dispute_lost",
        "stripe.refund",
        "stripe.late",
        "stripe.duplicate",
        "stripe.never",
        "paypal.completed",
        "paypal.pending",
        "paypal.denied",
        "paypal.reversed",
        "paypal.dispute",
        "vnpay.00",
        "vnpay.07",
        "vnpay.24",
        "vnpay.51",
        "vnpay.11",
        "vnpay.late",
        "vnpay.duplicate",
    ];

    #[test]
    fn what_is_promised_is_there_once() {
        let names: Vec<_> = all().map(|scenario| scenario.name).collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        for name in PROMISED {
            assert!(names.contains(name), "{name}");
        }
    }

    #[test]
    fn every_scenario_ends_in_something_that_was_waited_for() {
        for Scenario { name, about, steps } in all() {
            let last = steps.last().map(|step| &step.deed);
            let waited = matches!(last, Some(Deed::Until(_) | Deed::Ask | Deed::ComeBack | Deed::Told(_)));
            assert!(waited, "{name}");
            assert!(about.len() > 10 && !about.ends_with('.'), "{name}: {about}");
        }
    }

    #[test]
    fn bodies_are_json_and_states_exist() {
        for Scenario { name, steps, .. } in all() {
            for step in *steps {
                match step.deed {
                    Deed::Json(path, body) => {
                        assert!(path.starts_with("/_sandbox/"), "{name}: {path}");
                        assert!(serde_json::from_str::<Value>(body).is_ok(), "{name}: {body}");
                    }
                    Deed::Until(states) => {
                        for state in states {
                            assert!(engine::topups::State::parse(state).is_some(), "{name}: {state}");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
