// The last samples of $keys: [of, when, by Pod and container as JSON].
UNWIND $keys AS key
MATCH (u:Usage {key: key}) WHERE u.last IS NOT NULL
RETURN collect([u.of, toString(u.sampledAt), u.last]) AS samples
