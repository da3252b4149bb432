// The Nodes whose keys begin with one of $of.prefixes: [key, labels, cores and bytes that it has, that are for Pods,
// when its last sample was taken, cores and bytes used].
UNWIND $of.prefixes AS prefix
MATCH (n:Resource) WHERE n.key STARTS WITH prefix AND NOT n:Missing
OPTIONAL MATCH (u:Usage {key: "usage:" + n.key})
WITH n, u ORDER BY n.key
RETURN collect([
  n.key, n.labels, n.cpuCapacity, n.memoryCapacity, n.cpuAllocatable, n.memoryAllocatable,
  toString(u.sampledAt), u.cpu, u.memory
]) AS nodes
