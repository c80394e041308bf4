//! Use cases across store and gateways: the executor, top-ups, jobs.
