// Audit entries since $of.since for which all conditions hold (null: any), the latest first, $of.room of them at most, as
// maps. A caller sees their own ($of.user), and those about what they may list; a Namespace's, where they may get it.
MATCH (a:AuditEntry)
WHERE a.at >= datetime($of.since)
  AND ($of.keys IS NULL OR a.of IN $of.keys)
  AND ($of.clusters IS NULL OR a.cluster IN $of.clusters)
  AND ($of.namespaces IS NULL OR a.namespace IN $of.namespaces)
  AND ($of.kinds IS NULL OR any(kind IN $of.kinds WHERE a.kind = kind.kind AND coalesce(a.group, "") = kind.group))
  AND ($of.names IS NULL OR a.name IN $of.names)
  AND ($of.users IS NULL OR a.user IN $of.users)
  AND ($of.mutations IS NULL OR a.mutation IN $of.mutations)
  AND ($of.outcomes IS NULL OR a.outcome IN $of.outcomes)
  AND ($of.dryRun IS NULL OR a.dryRun = $of.dryRun)
WITH a, CASE WHEN a.of STARTS WITH a.cluster + "/core/Namespace/" THEN a.of
  WHEN a.of CONTAINS "/" THEN left(a.of, size(a.of) - size(a.name) - 1) END AS scope
WITH a, scope, CASE
    WHEN $of.sight IS NULL OR (a.user = $of.user AND a.user <> "") THEN true
    WHEN scope IS NULL THEN false
    ELSE coalesce($of.sight[a.cluster], $of.sight[scope])
  END AS visible
ORDER BY a.at DESC, a.key
WITH collect(DISTINCT CASE WHEN visible IS NULL THEN scope END) AS unknown, collect(CASE WHEN visible THEN a END) AS seen
RETURN [a IN seen[0..$of.room] | a {.*, at: toString(a.at)}] AS entries, unknown
