//! What screens are made of. A component is a struct with a template: a view holds it as a field, a template writes it
//! with `{{ name }}`.
//!
//! Invariants: a component escapes what it is given and so may stand in a page as it is; its texts are in the language of
//! the page already; nothing is told by colour alone. Deliberately absent: anything that knows a screen.

mod field;
mod icon;
mod money;
mod pager;
mod told;

use askama::filters::HtmlSafe;

pub use field::{Choice, Control, Field, Mistake, Summary};
pub use icon::Icon;
pub use money::MoneyText;
pub use pager::{Filter, Filters, Pager};
pub use told::{Alert, Chip, Empty, Link, Tone};

macro_rules! written_as_it_is {
    ($($component:ty),*) => { $(impl HtmlSafe for $component {})* };
}

written_as_it_is!(Alert, Chip, Empty, Field, Filters, Icon, MoneyText, Pager, Summary);
