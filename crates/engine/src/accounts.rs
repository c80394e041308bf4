//! Who pays: opening, finding and changing accounts.
