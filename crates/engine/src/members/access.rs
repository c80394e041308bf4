//! Who may do what: every capability, and which scope of a key and which roles bring it. Told here and nowhere else.
//!
//! A route of the API names the capability that it needs, and a caller has it or has not, whoever he is: an account's key
//! by its scopes, a member by his role in the account, an operator by his role. An operator's key has every capability.
//! Invariants: only owners and billing members move money; viewers read; only owners manage members and keys.

use crate::keys::Scope;

/// What a member may do with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Owner,
    /// Moves money, and reads.
    Billing,
    /// Reads.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 3] = [Role::Owner, Role::Billing, Role::Viewer];

    /// The name in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Billing => "billing",
            Role::Viewer => "viewer",
        }
    }

    /// The role of a name.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What an operator may do with the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperatorRole {
    /// Everything.
    Admin,
    /// Money, prices, credits.
    Finance,
    /// Accounts and what customers ask about.
    Support,
    /// Reads.
    Viewer,
}

impl OperatorRole {
    /// Every role.
    pub const ALL: [OperatorRole; 4] =
        [OperatorRole::Admin, OperatorRole::Finance, OperatorRole::Support, OperatorRole::Viewer];

    /// The name in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            OperatorRole::Admin => "admin",
            OperatorRole::Finance => "finance",
            OperatorRole::Support => "support",
            OperatorRole::Viewer => "viewer",
        }
    }

    /// The role of a name.
    pub fn parse(name: &str) -> Option<OperatorRole> {
        OperatorRole::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Something that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Read an account's balance, entries, usage, vouchers.
    BalanceRead,
    /// Debit, and charge usage.
    UsageWrite,
    /// Place, capture, release and extend holds.
    HoldWrite,
    /// Learn what a use would cost, and whether the credits suffice.
    UsagePreview,
    /// Read what an account can buy, its top-ups, receipts, cards and plan.
    TopupRead,
    /// Read an account's billing profile and alerts.
    BillingRead,
    /// Change an account's billing profile and alerts.
    BillingWrite,
    /// Buy credits, redeem vouchers, choose plans.
    TopupWrite,
    /// Save and remove cards.
    CardsWrite,
    /// Make and revoke an account's keys.
    KeysAdmin,
    /// See who is a member of an account.
    MembersRead,
    /// Invite, change and remove members of an account.
    MembersAdmin,
    /// Read every account.
    AccountsRead,
    /// Open, change and close accounts.
    AccountsWrite,
    /// Grant, void and adjust credits.
    CreditsWrite,
    /// Read price books, exchange rates and plans.
    PricesRead,
    /// Publish price books and plans, set exchange rates.
    PricesWrite,
    /// Read voucher campaigns.
    CampaignsRead,
    /// Make and revoke voucher campaigns and their codes.
    CampaignsWrite,
    /// Read all payments, notices of gateways and comparisons.
    PaymentsRead,
    /// Compare with gateways, and settle what does not match.
    PaymentsWrite,
    /// Give money back.
    RefundsWrite,
    /// Read sums of the whole ledger.
    ReportsRead,
    /// Read the audit log.
    AuditRead,
    /// Invite, change and disable operators.
    OperatorsAdmin,
}

/// Who has a capability.
struct Rule {
    capability: Capability,
    name: &'static str,
    /// The scope of an account's key.
    scope: Option<Scope>,
    roles: &'static [Role],
    operators: &'static [OperatorRole],
    /// A change asks people to have signed in a moment ago.
    sensitive: bool,
}

const ANYONE: &[Role] = &Role::ALL;
const PAYERS: &[Role] = &[Role::Owner, Role::Billing];
const OWNERS: &[Role] = &[Role::Owner];
const NOBODY: &[Role] = &[];

const STAFF: &[OperatorRole] = &OperatorRole::ALL;
const DESK: &[OperatorRole] = &[OperatorRole::Admin, OperatorRole::Finance, OperatorRole::Support];
const HELP: &[OperatorRole] = &[OperatorRole::Admin, OperatorRole::Support];
const MONEY: &[OperatorRole] = &[OperatorRole::Admin, OperatorRole::Finance];
const BOOKS: &[OperatorRole] = &[OperatorRole::Admin, OperatorRole::Finance, OperatorRole::Viewer];
const ADMIN: &[OperatorRole] = &[OperatorRole::Admin];

const fn rule(
    capability: Capability,
    name: &'static str,
    scope: Option<Scope>,
    roles: &'static [Role],
    operators: &'static [OperatorRole],
) -> Rule {
    Rule { capability, name, scope, roles, operators, sensitive: false }
}

const fn sensitive(rule: Rule) -> Rule {
    Rule { sensitive: true, ..rule }
}

/// Every capability, in the order of the enum.
const RULES: [Rule; 25] = {
    use Capability as C;
    [
        rule(C::BalanceRead, "balance:read", Some(Scope::BalanceRead), ANYONE, STAFF),
        rule(C::UsageWrite, "usage:write", Some(Scope::UsageWrite), NOBODY, ADMIN),
        rule(C::HoldWrite, "hold:write", Some(Scope::HoldWrite), NOBODY, ADMIN),
        rule(C::UsagePreview, "usage:preview", Some(Scope::UsageWrite), ANYONE, STAFF),
        rule(C::TopupRead, "topup:read", Some(Scope::TopupWrite), ANYONE, STAFF),
        rule(C::BillingRead, "billing:read", Some(Scope::KeysAdmin), ANYONE, STAFF),
        rule(C::BillingWrite, "billing:write", Some(Scope::KeysAdmin), PAYERS, DESK),
        rule(C::TopupWrite, "topup:write", Some(Scope::TopupWrite), PAYERS, DESK),
        sensitive(rule(C::CardsWrite, "cards:write", Some(Scope::TopupWrite), PAYERS, ADMIN)),
        sensitive(rule(C::KeysAdmin, "keys:admin", Some(Scope::KeysAdmin), OWNERS, ADMIN)),
        rule(C::MembersRead, "members:read", None, ANYONE, STAFF),
        sensitive(rule(C::MembersAdmin, "members:admin", None, OWNERS, ADMIN)),
        rule(C::AccountsRead, "accounts:read", None, NOBODY, STAFF),
        rule(C::AccountsWrite, "accounts:write", None, NOBODY, HELP),
        rule(C::CreditsWrite, "credits:write", None, NOBODY, MONEY),
        rule(C::PricesRead, "prices:read", None, NOBODY, STAFF),
        rule(C::PricesWrite, "prices:write", None, NOBODY, MONEY),
        rule(C::CampaignsRead, "campaigns:read", None, NOBODY, STAFF),
        rule(C::CampaignsWrite, "campaigns:write", None, NOBODY, MONEY),
        rule(C::PaymentsRead, "payments:read", None, NOBODY, STAFF),
        rule(C::PaymentsWrite, "payments:write", None, NOBODY, MONEY),
        sensitive(rule(C::RefundsWrite, "refunds:write", None, NOBODY, MONEY)),
        rule(C::ReportsRead, "reports:read", None, NOBODY, BOOKS),
        rule(C::AuditRead, "audit:read", None, NOBODY, MONEY),
        sensitive(rule(C::OperatorsAdmin, "operators:admin", None, NOBODY, ADMIN)),
    ]
};

impl Capability {
    /// Every capability.
    pub fn all() -> impl Iterator<Item = Capability> {
        RULES.iter().map(|rule| rule.capability)
    }

    const fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// The name in the OpenAPI document.
    pub const fn name(self) -> &'static str {
        self.rule().name
    }

    /// The capability of a name.
    pub fn parse(name: &str) -> Option<Capability> {
        Capability::all().find(|capability| capability.name() == name)
    }

    /// The scope that brings it to an account's key, if any does.
    pub const fn scope(self) -> Option<Scope> {
        self.rule().scope
    }

    /// Whether a member with this role has it, in his account.
    pub fn is_of_role(self, role: Role) -> bool {
        self.rule().roles.contains(&role)
    }

    /// Whether an operator with this role has it.
    pub fn is_of_operator(self, role: OperatorRole) -> bool {
        self.rule().operators.contains(&role)
    }

    /// Whether some person has it at all.
    pub fn is_of_people(self) -> bool {
        !self.rule().roles.is_empty() || !self.rule().operators.is_empty()
    }

    /// Whether a change by a person asks for a recent sign-in.
    pub const fn is_sensitive(self) -> bool {
        self.rule().sensitive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_names_differ() {
        for (place, capability) in Capability::all().enumerate() {
            assert_eq!(capability as usize, place, "{capability:?}");
            assert_eq!(Capability::parse(capability.name()), Some(capability));
        }
        assert_eq!(Capability::parse("credits:read"), None);
    }

    #[test]
    fn who_moves_money_and_who_manages() {
        use Capability::*;
        // capability, owner, billing, viewer
        let table = [
            (BalanceRead, [true, true, true]),
            (TopupRead, [true, true, true]),
            (MembersRead, [true, true, true]),
            (TopupWrite, [true, true, false]),
            (CardsWrite, [true, true, false]),
            (BillingWrite, [true, true, false]),
            (KeysAdmin, [true, false, false]),
            (MembersAdmin, [true, false, false]),
            (UsageWrite, [false, false, false]),
            (CreditsWrite, [false, false, false]),
            (OperatorsAdmin, [false, false, false]),
        ];
        for (capability, expected) in table {
            assert_eq!(Role::ALL.map(|role| capability.is_of_role(role)), expected, "{capability:?}");
        }
        for capability in Capability::all() {
            assert!(capability.is_of_operator(OperatorRole::Admin), "{capability:?}");
            let reads = [":read", ":preview"].iter().any(|end| capability.name().ends_with(end));
            assert!(reads || !capability.is_of_role(Role::Viewer), "{capability:?}");
            assert!(reads || !capability.is_of_operator(OperatorRole::Viewer), "{capability:?}");
        }
    }
}
