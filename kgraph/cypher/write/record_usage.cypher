// Keep what workloads and Nodes use: $rows of {key, of, properties}. What is gone by now is left out; `kept` are the
// others.
UNWIND $rows AS row
MATCH (n:Resource {key: row.of}) WHERE NOT n:Missing
MERGE (u:Usage {key: row.key})
SET u += row.properties
RETURN collect(row.of) AS kept
