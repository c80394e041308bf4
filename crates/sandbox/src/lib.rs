//! Faithful stand-ins for the payment gateways, over real HTTP.
