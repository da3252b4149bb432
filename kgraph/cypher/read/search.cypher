// What the index finds for $of.query (Lucene's syntax), in one list of $of.room: [handle, key, missing, matched, rank].
// The index gives the $of.looked best by its own score, which the query's boosts keep in the order of the ranks; they
// are ranked anew here, by the best place of any of $of.words: exact name, its beginning, a word of it, a part of it,
// an image, a label, an annotation; of each the short names first, then by key.
CALL db.index.fulltext.queryNodes("searchable", $of.query, {limit: $of.looked}) YIELD node AS n
WHERE NOT n:Missing
WITH n, CASE WHEN $of.sight IS NULL THEN null WHEN n:Resource THEN left(n.key, size(n.key) - size(n.name) - 1)
  ELSE "" END AS scope
WITH n, scope, CASE WHEN scope IS NULL THEN true WHEN scope = "" THEN EXISTS {
    MATCH (n)<--(m:Resource) WHERE coalesce(
      $of.sight[m.cluster], $of.sight[left(m.key, size(m.key) - size(m.name) - 1)], false)
  } ELSE coalesce($of.sight[n.cluster], $of.sight[n.key], 
    CASE WHEN $of.sight[scope] OR NOT n:Namespace THEN $of.sight[scope] END) END AS visible
WITH collect(CASE WHEN visible THEN n END) AS visibles, collect(DISTINCT CASE WHEN visible IS NULL
  THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE n.key END END) AS unknown
UNWIND CASE WHEN visibles = [] THEN [null] ELSE visibles END AS n
WITH n, unknown, toLower(coalesce(n.name, n.reference)) AS name
WITH n, name, unknown, reduce(best = 7, word IN $of.words | CASE
  WHEN name = word THEN 0
  WHEN best > 1 AND name STARTS WITH word THEN 1
  WHEN best > 2 AND any(sign IN ["-", ".", "/", ":"] WHERE name CONTAINS sign + word) THEN 2
  WHEN best > 3 AND name CONTAINS word THEN 3
  WHEN best > 4 AND any(image IN n.images WHERE toLower(image) CONTAINS word) THEN 4
  WHEN best > 5 AND any(label IN n.labels WHERE toLower(label) CONTAINS word) THEN 5
  WHEN best > 6 AND any(text IN n.annotations WHERE toLower(text) CONTAINS word) THEN 6
  ELSE best
END) AS rank
ORDER BY rank, size(name), n.key LIMIT $of.room
RETURN collect(CASE WHEN n IS NOT NULL THEN [
  elementId(n), n.key, false,
  CASE WHEN rank = 7 THEN "FILTER" WHEN n:Image THEN "IMAGE" WHEN rank < 4 THEN "NAME" WHEN rank = 4 THEN "IMAGE"
    WHEN rank = 5 THEN "LABEL" ELSE "ANNOTATION" END,
  rank
] END) AS found, head(collect(unknown)) AS unknown
