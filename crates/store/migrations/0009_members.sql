-- People, what they may do where, and how they prove who they are. Secrets are kept as hashes.

-- realm: customer (members of accounts) or operator. email_key: the address in lower case. password: a PHC string, if any.
-- role: an operator's. second_factor_seed: what the shared secret is derived from; confirmed with the first right code.
-- second_factor_step: the last time step whose code was accepted, so that a code works once.
CREATE TABLE people (
    id                            TEXT   NOT NULL PRIMARY KEY,
    realm                         TEXT   NOT NULL,
    email                         TEXT   NOT NULL,
    email_key                     TEXT   NOT NULL,
    name                          TEXT   NOT NULL,
    language                      TEXT   NOT NULL,
    time_zone                     TEXT,
    role                          TEXT,
    password                      TEXT,
    second_factor_seed            TEXT,
    second_factor_confirmed_at_us BIGINT,
    second_factor_step            BIGINT NOT NULL DEFAULT 0,
    created_at_us                 BIGINT NOT NULL,
    disabled_at_us                BIGINT,
    UNIQUE (realm, email_key)
);
CREATE INDEX people_by_age ON people (realm, created_at_us, id);

-- Who may do what with an account. Until joined_at_us it is an invitation and gives nothing.
CREATE TABLE members (
    account_id    TEXT   NOT NULL,
    person_id     TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    invited_at_us BIGINT NOT NULL,
    joined_at_us  BIGINT,
    PRIMARY KEY (account_id, person_id)
);
CREATE INDEX members_by_person ON members (person_id);

-- Links sent by mail. Whoever has one reads the person's mail. account_id: the invitation that it accepts, if any.
-- reusable: a demo's link.
CREATE TABLE sign_in_links (
    token_sha256  TEXT   NOT NULL PRIMARY KEY,
    person_id     TEXT   NOT NULL,
    account_id    TEXT,
    reusable      BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    used_at_us    BIGINT
);
CREATE INDEX sign_in_links_by_person ON sign_in_links (person_id, account_id);
CREATE INDEX sign_in_links_by_age ON sign_in_links (expires_at_us);

-- Who is signed in, and for which account. A session that ended has no row.
CREATE TABLE sessions (
    id                  TEXT   NOT NULL PRIMARY KEY,
    token_sha256        TEXT   NOT NULL UNIQUE,
    person_id           TEXT   NOT NULL,
    account_id          TEXT,
    authenticated_at_us BIGINT NOT NULL,
    second_factor_at_us BIGINT,
    created_at_us       BIGINT NOT NULL,
    seen_at_us          BIGINT NOT NULL,
    expires_at_us       BIGINT NOT NULL,
    address             TEXT,
    user_agent          TEXT
);
CREATE INDEX sessions_by_person ON sessions (person_id, created_at_us);
CREATE INDEX sessions_by_age ON sessions (expires_at_us);

-- Tries to sign in that failed or are under way, counted by subject: an address of mail or of a network, hashed.
CREATE TABLE sign_in_tries (
    subject    TEXT   NOT NULL PRIMARY KEY,
    tries      BIGINT NOT NULL,
    free_at_us BIGINT NOT NULL,
    at_us      BIGINT NOT NULL
);
CREATE INDEX sign_in_tries_by_age ON sign_in_tries (at_us);

-- One-time codes for whoever lost the second factor, hashed.
CREATE TABLE recovery_codes (
    person_id   TEXT   NOT NULL,
    code_sha256 TEXT   NOT NULL,
    used_at_us  BIGINT,
    PRIMARY KEY (person_id, code_sha256)
);

-- Who changed what, one row after the other; hash covers the row and the hash before it. A row never changes.
-- before, after: JSON without secrets.
CREATE TABLE audit (
    seq        BIGINT NOT NULL PRIMARY KEY CHECK (seq > 0),
    at_us      BIGINT NOT NULL,
    actor      TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    account_id TEXT,
    object     TEXT,
    address    TEXT,
    user_agent TEXT,
    before     TEXT,
    after      TEXT,
    reason     TEXT,
    hash       TEXT   NOT NULL
);
CREATE INDEX audit_by_account ON audit (account_id, seq) WHERE account_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_action ON audit (action, seq);
