// Resources of a cluster ($id) in key order, after one ($after) and before $end, $most of them: [properties, the labels
// of its Namespace] of each that is no placeholder.
MATCH (n:Resource) WHERE n.key > $after AND n.key < $end AND NOT n:Missing
WITH n ORDER BY n.key LIMIT $most
OPTIONAL MATCH (of:Resource {key: $id + "/core/Namespace/_/" + n.namespace})
WITH n, of ORDER BY n.key
RETURN collect([properties(n), coalesce(of.labels, [])]) AS resources
