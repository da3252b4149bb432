// How many resources read/resources would list in all; the same conditions.
UNWIND $of.prefixes AS prefix
CALL (prefix) {
  MATCH (n:Resource)
  WHERE n.key STARTS WITH prefix AND NOT n:Missing
    AND all(pairs IN $of.labels.one_of WHERE any(pair IN pairs WHERE pair IN coalesce(n.labels, [])))
    AND none(pair IN $of.labels.none_of WHERE pair IN coalesce(n.labels, []))
    AND all(start IN $of.labels.present WHERE any(label IN coalesce(n.labels, []) WHERE label STARTS WITH start))
    AND none(start IN $of.labels.absent WHERE any(label IN coalesce(n.labels, []) WHERE label STARTS WITH start))
    AND all(c IN $of.labels.compared WHERE any(label IN coalesce(n.labels, []) WHERE label STARTS WITH c.start
      AND CASE WHEN c.greater THEN toIntegerOrNull(substring(label, size(c.start))) > c.bound
               ELSE toIntegerOrNull(substring(label, size(c.start))) < c.bound END))
    AND ($of.sight IS NULL OR NOT n:Namespace
      OR coalesce($of.sight[n.cluster], $of.sight[n.key], $of.sight[n.cluster + "/core/Namespace/_"], false))
    AND ($of.health IS NULL OR n.health IN $of.health)
    AND all(f IN $of.fields WHERE (coalesce(toStringOrNull(n[f.property]), "") = f.value) = f.equal)
  RETURN count(n) AS found
}
RETURN sum(found) AS count
