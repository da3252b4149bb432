// Remember how far each kind of a cluster has come: $rows of {key, properties}.
UNWIND $rows AS row
MERGE (k:SyncedKind {key: row.key})
SET k += row.properties
