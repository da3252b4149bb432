// The labels of the resources whose keys are in $of.keys, in one list: [key, labels].
UNWIND $of.keys AS key
MATCH (n:Resource {key: key}) WHERE n.labels IS NOT NULL
RETURN collect([n.key, n.labels]) AS labels
