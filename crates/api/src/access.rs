//! What a route asks of its caller, declared where the route is registered: `routes!(issue).needs(Capability::KeysAdmin)`.
//!
//! The declaration goes into the OpenAPI document (`x-capability`, and the ways to prove it) and along with each request,
//! where the extractors of [`crate::auth`] enforce it before the handler sees anything. Invariant: a handler that asks
//! who calls, on a route that declares nothing, answers 500 and does nothing. Cost: one clone of a small value a request.

use axum::Extension;
use engine::Engine;
use engine::keys::Scope;
use engine::members::Capability;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt};

/// The field of an operation that names what it asks for.
pub const EXTENSION: &str = "x-capability";
/// The security schemes of the OpenAPI document.
pub const OPERATOR_KEY: &str = "operator_key";
/// An account's key.
pub const ACCOUNT_KEY: &str = "account_key";
/// A cookie, and for changes the header `X-CSRF-Token`.
pub const SESSION: &str = "session";

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// A session, also one whose second factor is due.
    HalfSignedIn,
    /// A session.
    SignedIn,
    /// A capability, whoever brings it.
    May(Capability),
    /// An account's own key with the scope of a capability, and nobody else.
    OwnKey(Capability),
}

impl From<Capability> for Access {
    fn from(capability: Capability) -> Access {
        Access::May(capability)
    }
}

impl Access {
    /// The value of `x-capability`.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Public => "public",
            Access::HalfSignedIn => "half-signed-in",
            Access::SignedIn => "signed-in",
            Access::May(capability) | Access::OwnKey(capability) => capability.name(),
        }
    }

    /// The ways to prove it, for the OpenAPI document.
    fn security(self) -> Vec<SecurityRequirement> {
        let of = |scheme: &str| SecurityRequirement::new(scheme, Vec::<String>::new());
        let key = |scope: Scope| SecurityRequirement::new(ACCOUNT_KEY, [scope.name()]);
        match self {
            Access::Public => vec![SecurityRequirement::default()],
            Access::HalfSignedIn | Access::SignedIn => vec![of(SESSION)],
            Access::May(capability) => {
                let people = capability.is_of_people().then(|| of(SESSION));
                [of(OPERATOR_KEY)].into_iter().chain(capability.scope().map(key)).chain(people).collect()
            }
            Access::OwnKey(capability) => capability.scope().map(key).into_iter().collect(),
        }
    }
}

/// Routes that say what they ask of their caller.
pub trait Needs {
    /// These routes ask for this.
    #[must_use]
    fn needs(self, access: impl Into<Access>) -> Self;
}

impl Needs for UtoipaMethodRouter<Engine> {
    fn needs(self, access: impl Into<Access>) -> Self {
        let access = access.into();
        let (schemas, mut paths, router) = self;
        for operation in paths.paths.values_mut().flat_map(operations) {
            let extensions = operation.extensions.get_or_insert_with(|| ExtensionsBuilder::new().build());
            extensions.insert(EXTENSION.to_owned(), access.name().into());
            operation.security = Some(access.security());
        }
        (schemas, paths, router).layer(Extension(access))
    }
}

/// The operations of a path.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().filter_map(Option::as_mut)
}
