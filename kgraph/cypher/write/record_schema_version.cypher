// Remember that the schema statements up to $version have been run; a new graph gets an id of its own.
MERGE (s:GraphSchema {key: "schema"})
SET s.version = $version, s.at = datetime(), s.id = coalesce(s.id, randomUUID())
