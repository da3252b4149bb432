// The last samples of $of.keys: [of, when, by Pod and container as JSON].
UNWIND $of.keys AS key
MATCH (u:Usage {key: key}) WHERE u.last IS NOT NULL
RETURN collect([u.of, toString(u.sampledAt), u.last]) AS samples
