// What the workloads of $of.namespaces (null: of all) used whose usage's keys begin with one of $of.prefixes, to who sees
// them and their Pods: [handle, key, Pods at the last sample, histograms, what the containers of its newest Pod ask for,
// the names of those that were killed for want of memory].
UNWIND $of.prefixes AS prefix
MATCH (u:Usage) WHERE u.key STARTS WITH prefix AND u.history IS NOT NULL AND u.namespace IS NOT NULL
  AND ($of.namespaces IS NULL OR u.namespace IN $of.namespaces)
MATCH (w:Resource {key: u.of})
WITH u, w, CASE WHEN $of.sight IS NULL THEN [] ELSE [
  left(w.key, size(w.key) - size(w.name) - 1), w.cluster + "/core/Pod/" + w.namespace
] END AS scopes
WITH u, w, scopes, coalesce($of.sight[w.cluster], all(scope IN scopes WHERE $of.sight[scope])) AS visible
RETURN reduce(every = [], some IN collect(CASE WHEN visible IS NULL THEN scopes END) | every + some) AS unknown,
  collect(CASE WHEN visible THEN [elementId(w), u.of, u.pods, u.history, COLLECT {
    MATCH (w) (()<-[r:OWNED_BY WHERE r.controller AND r.stale IS NULL]-()){0,4} (p:Pod)
    RETURN p.containerResources ORDER BY p.createdAt DESC LIMIT 1
  }[0], COLLECT {
    MATCH (w) (()<-[r:OWNED_BY WHERE r.controller AND r.stale IS NULL]-()){0,4} (p:Pod WHERE p.oomKilled IS NOT NULL)
    UNWIND p.oomKilled AS name
    RETURN DISTINCT name
  }] END) AS workloads
