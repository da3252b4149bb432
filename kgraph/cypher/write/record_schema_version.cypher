// Remember that the graph has come to $version; a new graph gets an id of its own. Where it has come further meanwhile,
// that stands.
MERGE (s:GraphSchema {key: "schema"})
SET s.key = s.key
SET s.version = CASE WHEN s.version > $version THEN s.version ELSE $version END, s.at = datetime(),
  s.id = coalesce(s.id, randomUUID())
