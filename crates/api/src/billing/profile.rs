//! The billing profile of an account: who is billed.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::billing::{self, AddressDraft, AddressField, PayerKind, ProfileDraft, StoredProfile, TaxScheme};
use engine::members::Capability;
use engine::settings::Language;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::Time;
use crate::problem::Problem;
use crate::reply;
use crate::request::{Json, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(get).needs(Capability::BillingRead))
        .routes(routes!(put).needs(Capability::BillingWrite))
}

/// An address. JP knows `postal_code`, `prefecture`, `city`, `street`, `building`; VN `street`, `ward`, `province`; every
/// other country `line1`, `line2`, `city`, `region`, `postal_code`. What is null or empty counts as left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressFields {
    /// Postal code.
    #[schema(max_length = 16)]
    postal_code: Option<String>,
    /// 都道府県.
    #[schema(max_length = 200)]
    prefecture: Option<String>,
    /// Street and number; in Japan the town and number.
    #[schema(max_length = 200)]
    street: Option<String>,
    /// Building and room.
    #[schema(max_length = 200)]
    building: Option<String>,
    /// Phường/Xã.
    #[schema(max_length = 200)]
    ward: Option<String>,
    /// Tỉnh/Thành phố.
    #[schema(max_length = 200)]
    province: Option<String>,
    /// First line.
    #[schema(max_length = 200)]
    line1: Option<String>,
    /// Second line.
    #[schema(max_length = 200)]
    line2: Option<String>,
    /// City; in Japan 市区町村.
    #[schema(max_length = 200)]
    city: Option<String>,
    /// State or region.
    #[schema(max_length = 200)]
    region: Option<String>,
}

/// A billing profile, which replaces the one before it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": 0, "kind": "company", "name": "Công ty ABC", "email": "billing@example.com",
    "language": "vi", "country": "VN", "tax_code": "0100112437",
    "address": {"street": "1 Tràng Tiền", "ward": "Phường Cửa Nam", "province": "Hà Nội"}}))]
struct ProfileRequest {
    /// The version that was read; 0 when there is none yet.
    #[schema(minimum = 0)]
    version: i64,
    /// Whether a person or a company is billed.
    #[schema(schema_with = kind)]
    kind: PayerKind,
    /// Full name in one field, or the company's name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where mail about the account goes.
    #[schema(max_length = 254)]
    email: String,
    /// Where documents go; `email` when left out.
    #[schema(max_length = 254)]
    recipient_email: Option<String>,
    /// The language of documents and mails.
    #[schema(schema_with = super::language)]
    language: Language,
    /// ISO 3166 code; one of the `countries` of the account's topup-options.
    #[schema(min_length = 2, max_length = 2, example = "VN")]
    country: String,
    /// The fields that the country knows.
    address: AddressFields,
    /// Checked by the rules of the country; a company in VN needs one.
    #[schema(max_length = 40)]
    tax_code: Option<String>,
}

/// Something to look at again, although it was accepted.
#[derive(Serialize, ToSchema)]
struct Warning {
    /// The field.
    param: &'static str,
    /// What to look at.
    detail: &'static str,
}

/// A billing profile.
#[derive(Serialize, ToSchema)]
struct ProfileAnswer {
    /// The account.
    account: String,
    /// Grows by one with each change.
    version: i64,
    #[schema(schema_with = kind)]
    kind: PayerKind,
    /// Full name, or the company's name.
    name: String,
    /// Where mail about the account goes.
    email: String,
    /// Where documents go.
    recipient_email: String,
    /// The language of documents and mails.
    #[schema(schema_with = super::language)]
    language: Language,
    /// ISO 3166 code.
    country: &'static str,
    /// The fields of the country.
    #[schema(value_type = AddressFields)]
    address: billing::Address,
    /// As the country writes it.
    tax_code: Option<String>,
    /// What the tax code is.
    #[schema(schema_with = tax_scheme)]
    tax_scheme: Option<TaxScheme>,
    /// When it was changed last.
    updated_at: Time,
    /// What to look at again.
    warnings: Vec<Warning>,
}

impl AddressFields {
    fn draft(self) -> AddressDraft {
        use AddressField::{Building, City, Line1, Line2, PostalCode, Prefecture, Province, Region, Street, Ward};
        let fields = [
            (PostalCode, self.postal_code),
            (Prefecture, self.prefecture),
            (Street, self.street),
            (Building, self.building),
            (Ward, self.ward),
            (Province, self.province),
            (Line1, self.line1),
            (Line2, self.line2),
            (City, self.city),
            (Region, self.region),
        ];
        fields.into_iter().filter_map(|(field, text)| Some((field, text?))).collect()
    }
}

fn kind() -> Object {
    super::one_of(["personal", "company"])
}

fn tax_scheme() -> Object {
    let mut object = super::one_of(["vn_enterprise", "vn_personal", "jp_invoice", "eu_vat", "other"]);
    object.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    object
}

impl ProfileAnswer {
    fn of(account: String, stored: StoredProfile) -> ProfileAnswer {
        let StoredProfile { version, profile, updated_at } = stored;
        let warning = profile.tax_code.as_ref().and_then(billing::TaxCode::warning);
        let (tax_scheme, tax_code) = profile.tax_code.map(|code| (code.scheme, code.number)).unzip();
        ProfileAnswer {
            account,
            version,
            kind: profile.kind,
            name: profile.name,
            email: profile.email,
            recipient_email: profile.recipient_email,
            language: profile.language,
            country: profile.country.code(),
            address: profile.address,
            tax_code,
            tax_scheme,
            updated_at: Time(updated_at),
            warnings: warning.into_iter().map(|detail| Warning { param: "tax_code", detail }).collect(),
        }
    }
}

/// Get the billing profile
#[utoipa::path(get, path = "/v1/accounts/{id}/billing-profile", operation_id = "get_billing_profile",
    tag = "billing", params(("id" = String, Path)),
    responses((status = 200, body = ProfileAnswer, description = "The profile as it is now")))]
async fn get(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    let stored = billing::profile(&engine, &account).await?;
    let stored = stored.ok_or_else(|| Problem::not_found("billing profile"))?;
    reply::json(StatusCode::OK, &ProfileAnswer::of(account, stored))
}

/// Set the billing profile
///
/// Replaces the whole profile. Payments keep the profile of their time; documents of the future use the new one. Somebody
/// else's change since the version that was read answers 409 `profile_changed`.
#[utoipa::path(put, path = "/v1/accounts/{id}/billing-profile", operation_id = "set_billing_profile",
    tag = "billing", params(("id" = String, Path)), request_body = ProfileRequest,
    responses((status = 200, body = ProfileAnswer, description = "The profile as it is now")))]
async fn put(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    Json(request): Json<ProfileRequest>,
) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    if request.version < 0 {
        return Err(Problem::field("version", "must be the version that was read, or 0"));
    }
    let draft = ProfileDraft {
        kind: request.kind,
        name: request.name,
        email: request.email,
        recipient_email: request.recipient_email,
        language: request.language,
        country: request.country,
        address: request.address.draft(),
        tax_code: request.tax_code,
    };
    let stored = billing::put_profile(&engine, &caller.call(None), &account, request.version, &draft).await?;
    reply::json(StatusCode::OK, &ProfileAnswer::of(account, stored))
}
