//! Public identifiers of entries, lots and holds.
