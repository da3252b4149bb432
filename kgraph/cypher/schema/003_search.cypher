// What `search` looks texts up in: a part of a name or of an image's reference, and labels as `key=value`. Labels are
// indexed a moment after the write, so that the writer does not wait for it.
CREATE TEXT INDEX resource_name_text IF NOT EXISTS FOR (n:Resource) ON (n.name);
CREATE TEXT INDEX image_reference_text IF NOT EXISTS FOR (n:Image) ON (n.reference);
CREATE FULLTEXT INDEX resource_labels IF NOT EXISTS FOR (n:Resource) ON EACH [n.labels]
OPTIONS {indexConfig: {`fulltext.analyzer`: "keyword", `fulltext.eventually_consistent`: true}}
