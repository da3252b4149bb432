// A page of resources in the order of their keys: those whose keys begin with one of $of.prefixes (sorted, none the
// beginning of another) and come after $of.after, and that fulfil the conditions on labels and fields; $of.room at
// most. One list: [handle, key, missing, version, uid, createdAt, labels, health, its reason, its
// image, properties, object]; the last two null and false unless they are asked for.
// A field is compared as kubectl does: as text, and one that is not there is empty.
UNWIND $of.prefixes AS prefix
CALL (prefix) {
  MATCH (n:Resource)
  WHERE n.key STARTS WITH prefix AND n.key > $of.after AND NOT n:Missing
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
  RETURN n ORDER BY n.key LIMIT $of.room
}
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([
  elementId(n), n.key, false, n.version, n.uid, toString(n.createdAt), n.labels,
  n.health, n.healthReason, n.healthImage,
  CASE WHEN $of.properties THEN [p IN keys(n) WHERE NOT p IN $of.hidden | [p, CASE WHEN n[p] IS :: ZONED DATETIME THEN toString(n[p]) ELSE n[p] END]] END,
  CASE WHEN $of.manifests THEN n.manifest ELSE false END
]) AS nodes
