// Put what a restored backup knows to a cluster's resources, $most of them: of the same incarnation, with what has been
// known of it since ($changes entries at most). What is gone by now, or another, has no use for it. Only behind the
// cluster's fence, and while nothing else is written of it.
MATCH (h:RestoredHistory {cluster: $cluster})
WITH h LIMIT $most
OPTIONAL MATCH (n:Resource {key: h.of}) WHERE NOT n:Missing AND coalesce(n.uid, "") = coalesce(h.uid, "")
FOREACH (_ IN CASE WHEN n IS NULL THEN [] ELSE [1] END |
  SET n.changes = CASE WHEN n.changes IS NULL AND h.changes IS NULL THEN null ELSE
      ([each IN coalesce(n.changes, []) WHERE NOT each IN coalesce(h.changes, [])] + coalesce(h.changes, []))[0..$changes]
    END,
    n.firstSeen = CASE WHEN h.firstSeen < n.firstSeen THEN h.firstSeen ELSE n.firstSeen END,
    n.lastChanged = CASE WHEN n.lastChanged > h.lastChanged AND n.changes IS NOT NULL AND NOT n.changes[0] IN coalesce(h.changes, [])
      THEN n.lastChanged ELSE coalesce(h.lastChanged, n.lastChanged) END
)
DELETE h
RETURN count(*) AS taken, count(n) AS kept
