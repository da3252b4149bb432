// Remember how far kinds have come: $kinds of {key, properties}.
UNWIND $kinds AS kind
MERGE (k:SyncedKind {key: kind.key})
SET k += kind.properties
