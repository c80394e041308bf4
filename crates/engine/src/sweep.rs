//! Books what has fallen due, in the background.
