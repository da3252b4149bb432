// Who changed what through the API: a node a mutation; and the idempotency keys that callers gave with theirs.
CREATE CONSTRAINT audit_entry_key IF NOT EXISTS FOR (n:AuditEntry) REQUIRE n.key IS UNIQUE;
CREATE INDEX audit_entry_when IF NOT EXISTS FOR (n:AuditEntry) ON (n.at);
CREATE INDEX audit_entry_of IF NOT EXISTS FOR (n:AuditEntry) ON (n.of);
CREATE CONSTRAINT idempotency_key IF NOT EXISTS FOR (n:IdempotencyKey) REQUIRE n.key IS UNIQUE;
CREATE INDEX idempotency_key_when IF NOT EXISTS FOR (n:IdempotencyKey) ON (n.at)
