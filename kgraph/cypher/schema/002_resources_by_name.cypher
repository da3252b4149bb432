// What people look resources up by when they have no key.
CREATE INDEX resource_name IF NOT EXISTS FOR (n:Resource) ON (n.name);
CREATE INDEX resource_kind IF NOT EXISTS FOR (n:Resource) ON (n.kind, n.cluster)
