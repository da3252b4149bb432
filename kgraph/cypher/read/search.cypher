// Resources and images with a text in their name, and resources with it in a label, in one list: [handle, key, missing,
// what matched, rank], the exact ones first, then beginnings, then parts; of those the short names first.
// $of.text as it was written, $of.label as Lucene takes it.
CALL () {
  MATCH (n:Resource) WHERE n.name CONTAINS $of.text AND NOT n:Missing
    AND ($of.clusters IS NULL OR n.cluster IN $of.clusters)
  RETURN n, "NAME" AS matched,
    CASE WHEN n.name = $of.text THEN 0 WHEN n.name STARTS WITH $of.text THEN 1 ELSE 2 END AS rank, size(n.name) AS size
  ORDER BY rank, size, n.key LIMIT $of.room
  UNION ALL
  MATCH (n:Image) WHERE n.reference CONTAINS $of.text
  RETURN n, "IMAGE" AS matched, CASE WHEN n.reference = $of.text THEN 0 ELSE 2 END AS rank, size(n.reference) AS size
  ORDER BY rank, size, n.key LIMIT $of.room
  UNION ALL
  CALL db.index.fulltext.queryNodes("resource_labels", $of.label, {limit: $of.labelled}) YIELD node AS n
  WHERE NOT n:Missing AND ($of.clusters IS NULL OR n.cluster IN $of.clusters)
  RETURN n, "LABEL" AS matched, 3 AS rank, size(n.name) AS size
  ORDER BY rank, size, n.key LIMIT $of.room
}
WITH n, min([rank, size, matched]) AS best
ORDER BY best[0], best[1], n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false, best[2], best[0]]) AS found
