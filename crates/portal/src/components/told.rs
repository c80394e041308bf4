//! What is told: states, alerts, and that there is nothing.

use askama::Template;

use super::Icon;

/// What a state means to whoever looks. Colour and icon follow from it; words say it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Wants attention.
    Warn,
    /// Went wrong.
    Bad,
    /// Under way.
    Accent,
    /// Neither.
    Plain,
}

impl Tone {
    /// The value of `data-tone`.
    pub const fn name(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Accent => "accent",
            Tone::Plain => "plain",
        }
    }

    /// The icon that goes with it.
    pub const fn icon(self) -> Icon {
        match self {
            Tone::Good => Icon::Check,
            Tone::Warn => Icon::Warning,
            Tone::Bad => Icon::Cross,
            Tone::Accent => Icon::Clock,
            Tone::Plain => Icon::Info,
        }
    }
}

/// A state in a word or two.
#[derive(Clone, Debug, Template)]
#[template(path = "components/chip.html")]
pub struct Chip {
    /// What it means.
    pub tone: Tone,
    /// The words.
    pub text: String,
}

/// Where a text leads.
#[derive(Clone, Debug)]
pub struct Link {
    /// The address.
    pub href: String,
    /// The words.
    pub text: String,
    /// Opens as a dialog where scripts run.
    pub dialog: bool,
}

impl Link {
    /// A plain link.
    pub fn to(href: impl Into<String>, text: impl Into<String>) -> Link {
        Link { href: href.into(), text: text.into(), dialog: false }
    }

    /// One that opens as a dialog where scripts run.
    pub fn dialog(href: impl Into<String>, text: impl Into<String>) -> Link {
        Link { dialog: true, ..Link::to(href, text) }
    }
}

/// Something that everybody should read.
#[derive(Clone, Debug, Template)]
#[template(path = "components/alert.html")]
pub struct Alert {
    /// What it means.
    pub tone: Tone,
    /// In a few words.
    pub title: String,
    /// In a sentence or two; may be empty.
    pub text: String,
    /// What to do about it.
    pub link: Option<Link>,
    /// Told at once by screen readers: an answer to what was just done.
    pub live: bool,
}

impl Alert {
    /// An alert without a link.
    pub fn new(tone: Tone, title: impl Into<String>, text: impl Into<String>) -> Alert {
        Alert { tone, title: title.into(), text: text.into(), link: None, live: false }
    }

    /// With something to do about it.
    pub fn with(self, link: Link) -> Alert {
        Alert { link: Some(link), ..self }
    }

    /// As an answer to what was just done.
    pub fn live(self) -> Alert {
        Alert { live: true, ..self }
    }
}

/// There is nothing yet: what will be here, and the one thing to do.
#[derive(Clone, Debug, Template)]
#[template(path = "components/empty.html")]
pub struct Empty {
    /// A picture of what will be here.
    pub icon: Icon,
    /// In a few words.
    pub title: String,
    /// What will appear.
    pub text: String,
    /// The one thing to do.
    pub link: Option<Link>,
}
