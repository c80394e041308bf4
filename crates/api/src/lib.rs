//! The HTTP API: operator API, compatible team endpoints, webhooks in.
