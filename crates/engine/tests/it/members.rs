//! People on two nodes: links, passwords, sessions, members, the last owner, the second factor, the audit log.

use engine::audit::{self, AuditFilter};
use engine::members::{
    self, Invitation, NewOperator, OperatorChange, OperatorRole, Realm, Role, Session, SignedIn, change_role,
    end_session, end_sessions, invite, look_at_link, remove, request_link, session, set_password,
    sign_in_with_password, use_link,
};
use engine::settings::{Language, SecondFactor, Secret};
use engine::{Call, Engine, Error, Origin};
use store::params;
use tokio::task::JoinSet;

use crate::{Nodes, call, eventually};

const PASSWORD: &str = "three blind mice, one dog";

fn code(error: &Error) -> &str {
    match error {
        Error::Conflict { code, .. }
        | Error::Denied { code, .. }
        | Error::Invalid { code, .. }
        | Error::TooMany { code, .. } => code,
        Error::NotFound(_) => "not_found",
        other => panic!("{other}"),
    }
}

fn told<T>(outcome: Result<T, Error>) -> String {
    outcome.map_or_else(|error| code(&error).to_owned(), |_| "done".to_owned())
}

fn from(address: &str) -> Origin {
    Origin { address: Some(address.parse().unwrap()), user_agent: Some("test".parse().unwrap()) }
}

/// The token of the newest letter to an address that brings a link.
async fn mailed_token(node: &Engine, email: &str) -> Option<String> {
    let sql = "SELECT letter FROM mails WHERE recipient = $1 AND kind IN ('sign_in_link', 'invitation') \
               ORDER BY created_at_us DESC LIMIT 1";
    let rows = node.store().query(sql, params![email]).await.unwrap();
    let letter = rows.first()?.text(0).unwrap().to_owned();
    let url = letter.split("\"url\":\"").nth(1)?.split('"').next()?.to_owned();
    Some(url.rsplit('/').next()?.to_owned())
}

async fn invited(node: &Engine, account_id: &str, email: &str, role: Role) -> String {
    let invitation = Invitation { email, name: "", role, language: Language::En, inviter: "Scrip" };
    invite(node, &call(None), account_id, &invitation).await.unwrap();
    mailed_token(node, email).await.unwrap()
}

async fn joined(node: &Engine, account_id: &str, email: &str, role: Role) -> SignedIn {
    let token = invited(node, account_id, email, role).await;
    use_link(node, Realm::Customer, &token, &Origin::default(), None).await.unwrap()
}

async fn is_valid(node: &Engine, signed_in: &SignedIn) -> bool {
    let realm = signed_in.session.person.realm;
    session(node, realm, signed_in.token.expose()).await.unwrap().is_some()
}

async fn password_of(node: &Engine, session: &Session) {
    set_password(node, session, &Secret::new(PASSWORD), &Origin::default()).await.unwrap();
}

async fn sign_in(node: &Engine, email: &str, password: &str, address: &str) -> Result<SignedIn, Error> {
    let proof = (email, &Secret::new(password));
    sign_in_with_password(node, Realm::Customer, proof, &from(address), None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_works_once_and_joins() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let token = invited(&nodes.a, "a", "Lan@Example.com", Role::Billing).await;
    let looked = look_at_link(&nodes.b, Realm::Customer, &token).await.unwrap();
    assert_eq!(looked.joins, Some(("a".to_owned(), Role::Billing)));
    look_at_link(&nodes.b, Realm::Customer, &token).await.unwrap();
    let before = members::memberships(&nodes.a, &looked.person.id).await.unwrap();
    assert!(before.is_empty(), "an invitation gives nothing");
    assert_eq!(told(look_at_link(&nodes.b, Realm::Operator, &token).await), "link_invalid");

    let signed_in = use_link(&nodes.a, Realm::Customer, &token, &from("203.0.113.7"), None).await.unwrap();
    let Session { account, actor, csrf_token, .. } = &signed_in.session;
    assert_eq!(account.as_ref().map(|(id, role)| (&**id, *role)), Some(("a", Role::Billing)));
    assert_eq!(&**actor, format!("user:{}", looked.person.id));
    assert_ne!(csrf_token.expose(), signed_in.token.expose());
    for node in nodes.each() {
        assert_eq!(told(use_link(node, Realm::Customer, &token, &Origin::default(), None).await), "link_invalid");
        assert!(is_valid(node, &signed_in).await);
    }
    let member = members::member(&nodes.b, "a", &looked.person.id).await.unwrap();
    assert!(member.joined_at.is_some());
    // The same address, however it is written, is the same person.
    let again =
        Invitation { email: "LAN@example.com", name: "", role: Role::Owner, language: Language::En, inviter: "" };
    assert_eq!(told(invite(&nodes.b, &call(None), "a", &again).await), "already_member");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_by_a_hundred_at_once_signs_in_once() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let token = invited(&nodes.a, "a", "a@example.com", Role::Owner).await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let (node, token) = (nodes.each()[n % 2].clone(), token.clone());
        tasks.spawn(async move { told(use_link(&node, Realm::Customer, &token, &Origin::default(), None).await) });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "done").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "link_invalid").count(), 49, "{outcomes:?}");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_link_learns_nothing() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    joined(&nodes.a, "a", "a@example.com", Role::Owner).await;
    let first = mailed_token(&nodes.a, "a@example.com").await;
    nodes.wait_ms(1_000);
    for email in ["a@example.com", "nobody@example.com"] {
        let mut outcomes = Vec::new();
        for n in 0..4 {
            outcomes.push(told(request_link(nodes.each()[n % 2], Realm::Customer, email, &Origin::default()).await));
        }
        assert_eq!(outcomes, ["done", "done", "done", "too_many_sign_ins"], "{email}");
    }
    eventually("the letter", async || mailed_token(&nodes.a, "a@example.com").await != first).await;
    assert_eq!(mailed_token(&nodes.a, "nobody@example.com").await, None);
    let token = mailed_token(&nodes.a, "a@example.com").await.unwrap();
    nodes.clock.advance_seconds(901);
    assert_eq!(told(look_at_link(&nodes.a, Realm::Customer, &token).await), "link_invalid");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_guesses_ten_are_checked() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let signed_in = joined(&nodes.a, "a", "a@example.com", Role::Owner).await;
    password_of(&nodes.a, &signed_in.session).await;
    // One a second, each from another address, for an address of mail that is known and for one that is not.
    for email in ["a@example.com", "nobody@example.com"] {
        let mut checked = 0;
        for n in 0..1_000 {
            nodes.clock.advance_seconds(1);
            let address = format!("198.51.{}.{}", 100 + n / 250, n % 250);
            match told(sign_in(nodes.each()[n % 2], email, "not the password", &address).await).as_str() {
                "sign_in_failed" => checked += 1,
                outcome => assert_eq!(outcome, "too_many_sign_ins"),
            }
        }
        assert!((5..=10).contains(&checked), "{email}: {checked}");
    }
    // Many at once from one address, each for another address of mail.
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let node = nodes.each()[n % 2].clone();
        tasks.spawn(async move { told(sign_in(&node, &format!("p{n}@example.com"), "x", "203.0.113.9").await) });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "sign_in_failed").count(), 20, "{outcomes:?}");
    // The wait ends, and the right password is let in and forgets the failures.
    nodes.clock.advance_seconds(3_600);
    sign_in(&nodes.a, "A@example.com ", PASSWORD, "192.0.2.1").await.unwrap();
    for _ in 0..5 {
        assert_eq!(told(sign_in(&nodes.b, "a@example.com", "wrong", "192.0.2.1").await), "sign_in_failed");
    }
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself_and_at_once() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    nodes.account("b", "global", "USD").await;
    let first = joined(&nodes.a, "a", "a@example.com", Role::Owner).await;
    let person_id = first.session.person.id.clone();
    assert!(first.session.is_fresh(nodes.a.now()));
    password_of(&nodes.a, &first.session).await;
    // Idle: half an hour without use; each use puts it off.
    for _ in 0..3 {
        nodes.clock.advance_seconds(1_700);
        assert!(is_valid(&nodes.b, &first).await);
    }
    assert!(!first.session.is_fresh(nodes.a.now()));
    let stale = set_password(&nodes.a, &first.session, &Secret::new(PASSWORD), &Origin::default()).await;
    assert_eq!(told(stale), "reauthentication_required");
    nodes.clock.advance_seconds(1_801);
    assert!(!is_valid(&nodes.b, &first).await);
    // At all: twelve hours.
    let second = sign_in(&nodes.a, "a@example.com", PASSWORD, "192.0.2.1").await.unwrap();
    for _ in 0..28 {
        nodes.clock.advance_seconds(1_500);
        assert!(is_valid(&nodes.b, &second).await);
    }
    nodes.clock.advance_seconds(1_200);
    assert!(!is_valid(&nodes.b, &second).await);

    // A sign-in and another account make a new token; the one before is worth nothing.
    let third = sign_in(&nodes.a, "a@example.com", PASSWORD, "192.0.2.1").await.unwrap();
    let token = invited(&nodes.a, "b", "a@example.com", Role::Viewer).await;
    let fourth = use_link(&nodes.b, Realm::Customer, &token, &Origin::default(), Some(&third.session)).await.unwrap();
    assert_eq!([is_valid(&nodes.b, &third).await, is_valid(&nodes.a, &fourth).await], [false, true]);
    let fifth = members::choose_account(&nodes.a, &fourth.session, "a", &Origin::default()).await.unwrap();
    assert_eq!([is_valid(&nodes.b, &fourth).await, is_valid(&nodes.b, &fifth).await], [false, true]);
    assert_eq!(fifth.session.account.as_ref().map(|(id, role)| (&**id, *role)), Some(("a", Role::Owner)));
    let nowhere = members::choose_account(&nodes.a, &fifth.session, "c", &Origin::default()).await;
    assert_eq!(told(nowhere), "not_found");

    // Ended one by one, by others too, and all at once: gone on the other node at the next look.
    let sixth = sign_in(&nodes.a, "a@example.com", PASSWORD, "192.0.2.1").await.unwrap();
    assert_eq!(members::sessions(&nodes.b, &person_id).await.unwrap().len(), 2);
    assert_eq!(told(end_session(&nodes.b, &call(None), "usr_other", &sixth.session.id).await), "not_found");
    end_session(&nodes.b, &call(None), &person_id, &sixth.session.id).await.unwrap();
    assert!(!is_valid(&nodes.a, &sixth).await);
    assert_eq!(end_sessions(&nodes.a, &call(None), &person_id, None).await.unwrap(), 1);
    assert!(!is_valid(&nodes.b, &fifth).await);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let mut owners = Vec::new();
    for n in 0..6 {
        owners.push(joined(&nodes.a, "a", &format!("o{n}@example.com"), Role::Owner).await);
    }
    let viewer = joined(&nodes.a, "a", "v@example.com", Role::Viewer).await;
    invited(&nodes.a, "a", "not-yet@example.com", Role::Owner).await;
    // Everybody removes or demotes everybody, on both nodes at once.
    let mut tasks = JoinSet::new();
    for (n, owner) in owners.iter().enumerate() {
        for (turn, node) in nodes.each().into_iter().enumerate() {
            let (node, id) = (node.clone(), owner.session.person.id.clone());
            tasks.spawn(async move {
                match (n + turn) % 2 {
                    0 => told(remove(&node, &call(None), "a", &id).await),
                    _ => told(change_role(&node, &call(None), "a", &id, Role::Viewer).await),
                }
            });
        }
    }
    let outcomes = tasks.join_all().await;
    assert!(outcomes.iter().any(|outcome| outcome == "last_owner"), "{outcomes:?}");
    let left = members::members(&nodes.b, "a", None, 100).await.unwrap();
    let owners_left: Vec<_> =
        left.iter().filter(|member| member.role == Role::Owner && member.joined_at.is_some()).collect();
    assert_eq!(owners_left.len(), 1, "{outcomes:?}");
    let last = &owners_left[0].person.id;
    assert_eq!(told(remove(&nodes.a, &call(None), "a", last).await), "last_owner");
    assert_eq!(told(change_role(&nodes.b, &call(None), "a", last, Role::Billing).await), "last_owner");
    // Another one makes the first one free to go; whoever is removed may do nothing from then on.
    change_role(&nodes.b, &call(None), "a", &viewer.session.person.id, Role::Owner).await.unwrap();
    let promoted = session(&nodes.a, Realm::Customer, viewer.token.expose()).await.unwrap().unwrap();
    assert_eq!(promoted.account.unwrap().1, Role::Owner);
    remove(&nodes.a, &call(None), "a", last).await.unwrap();
    let gone = owners.iter().find(|owner| owner.session.person.id == **last).unwrap();
    assert!(!is_valid(&nodes.b, gone).await);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_gives_a_second_factor() {
    let nodes = Nodes::start_with(|settings| settings.sign_in.operator_second_factor = SecondFactor::Always).await;
    let new =
        NewOperator { email: "root@example.com", name: "Root", role: OperatorRole::Admin, language: Language::En };
    let operator = members::invite_operator(&nodes.a, &call(None), &new).await.unwrap();
    assert_eq!(told(members::invite_operator(&nodes.b, &call(None), &new).await), "operator_exists");
    let token = mailed_token(&nodes.a, "root@example.com").await.unwrap();
    let half = use_link(&nodes.a, Realm::Operator, &token, &Origin::default(), None).await.unwrap();
    let reads = members::Capability::AccountsRead;
    assert!(half.session.is_second_factor_due && !half.session.may(reads));

    let give = async |session: &Session, code: &str| {
        members::give_second_factor(&nodes.b, session, code, &Origin::default()).await
    };
    assert_eq!(told(give(&half.session, "000000").await), "second_factor_missing");
    let enrolment = members::begin_second_factor(&nodes.a, &half.session, &Origin::default()).await.unwrap();
    assert!(enrolment.uri.expose().starts_with("otpauth://totp/Scrip:root%40example.com?secret="));
    let now_seconds = || nodes.a.now().seconds();
    let code_now = || totp_code(enrolment.secret.expose(), now_seconds());
    let (whole, recovery) = give(&half.session, &code_now()).await.unwrap();
    assert!(whole.session.may(reads) && recovery.len() == 10);
    assert!(!is_valid(&nodes.a, &half).await, "a new session for more rights");
    assert_eq!(told(give(&whole.session, &code_now()).await), "second_factor_wrong", "each code once");
    assert_eq!(
        told(members::begin_second_factor(&nodes.a, &whole.session, &Origin::default()).await),
        "second_factor_exists"
    );

    nodes.clock.advance_seconds(60);
    let (whole, none) = give(&whole.session, &code_now()).await.unwrap();
    assert!(none.is_empty());
    let (whole, _) = give(&whole.session, &recovery[3].expose().to_uppercase()).await.unwrap();
    assert_eq!(told(give(&whole.session, recovery[3].expose()).await), "second_factor_wrong", "each once");
    let mut outcomes = Vec::new();
    for guess in 0..1_000 {
        outcomes.push(told(give(&whole.session, &format!("{guess:06}")).await));
    }
    let checked = outcomes.iter().filter(|outcome| *outcome != "too_many_sign_ins").count();
    assert!(checked <= 5, "{checked}");

    // Another administrator takes the factor away and shuts the first one out.
    let me = Call { actor: format!("operator:{}", operator.id).into(), ..call(None) };
    let change = OperatorChange { role: Some(OperatorRole::Viewer), ..OperatorChange::default() };
    assert_eq!(told(members::change_operator(&nodes.a, &me, &operator.id, change).await), "own_access");
    let out = OperatorChange { disabled: Some(true), reset_second_factor: true, ..OperatorChange::default() };
    let changed = members::change_operator(&nodes.a, &call(None), &operator.id, out).await.unwrap();
    assert!(changed.disabled_at.is_some() && !changed.has_second_factor);
    assert!(!is_valid(&nodes.b, &whole).await);
    nodes.close().await;
}

/// RFC 6238 for tests: what an app shows.
fn totp_code(secret: &str, seconds: i64) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = String::new();
    for byte in secret.bytes() {
        bits += &format!("{:05b}", ALPHABET.iter().position(|known| *known == byte).unwrap());
    }
    let key: Vec<u8> =
        (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
    let mac = Hmac::<sha1::Sha1>::new_from_slice(&key).unwrap().chain_update((seconds / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_the_log_and_no_secret_is() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let owner = joined(&nodes.a, "a", "a@example.com", Role::Owner).await;
    let origin = from("2001:db8::7");
    set_password(&nodes.b, &owner.session, &Secret::new(PASSWORD), &origin).await.unwrap();
    sign_in(&nodes.b, "a@example.com", PASSWORD, "192.0.2.1").await.unwrap();
    // Many at once on both nodes: every one has its row, and the chain has no gap.
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let node = nodes.each()[n % 2].clone();
        tasks.spawn(async move { invited(&node, "a", &format!("m{n}@example.com"), Role::Viewer).await });
    }
    let tokens = tasks.join_all().await;
    let all = audit::list(&nodes.a, &AuditFilter::default(), None, 100).await.unwrap();
    assert_eq!(all.iter().rev().map(|row| row.seq).collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>());
    let actions: Vec<&str> = all.iter().rev().take(4).map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["member.invited", "member.joined", "person.password_set", "session.opened"]);
    let set = &all[all.len() - 3];
    assert_eq!((set.actor.as_str(), set.address.as_deref()), (&*owner.session.actor, Some("2001:db8::7")));
    let invitations =
        AuditFilter { action: Some("member".to_owned()), account_id: Some("a".to_owned()), ..AuditFilter::default() };
    assert_eq!(audit::list(&nodes.b, &invitations, None, 100).await.unwrap().len(), 22);
    assert_eq!(audit::list(&nodes.b, &invitations, Some(3), 100).await.unwrap().len(), 2);

    // Nowhere in the database: tokens, passwords. In no Debug: tokens.
    let secrets = [PASSWORD, owner.token.expose(), owner.session.csrf_token.expose(), tokens[0].as_str()];
    assert!(!secrets.iter().any(|secret| format!("{owner:?}").contains(secret)));
    for table in ["people", "sessions", "sign_in_links", "members", "audit", "sign_in_tries"] {
        let sql: &'static str = format!("SELECT * FROM {table}").leak();
        let dump = format!("{:?}", nodes.a.store().query(sql, params![]).await.unwrap());
        assert!(!secrets.iter().any(|secret| dump.contains(secret)), "{table}");
        assert!(table == "people" || table == "sign_in_tries" || !dump.contains("@example.com"), "{table}");
    }
    nodes.close().await;
}
