//! Who looks at the demo: an owner for each account, an administrator for the console, and their links.

use engine::members::{self, DemoPerson};
use engine::settings::Language;
use engine::{Engine, Result};

use super::seed::Seeded;

/// The links of a demo work for as long as anybody looks at it.
const LINK_SECONDS: i64 = 7 * 86_400;

/// Account and owner.
const OWNERS: [(&str, DemoPerson<'static>); 4] = [
    ("demo-vn", person("lan@demo.example", "Nguyễn Thị Lan", Language::Vi)),
    ("demo-jp", person("sakura@demo.example", "佐藤さくら", Language::Ja)),
    ("demo-global", person("alex@demo.example", "Alex Morgan", Language::En)),
    ("demo-api", person("robin@demo.example", "Robin Lee", Language::En)),
];
const ADMINISTRATOR: DemoPerson<'static> = person("admin@demo.example", "Demo Administrator", Language::En);

const fn person(email: &'static str, name: &'static str, language: Language) -> DemoPerson<'static> {
    DemoPerson { email, name, language }
}

/// Gives each account its owner with a link; answers the link of the console.
pub async fn links(engine: &Engine, accounts: &mut [Seeded]) -> Result<String> {
    let until = engine.now().plus_seconds(LINK_SECONDS);
    for account in accounts {
        if let Some((_, owner)) = OWNERS.iter().find(|(id, _)| *id == account.id) {
            account.sign_in_url = members::demo_owner(engine, account.id, *owner, until).await?;
        }
    }
    members::demo_operator(engine, ADMINISTRATOR, until).await
}
