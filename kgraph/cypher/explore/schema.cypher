// What there is: every kind of edge between every two kinds of node, with how many there are.
MATCH (a)-[r]->(b)
WITH CASE WHEN a:Resource THEN a.kind ELSE labels(a)[0] END AS start, type(r) AS edge,
  CASE WHEN b:Resource THEN b.kind ELSE labels(b)[0] END AS end
RETURN start, edge, end, count(*) AS count
ORDER BY count DESC, start, edge, end
