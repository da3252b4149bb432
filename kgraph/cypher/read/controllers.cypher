// What made the Pods $of.keys, as far as it is there: [key, keys of its controller, that one's controller and so on]. A
// Node controls its mirror Pods, but makes none. Of a Pod that is not in the graph there is nothing.
UNWIND $of.keys AS key
MATCH (p:Resource {key: key}) WHERE NOT p:Missing
RETURN collect([key, COLLECT {
  MATCH (p) (()-[r:OWNED_BY WHERE r.controller AND r.stale IS NULL]->(o WHERE NOT o:Missing AND NOT o:Node)){1,5}
  RETURN o[-1].key ORDER BY size(o)
}]) AS controllers
