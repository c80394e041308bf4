-- Several nodes on one database.

-- Which node runs a background job, and until when nobody else does.
CREATE TABLE leases (
    name          TEXT   NOT NULL PRIMARY KEY,
    holder        TEXT   NOT NULL,
    expires_at_us BIGINT NOT NULL
);

-- Nodes remember valid keys, and ask several times a second which ones were revoked of late.
CREATE INDEX api_keys_by_revocation ON api_keys (revoked_at_us) WHERE revoked_at_us IS NOT NULL;
