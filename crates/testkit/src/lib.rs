//! What tests share: a running server, actors, generators.
