// What `search` looks up: whole values, so that a name with dashes and a label's `key=value` are one term each; parts
// of them are found by wildcards. It is written a moment after the transaction, so that the writer does not wait.
DROP INDEX resource_labels IF EXISTS;
DROP INDEX resource_name_text IF EXISTS;
DROP INDEX image_reference_text IF EXISTS;
CREATE FULLTEXT INDEX searchable IF NOT EXISTS FOR (n:Resource|Image|Host|Subject)
ON EACH [n.name, n.reference, n.cluster, n.namespace, n.group, n.kind, n.health, n.labels, n.images, n.annotations]
OPTIONS {indexConfig: {`fulltext.analyzer`: "keyword", `fulltext.eventually_consistent`: true}}
