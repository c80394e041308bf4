//! Price books by version.
