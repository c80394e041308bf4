//! Payment gateways: a client and pure transformers each.
