//! Pictures of one line, drawn for this program on a grid of 24.

use askama::Template;

/// A picture. It never stands alone: words beside it say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "components/icon.html")]
#[allow(missing_docs, reason = "each is the picture of its name")]
pub enum Icon {
    Back,
    Bank,
    Card,
    Chart,
    Check,
    Clock,
    Copy,
    Cross,
    Download,
    Filter,
    Forward,
    Globe,
    Help,
    Home,
    Info,
    Layers,
    List,
    Lock,
    Mail,
    Menu,
    Out,
    Plus,
    Receipt,
    Settings,
    Ticket,
    User,
    Wallet,
    Warning,
}

impl Icon {
    /// What is drawn.
    const fn path(self) -> &'static str {
        match self {
            Icon::Back => "M15 5l-7 7 7 7",
            Icon::Bank => "M4 10l8-5 8 5M5 10h14M6 10v7M10 10v7M14 10v7M18 10v7M4 20h16",
            Icon::Card => "M3 7.500a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM3 10h18M7 15h3",
            Icon::Chart => "M4 20h16M7 16v-5M12 16V6M17 16v-8",
            Icon::Check => "M5 12.500l4.500 4.500L19 7.500",
            Icon::Clock => "M12 4a8 8 0 1 0 .001 0zM12 8v4.500l3 2",
            Icon::Copy => "M9 9h10v10H9zM5 15V5h10",
            Icon::Cross => "M6.500 6.500l11 11M17.500 6.500l-11 11",
            Icon::Download => "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14",
            Icon::Filter => "M4 6h16M7 12h10M10 18h4",
            Icon::Forward => "M9 5l7 7-7 7",
            Icon::Globe => "M12 4a8 8 0 1 0 .001 0zM4 12h16M12 4c4.500 5 4.500 11 0 16c-4.500-5-4.500-11 0-16",
            Icon::Help => {
                "M12 4a8 8 0 1 0 .001 0zM9.700 10c.2-1.300 1.200-2 2.400-2 1.300 0 2.300.8 2.300 2 0 1.700-2.400 1.800-2.400 3.500M12 16.300v.1"
            }
            Icon::Home => "M4 11.500L12 5l8 6.500M6 10.500V19h12v-8.500M10 19v-5h4v5",
            Icon::Info => "M12 4a8 8 0 1 0 .001 0zM12 11v5M12 8v.1",
            Icon::Layers => "M12 4l8 4-8 4-8-4zM4 12l8 4 8-4M4 16l8 4 8-4",
            Icon::List => "M8 6h12M8 12h12M8 18h12M4 6h.1M4 12h.1M4 18h.1",
            Icon::Lock => "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
            Icon::Mail => "M3.500 6h17v12h-17zM4 7l8 6 8-6",
            Icon::Menu => "M4 7h16M4 12h16M4 17h16",
            Icon::Out => "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
            Icon::Plus => "M12 5v14M5 12h14",
            Icon::Receipt => "M6 4h12v16l-2-1.500-2 1.500-2-1.500-2 1.500-2-1.500L6 20zM9 9h6M9 13h6",
            Icon::Settings => "M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h11M19 17h1M17 15v4",
            Icon::Ticket => "M4 7h16v3a2 2 0 0 0 0 4v3H4v-3a2 2 0 0 0 0-4zM14 7v10",
            Icon::User => "M12 5a3.500 3.500 0 1 0 .001 0zM5 20c.6-4 3.500-6 7-6s6.400 2 7 6",
            Icon::Wallet => {
                "M4 7.500h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM4 7.500c0-1.500 1-2 2-2h10v2M16 13.500h.1"
            }
            Icon::Warning => "M12 5l8.500 14.500h-17zM12 10.500v4M12 17v.1",
        }
    }
}
