//! Use cases across store and gateways: the executor, top-ups, jobs.

pub mod settings;
