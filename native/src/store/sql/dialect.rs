//! The statements. Each is carried out whole or not at all, so none needs a transaction; each that writes on a condition
//! has the condition in its `WHERE`, and the number of rows says whether it held.
//!
//! The arguments, in this order (`?` or `$1` …), are written beside each statement.

/// The statements of one engine.
pub(super) struct Dialect {
    /// Which version of the tables there is. None.
    pub(super) version: &'static str,
    /// Makes the tables, one statement each. None.
    pub(super) migrate: &'static [&'static str],
    /// Key, now.
    pub(super) get: &'static str,
    /// Key, record, tag, expiry, owner, entry, now. One row if there was none that lives; an error by the
    /// primary key means the same as no row.
    pub(super) put_absent: &'static str,
    /// Record, tag, expiry, owner, entry, key, now: over a row whose time is over, for engines whose
    /// `put_absent` cannot.
    pub(super) put_over_expired: Option<&'static str>,
    /// Record, tag, expiry, owner, entry, key, tag before, now.
    pub(super) put_matches: &'static str,
    /// Key, record, tag, expiry, owner, entry.
    pub(super) put_any: &'static str,
    /// Key.
    pub(super) delete_any: &'static str,
    /// Key, tag, now.
    pub(super) delete_matches: &'static str,
    /// Owner, now.
    pub(super) list: &'static str,
    /// Owner, key, now: all of the owner's but this one.
    pub(super) end_others: &'static str,
    /// Owner, key, now.
    pub(super) end_one: &'static str,
    /// Owner, key, now: whether there is one of the owner's but this.
    pub(super) others: &'static str,
    /// Now. Removes a batch.
    pub(super) purge: &'static str,
    /// Now.
    pub(super) count_expired: &'static str,
    /// Now, so many times. Records that live, records whose time is over, owners, bytes.
    pub(super) count: &'static str,
    /// Twice where arguments have no numbers, so that none can be used again.
    pub(super) times_in_count: usize,
}

/// What a batch of a purge holds at most; it is written out in the statements.
pub(super) const BATCH: u64 = 1_000;

#[cfg(feature = "sqlite")]
pub(super) const SQLITE: Dialect = Dialect {
    version: "SELECT version FROM fastsession_schema",
    migrate: &[
        "CREATE TABLE IF NOT EXISTS fastsession_records (
            store_key TEXT NOT NULL PRIMARY KEY, record BLOB NOT NULL, tag BLOB NOT NULL, expires_at INTEGER NOT NULL,
            owner TEXT, entry BLOB NOT NULL
        )",
        "CREATE INDEX IF NOT EXISTS fastsession_expiry ON fastsession_records (expires_at)",
        "CREATE INDEX IF NOT EXISTS fastsession_owner ON fastsession_records (owner) WHERE owner IS NOT NULL",
        "CREATE TABLE IF NOT EXISTS fastsession_schema (version INTEGER NOT NULL PRIMARY KEY)",
        "INSERT OR IGNORE INTO fastsession_schema (version) VALUES (1)",
    ],
    get: "SELECT record FROM fastsession_records WHERE store_key = ? AND expires_at > ?",
    put_absent: "INSERT INTO fastsession_records (store_key, record, tag, expires_at, owner, entry)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (store_key) DO UPDATE SET record = excluded.record, tag = excluded.tag,
            expires_at = excluded.expires_at, owner = excluded.owner, entry = excluded.entry
        WHERE fastsession_records.expires_at <= ?7",
    put_over_expired: None,
    put_matches: "UPDATE fastsession_records SET record = ?, tag = ?, expires_at = ?, owner = ?, entry = ?
        WHERE store_key = ? AND tag = ? AND expires_at > ?",
    put_any: "INSERT INTO fastsession_records (store_key, record, tag, expires_at, owner, entry)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (store_key) DO UPDATE SET record = excluded.record, tag = excluded.tag,
            expires_at = excluded.expires_at, owner = excluded.owner, entry = excluded.entry",
    delete_any: "DELETE FROM fastsession_records WHERE store_key = ?",
    delete_matches: "DELETE FROM fastsession_records WHERE store_key = ? AND tag = ? AND expires_at > ?",
    list: "SELECT store_key, entry FROM fastsession_records WHERE owner = ? AND expires_at > ?",
    end_others: "DELETE FROM fastsession_records WHERE owner = ? AND store_key <> ? AND expires_at > ?",
    end_one: "DELETE FROM fastsession_records WHERE owner = ? AND store_key = ? AND expires_at > ?",
    others: "SELECT COUNT(*) FROM fastsession_records WHERE owner = ? AND store_key <> ? AND expires_at > ?",
    purge: "DELETE FROM fastsession_records WHERE rowid IN
        (SELECT rowid FROM fastsession_records WHERE expires_at <= ? LIMIT 1000)",
    count_expired: "SELECT COUNT(*) FROM fastsession_records WHERE expires_at <= ?",
    count: "SELECT COUNT(CASE WHEN expires_at > ?1 THEN 1 END), COUNT(CASE WHEN expires_at <= ?1 THEN 1 END),
        COUNT(DISTINCT owner), COALESCE(SUM(LENGTH(record) + LENGTH(entry)), 0) FROM fastsession_records",
    times_in_count: 1,
};

#[cfg(feature = "postgres")]
pub(super) const POSTGRES: Dialect = Dialect {
    version: "SELECT version FROM fastsession_schema",
    migrate: &[
        r#"CREATE TABLE IF NOT EXISTS fastsession_records (
            store_key TEXT COLLATE "C" NOT NULL PRIMARY KEY, record BYTEA NOT NULL, tag BYTEA NOT NULL,
            expires_at BIGINT NOT NULL, owner TEXT COLLATE "C", entry BYTEA NOT NULL
        )"#,
        // Sealed bytes do not compress.
        "ALTER TABLE fastsession_records ALTER COLUMN record SET STORAGE EXTERNAL",
        "CREATE INDEX IF NOT EXISTS fastsession_expiry ON fastsession_records (expires_at)",
        "CREATE INDEX IF NOT EXISTS fastsession_owner ON fastsession_records (owner) WHERE owner IS NOT NULL",
        "CREATE TABLE IF NOT EXISTS fastsession_schema (version BIGINT NOT NULL PRIMARY KEY)",
        "INSERT INTO fastsession_schema (version) VALUES (1) ON CONFLICT DO NOTHING",
    ],
    get: "SELECT record FROM fastsession_records WHERE store_key = $1 AND expires_at > $2",
    put_absent: "INSERT INTO fastsession_records (store_key, record, tag, expires_at, owner, entry)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (store_key) DO UPDATE SET record = excluded.record, tag = excluded.tag,
            expires_at = excluded.expires_at, owner = excluded.owner, entry = excluded.entry
        WHERE fastsession_records.expires_at <= $7",
    put_over_expired: None,
    put_matches:
        "UPDATE fastsession_records SET record = $1, tag = $2, expires_at = $3, owner = $4, entry = $5
        WHERE store_key = $6 AND tag = $7 AND expires_at > $8",
    put_any: "INSERT INTO fastsession_records (store_key, record, tag, expires_at, owner, entry)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (store_key) DO UPDATE SET record = excluded.record, tag = excluded.tag,
            expires_at = excluded.expires_at, owner = excluded.owner, entry = excluded.entry",
    delete_any: "DELETE FROM fastsession_records WHERE store_key = $1",
    delete_matches: "DELETE FROM fastsession_records WHERE store_key = $1 AND tag = $2 AND expires_at > $3",
    list: "SELECT store_key, entry FROM fastsession_records WHERE owner = $1 AND expires_at > $2",
    end_others: "DELETE FROM fastsession_records WHERE owner = $1 AND store_key <> $2 AND expires_at > $3",
    end_one: "DELETE FROM fastsession_records WHERE owner = $1 AND store_key = $2 AND expires_at > $3",
    others: "SELECT COUNT(*) FROM fastsession_records WHERE owner = $1 AND store_key <> $2 AND expires_at > $3",
    // The expiry is looked at twice, since a record may be renewed in between.
    purge: "DELETE FROM fastsession_records WHERE expires_at <= $1 AND store_key IN
        (SELECT store_key FROM fastsession_records WHERE expires_at <= $1 LIMIT 1000)",
    count_expired: "SELECT COUNT(*) FROM fastsession_records WHERE expires_at <= $1",
    count: "SELECT COUNT(*) FILTER (WHERE expires_at > $1), COUNT(*) FILTER (WHERE expires_at <= $1),
        COUNT(DISTINCT owner), CAST(COALESCE(SUM(LENGTH(record) + LENGTH(entry)), 0) AS BIGINT)
        FROM fastsession_records",
    times_in_count: 1,
};

#[cfg(feature = "mysql")]
pub(super) const MYSQL: Dialect = Dialect {
    version: "SELECT version FROM fastsession_schema",
    migrate: &[
        "CREATE TABLE IF NOT EXISTS fastsession_records (
            store_key CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, record LONGBLOB NOT NULL,
            tag VARBINARY(32) NOT NULL, expires_at BIGINT NOT NULL,
            owner CHAR(64) CHARACTER SET ascii COLLATE ascii_bin, entry LONGBLOB NOT NULL,
            INDEX fastsession_expiry (expires_at), INDEX fastsession_owner (owner)
        ) ENGINE = InnoDB",
        "CREATE TABLE IF NOT EXISTS fastsession_schema (version BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB",
        "INSERT IGNORE INTO fastsession_schema (version) VALUES (1)",
    ],
    get: "SELECT record FROM fastsession_records WHERE store_key = ? AND expires_at > ?",
    // It cannot replace on a condition in one statement, but the two cannot both hold: either there is a row or not.
    put_absent: "INSERT INTO fastsession_records (store_key, record, tag, expires_at, owner, entry)
        VALUES (?, ?, ?, ?, ?, ?)",
    put_over_expired: Some(
        "UPDATE fastsession_records SET record = ?, tag = ?, expires_at = ?, owner = ?, entry = ?
        WHERE store_key = ? AND expires_at <= ?",
    ),
    put_matches: "UPDATE fastsession_records SET record = ?, tag = ?, expires_at = ?, owner = ?, entry = ?
        WHERE store_key = ? AND tag = ? AND expires_at > ?",
    put_any: "INSERT INTO fastsession_records (store_key, record, tag, expires_at, owner, entry)
        VALUES (?, ?, ?, ?, ?, ?)
        ON DUPLICATE KEY UPDATE record = VALUES(record), tag = VALUES(tag), expires_at = VALUES(expires_at),
            owner = VALUES(owner), entry = VALUES(entry)",
    delete_any: "DELETE FROM fastsession_records WHERE store_key = ?",
    delete_matches: "DELETE FROM fastsession_records WHERE store_key = ? AND tag = ? AND expires_at > ?",
    list: "SELECT store_key, entry FROM fastsession_records WHERE owner = ? AND expires_at > ?",
    end_others: "DELETE FROM fastsession_records WHERE owner = ? AND store_key <> ? AND expires_at > ?",
    end_one: "DELETE FROM fastsession_records WHERE owner = ? AND store_key = ? AND expires_at > ?",
    others: "SELECT COUNT(*) FROM fastsession_records WHERE owner = ? AND store_key <> ? AND expires_at > ?",
    purge: "DELETE FROM fastsession_records WHERE expires_at <= ? LIMIT 1000",
    count_expired: "SELECT COUNT(*) FROM fastsession_records WHERE expires_at <= ?",
    count: "SELECT COUNT(CASE WHEN expires_at > ? THEN 1 END), COUNT(CASE WHEN expires_at <= ? THEN 1 END),
        COUNT(DISTINCT owner), CAST(COALESCE(SUM(LENGTH(record) + LENGTH(entry)), 0) AS SIGNED)
        FROM fastsession_records",
    times_in_count: 2,
};
