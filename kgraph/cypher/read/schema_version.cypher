// The number of the last schema statement that was run on this graph, 0 for a new one; and what tells it from any other.
OPTIONAL MATCH (s:GraphSchema {key: "schema"})
RETURN coalesce(s.version, 0) AS version, s.id AS id
