//! Moving through long lists: pages, and what is left out of them.

use askama::Template;

use super::{Icon, Link};

/// Links to newer and older entries of a list. Where there are none of either, nothing is written.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "components/pager.html")]
pub struct Pager {
    /// What screen readers call it.
    pub label: String,
    /// Back to the newest.
    pub newest: Option<Link>,
    /// On to older ones.
    pub older: Option<Link>,
}

/// A filter in force.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What it lets through.
    pub text: String,
    /// The list without this filter.
    pub without: String,
}

/// The filters in force, each with a way to take it away.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "components/filters.html")]
pub struct Filters {
    /// What screen readers call them.
    pub label: String,
    /// Says what a click does, read before the filter's own words.
    pub remove: String,
    /// Each.
    pub filters: Vec<Filter>,
    /// The list without any.
    pub clear: Option<Link>,
}
