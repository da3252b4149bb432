// Remember that the schema statements up to $version have been run.
MERGE (s:GraphSchema {key: "schema"})
SET s.version = $version, s.at = datetime()
