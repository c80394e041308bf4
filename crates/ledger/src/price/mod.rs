//! Price books.
