// The objects of these keys that are there, in one list: [key, the object as JSON, its managers].
UNWIND $of.keys AS key
MATCH (n:Resource {key: key}) WHERE NOT n:Missing
RETURN collect([n.key, n.manifest, n.managers]) AS states
