//! Every operation of the OpenAPI document with every kind of caller, and every id of another account.
//!
//! What an operation asks for stands in the document (`x-capability`); who has a capability stands in one table of the
//! engine. Here both are compared with what the server does. An operation that declares nothing fails the test.

use std::collections::BTreeMap;

use engine::keys::Scope;
use engine::members::{Capability, OperatorRole, Role};
use engine::settings::Method as Gateway;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Shop, TestApp};

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    access: String,
}

impl Operation {
    /// As it stands in the document.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Sent by somebody, to a path with these ids.
    async fn send(&self, actor: &Actor, path: &str, body: &Value) -> Answer {
        let request = actor.request(self.method.clone(), path).header("idempotency-key", "matrix");
        actor.send(if self.method == Method::GET { request } else { request.json(body) }).await
    }
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(api::document()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let access = operation["x-capability"].as_str();
            let access =
                access.unwrap_or_else(|| panic!("{method} {path} declares nothing: register it with .needs(…)"));
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            all.push(Operation { method, path: path.clone(), access: access.to_owned() });
        }
    }
    all
}

/// A kind of caller.
enum Kind {
    Nobody,
    OperatorKey,
    AccountKey(Scope),
    Member(Role),
    Operator(OperatorRole),
}

impl Kind {
    fn all() -> Vec<Kind> {
        let mut all = vec![Kind::Nobody, Kind::OperatorKey];
        all.extend(Scope::ALL.map(Kind::AccountKey));
        all.extend(Role::ALL.map(Kind::Member));
        all.extend(OperatorRole::ALL.map(Kind::Operator));
        all
    }

    fn name(&self) -> String {
        match self {
            Kind::Nobody => "nobody".to_owned(),
            Kind::OperatorKey => "operator key".to_owned(),
            Kind::AccountKey(scope) => format!("key {}", scope.name()),
            Kind::Member(role) => format!("member {}", role.name()),
            Kind::Operator(role) => format!("operator {}", role.name()),
        }
    }

    fn is_person(&self) -> bool {
        matches!(self, Kind::Member(_) | Kind::Operator(_))
    }

    async fn actor(&self, app: &TestApp) -> Actor {
        match self {
            Kind::Nobody => app.operator.with_key(None),
            Kind::OperatorKey => app.operator.clone(),
            Kind::AccountKey(scope) => app.team("a", Some(&[scope.name()])).await,
            Kind::Member(role) => app.member("a", *role).await,
            Kind::Operator(role) => app.operator_with(*role).await,
        }
    }

    /// The status of a refusal; none when the caller may.
    fn refused(&self, operation: &Operation) -> Option<u16> {
        let of_sessions = ["signed-in", "half-signed-in"].contains(&operation.access.as_str());
        if operation.access == "public" {
            return None;
        }
        if of_sessions {
            return (!self.is_person()).then_some(401);
        }
        let capability = Capability::parse(&operation.access).unwrap_or_else(|| panic!("{}", operation.access));
        if operation.path.starts_with("/user/") {
            return self.refused_by_team(capability);
        }
        let allowed = match self {
            Kind::Nobody => return Some(401),
            Kind::OperatorKey => true,
            Kind::AccountKey(scope) => capability.scope() == Some(*scope),
            Kind::Member(role) => capability.is_of_role(*role),
            Kind::Operator(role) => capability.is_of_operator(*role),
        };
        (!allowed).then_some(403)
    }

    /// The compatible endpoints take an account's own key and nothing else: 402 for none, 404 for an operator's.
    fn refused_by_team(&self, capability: Capability) -> Option<u16> {
        match self {
            Kind::AccountKey(scope) => (capability.scope() != Some(*scope)).then_some(403),
            Kind::OperatorKey => Some(404),
            _ => Some(402),
        }
    }
}

/// Path, with every variable part an id that names nothing, in the caller's own account.
fn nowhere(path: &str) -> String {
    let of_account = path.starts_with("/v1/accounts/");
    let parts = path.split('/').enumerate().map(|(place, part)| match part {
        "{id}" if of_account && place == 3 => "a",
        part if part.starts_with('{') => "hold_1_1",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_what_is_declared_and_nothing_else() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let operations = operations();
    let mut checked = 0;
    for kind in Kind::all() {
        let mut actor = kind.actor(&app).await;
        for operation in &operations {
            if operation.path.starts_with("/webhooks/") {
                continue;
            }
            let path = nowhere(&operation.path);
            let answer = operation.send(&actor, &path, &body(&operation.path)).await;
            let name = format!("{} as {}: {} {}", operation.name(), kind.name(), answer.status, answer.text);
            match kind.refused(operation) {
                Some(status) => assert_eq!(answer.status, status, "{name}"),
                None if operation.access == "public" && answer.status == 401 => {
                    assert!(["sign_in_failed", "link_invalid"].contains(&answer.str("/code")), "{name}");
                }
                None => assert!(![401, 403].contains(&answer.status) && answer.status < 500, "{name}"),
            }
            // Some operations end the session of whoever asks.
            if kind.is_person() && operation.method != Method::GET && operation.access.contains("signed-in") {
                actor = kind.actor(&app).await;
            }
            checked += 1;
        }
    }
    assert!(checked >= 14 * 100, "{checked}");
    app.finish().await;
}

/// A body that the reader accepts, so that a refusal is about the caller.
fn body(path: &str) -> Value {
    let spend = json!({"amount": "0.001", "service": "s"});
    let session = json!({"email": "nobody@example.com", "role": "viewer"});
    let payer = json!({"method": "saved_card", "consent": {"text_sha256": "", "ip": "127.0.0.1"}});
    match path {
        "/v1/debits" | "/v1/holds" => spend,
        "/v1/usage" => json!({"service": "s", "meters": {"x": 1}}),
        "/v1/debits/batch" | "/v1/usage/batch" => json!({"items": [{}]}),
        "/v1/holds/{id}/capture" => json!({"amount": "1"}),
        "/v1/holds/{id}/extend" => json!({"ttl_seconds": 5}),
        "/v1/accounts/{id}/keys" => json!({"scopes": []}),
        "/v1/topups" => json!({"quote": "quo_1", "consent": {"text_sha256": "", "ip": "127.0.0.1"}}),
        "/v1/accounts/{id}/quotes" => json!({"amount": "25", "method": "stripe"}),
        "/v1/accounts/{id}/vouchers" => json!({"code": "ABCDEFGHJK"}),
        "/v1/accounts/{id}/billing-profile" => json!({"version": 0, "kind": "personal", "name": "A",
            "email": "a@b.de", "language": "en", "country": "DE", "address": {}}),
        "/v1/accounts/{id}/subscription" | "/v1/accounts/{id}/subscription/change" => {
            json!({"plan": "SUB_PRO", "payer": payer})
        }
        "/v1/accounts/{id}/subscription/pay" => payer,
        "/v1/accounts/{id}/time-zone" => json!({"time_zone": "Asia/Tokyo"}),
        "/v1/accounts/{id}/members" | "/v1/operators" => session,
        "/v1/accounts/{id}/members/{person_id}" => json!({"role": "viewer"}),
        "/v1/sign-in/link" => json!({"email": "nobody@example.com"}),
        "/v1/sign-in/token" => json!({"token": "x"}),
        "/v1/sign-in/password" => json!({"email": "nobody@example.com", "password": "x"}),
        "/v1/me/account" => json!({"account": "a"}),
        "/v1/me/password" => json!({"password": "three blind mice, one dog"}),
        "/v1/me/second-factor/codes" => json!({"code": "000000"}),
        _ => json!({}),
    }
}

/// Things of an account, by the variable part of the path that names them.
type Things = BTreeMap<&'static str, String>;

/// One of everything that an account's people and keys can name.
async fn one_of_everything(shop: &Shop, account: &str, owner: &Actor) -> Things {
    let app = &shop.app;
    let text = |answer: &Answer, pointer: &str| answer.str(pointer).to_owned();
    let key = app.operator.post(&format!("/v1/accounts/{account}/keys"), json!({})).await.expect(201);
    let spend = json!({"account": account, "amount": "1", "service": "s"});
    let debit = app.operator.keyed("/v1/debits", &format!("d-{account}"), spend.clone()).await.expect(201);
    let hold = app.operator.keyed("/v1/holds", &format!("h-{account}"), spend).await.expect(201);
    let wanted = json!({"amount": "30", "method": "stripe"});
    let quote = app.operator.post(&format!("/v1/accounts/{account}/quotes"), wanted).await.expect(201);
    let topup = shop.topup(account, Gateway::Stripe, "30").await;
    let topup = text(&topup, "/id");
    shop.pay_with_card(&topup, "pm_card_visa").await.expect(200);
    shop.until(&topup, "succeeded").await;
    let invitation = json!({"email": format!("x-{account}@example.com"), "role": "viewer"});
    let member = app.operator.post(&format!("/v1/accounts/{account}/members"), invitation).await.expect(201);
    let sessions = owner.get("/v1/me/sessions").await.expect(200);
    Things::from([
        ("account", account.to_owned()),
        ("key", text(&key, "/id")),
        ("entry", text(&debit, "/id")),
        ("hold", text(&hold, "/id")),
        ("quote", text(&quote, "/id")),
        ("payment", topup),
        ("member", text(&member, "/id")),
        ("session", text(&sessions, "/data/0/id")),
    ])
}

/// What the variable part of a path names; none for what belongs to no account.
fn thing(path: &str, place: usize) -> Option<&'static str> {
    // path up to the part, what it names
    const THINGS: [(&str, &str); 12] = [
        ("/v1/accounts", "account"),
        ("/v1/accounts/{id}/keys", "key"),
        ("/v1/accounts/{id}/members", "member"),
        ("/v1/accounts/{id}/quotes", "quote"),
        ("/v1/entries", "entry"),
        ("/v1/debits", "entry"),
        ("/v1/holds", "hold"),
        ("/v1/quotes", "quote"),
        ("/v1/topups", "payment"),
        ("/v1/payments", "payment"),
        ("/v1/me/sessions", "session"),
        ("/topups", "payment"),
    ];
    let before = path.split('/').take(place).collect::<Vec<_>>().join("/");
    THINGS.iter().find(|(prefix, _)| *prefix == before).map(|(_, thing)| *thing)
}

/// The path with the things of somebody; none when a part of it names no thing that is known here.
fn filled(path: &str, things: &Things) -> Option<String> {
    let part = |(place, part): (usize, &str)| match part.starts_with('{') {
        true => thing(path, place).and_then(|thing| things.get(thing)).cloned(),
        false => Some(part.to_owned()),
    };
    Some(path.split('/').enumerate().map(part).collect::<Option<Vec<_>>>()?.join("/"))
}

/// Two accounts with one of everything: whatever of the other is named, there is no such thing.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_account_is_there() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let mut owners = Vec::new();
    let mut things = Vec::new();
    for account in ["a", "b"] {
        shop.payer(account, "USD").await;
        app.grant(account, "100", json!({})).await;
        let owner = app.member(account, Role::Owner).await;
        things.push(one_of_everything(&shop, account, &owner).await);
        owners.push(owner);
    }
    let all_scopes = Scope::ALL.map(Scope::name);
    let callers = [("owner", owners[1].clone()), ("key", app.team("b", Some(&all_scopes)).await)];
    let (mut checked, mut unknown) = (0, Vec::new());
    for operation in operations().iter().filter(|operation| operation.path.starts_with("/v1/")) {
        let Some(foreign) = filled(&operation.path, &things[0]) else {
            unknown.push(operation.name());
            continue;
        };
        if foreign == operation.path {
            continue;
        }
        let body = body(&operation.path);
        for (name, caller) in &callers {
            let answer = operation.send(caller, &foreign, &body).await;
            let told = format!("{foreign} by {name}: {} {}", operation.name(), answer.text);
            // Whoever has no session, or no such role, is told that before anything is looked for.
            if ![401, 403].contains(&answer.status) {
                assert_eq!(answer.status, 404, "{told}");
                checked += 1;
            }
            let whose = things[0].values().filter(|id| id.len() > 1).find(|id| answer.text.contains(*id));
            assert_eq!(whose, None, "{told}");
        }
        // The thing is there, for its owner or an operator: the refusal was about the caller.
        if operation.method == Method::GET {
            let found = operation.send(&owners[0], &foreign, &body).await;
            let found = if found.status == 403 { operation.send(&app.operator, &foreign, &body).await } else { found };
            // No seller, no receipt; no plan, no subscription: other answers than that there is no such account or payment.
            let absent = ["there is no such receipt", "there is no such subscription"];
            let is_there = found.status == 200 || absent.iter().any(|told| found.text.contains(told));
            assert!(is_there, "{foreign}: {} {}", found.status, found.text);
        }
    }
    // The id of one's own account with a thing of the other.
    let mut mixed = things[0].clone();
    mixed.insert("account", "b".to_owned());
    for operation in operations().iter().filter(|operation| operation.path.matches('{').count() > 1) {
        let Some(path) = filled(&operation.path, &mixed) else { continue };
        for (name, caller) in &callers {
            let answer = operation.send(caller, &path, &body(&operation.path)).await;
            assert!([403, 404].contains(&answer.status), "{path} by {name}: {}", answer.text);
            checked += 1;
        }
    }
    // In a body and in a query, too.
    for (name, caller) in &callers {
        for path in ["/v1/debits", "/v1/holds", "/v1/topups"] {
            let mut body = body(path);
            body["account"] = json!("a");
            let answer = caller.keyed(path, "foreign", body).await;
            assert!([403, 404].contains(&answer.status), "{path} by {name}: {}", answer.text);
        }
    }
    let other = owners[1].send(owners[1].request(Method::PUT, "/v1/me/account").json(&json!({"account": "a"}))).await;
    assert_eq!(other.status, 404);
    assert!(checked >= 40, "{checked}; not filled: {unknown:?}");
    println!("{checked} checked; not filled: {unknown:?}");
    shop.close().await;
}
