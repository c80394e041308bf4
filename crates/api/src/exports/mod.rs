//! An account's history, payments and vouchers as files, and what its history adds up to.
//!
//! A file takes the filters of the list that it is made from and reads it page by page ([`files::Rows`]), so memory does
//! not grow with it. A workbook is built in a temporary file and then streamed; CSV is streamed as it is read. Invariants:
//! a history that is filtered by dates alone comes with opening and closing balances, and these with the entries between
//! them add up, or nothing is answered; nobody gets more than `exports.max_rows` rows. Deliberately absent: files made
//! later and mailed. Cost: one or a few reads for 1,000 rows; a workbook takes a core for some microseconds a row, and
//! about a kilobyte of temporary disk.

mod entries;
mod files;
mod payments;
mod summary;
mod vouchers;

use documents::sheet::{Head, Subject};
use documents::{Language, Locale};
use engine::Engine;
use engine::accounts::Located;
use ledger::Timestamp;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::request::Params;

/// `GET /v1/accounts/{id}/entries.xlsx`, `….csv`, `…/entries/summary`, and the same files of `payments` and `vouchers`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .merge(entries::routes())
        .merge(payments::routes())
        .merge(vouchers::routes())
        .merge(summary::routes())
}

/// Parameters of every file.
const OF_FILES: [&str; 2] = ["language", "zone"];

/// How a file is written.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used; Params reads the query")]
struct FileQuery {
    /// The language of the file: `en` (when left out), `ja` or `vi`.
    #[param(example = "en")]
    language: Option<String>,
    /// The IANA name of the time zone of all dates; the site's when left out.
    #[param(example = "Asia/Tokyo")]
    zone: Option<String>,
}

/// The account of the path.
async fn account(engine: &Engine, caller: &Caller, id: &str) -> Result<Located, Problem> {
    Ok(engine.accounts().locate(caller.account(Some(id))?).await?)
}

/// What a file says of itself. `filters`: the names of what may be filtered by, in the language, and what was chosen.
async fn head(
    engine: &Engine,
    account: &Located,
    params: &Params,
    subject: Subject,
    filters: impl FnOnce(Language) -> Vec<(String, String)>,
) -> Result<Head, Problem> {
    let record = engine.accounts().get(&account.id).await?;
    let language = match params.one("language")? {
        None => Language::En,
        Some(tag) => Language::parse(tag).ok_or_else(|| Problem::field("language", "must be en, ja or vi"))?,
    };
    let site = engine.settings().sites.get(&record.site);
    let zone = params.one("zone")?.or(site.map(|site| site.time_zone.as_str())).unwrap_or("UTC");
    let locale = Locale::new(language, zone).map_err(|error| Problem::field("zone", error.to_string()))?;
    Ok(Head {
        subject,
        locale,
        unit: account.unit,
        account_id: account.id.to_string(),
        account_name: record.name,
        from: instant(params, "from")?,
        to: instant(params, "to")?,
        filters: filters(language),
        made_at: engine.now(),
    })
}

fn instant(params: &Params, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    Ok(params.time(name)?.map(|time| time.0))
}

/// Counts rows that were read against the most that one answer may have.
struct Allowance(u64);

impl Allowance {
    fn new(engine: &Engine) -> Allowance {
        Allowance(engine.settings().exports.max_rows)
    }

    /// Takes `count` more rows.
    ///
    /// # Errors
    /// 422 when that is too many.
    fn take(&mut self, engine: &Engine, count: usize) -> Result<(), Problem> {
        self.0 = self.0.checked_sub(count as u64).ok_or_else(|| {
            let most = engine.settings().exports.max_rows;
            Problem::field("from", format!("more than {most} rows match: ask for a shorter time with from and to"))
        })?;
        Ok(())
    }
}
