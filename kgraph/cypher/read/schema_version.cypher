// The version of the graph's schema, 0 for a new one; from which version on a program can work with it; and what tells
// this graph from any other.
OPTIONAL MATCH (s:GraphSchema {key: "schema"})
RETURN coalesce(s.version, 0) AS version, coalesce(s.readableFrom, 0) AS readableFrom, s.id AS id
