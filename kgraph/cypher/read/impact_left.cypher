// How many of several are left: for each [start's handle, type, properties that spare it] of $of.starts, in one list:
// [handle, type, how many of its ends by that type worked, how many of those are not in $of.gone (a map to true)]. What
// is not there, not ready, finished, on its way out, DEGRADED or UNKNOWN does not work now; nor does an unbound claim.
// An end that is spared is none of several.
UNWIND $of.starts AS one
MATCH (s) WHERE elementId(s) = one[0]
CALL (s, one) {
  MATCH (s)-[r]->(e)
  WHERE type(r) = one[1] AND r.stale IS NULL AND coalesce(r.optional, false) = false AND NOT e:Missing
    AND none(name IN keys(one[2]) WHERE coalesce(r[name] = one[2][name], false))
    AND coalesce(e.ready, true) AND e.deletedAt IS NULL AND NOT coalesce(e.health, "") IN ["DEGRADED", "UNKNOWN"]
    AND NOT (e:Pod AND coalesce(e.phase, "") IN ["Succeeded", "Failed"])
    AND ($of.sight IS NULL OR NOT e:Resource OR coalesce($of.sight[e.cluster], $of.sight[e.key],
      $of.sight[left(e.key, size(e.key) - size(e.name) - 1)], false))
    AND NOT (e:PersistentVolumeClaim AND coalesce(e.health, "") = "PROGRESSING")
  RETURN count(*) AS all, sum(CASE WHEN $of.gone[elementId(e)] THEN 0 ELSE 1 END) AS left
}
RETURN collect([one[0], one[1], all, left]) AS counts
