// What Neo4j does while it learns for its startup archive: the kinds of statement that this program sends.
// The data is thrown away with the folder that it is in.
CREATE CONSTRAINT training_key IF NOT EXISTS FOR (r:Training) REQUIRE r.key IS UNIQUE;
CREATE INDEX training_name IF NOT EXISTS FOR (r:Training) ON (r.name);
CREATE FULLTEXT INDEX training_text IF NOT EXISTS FOR (r:Training) ON EACH [r.name, r.text];
CALL db.awaitIndexes(60);
UNWIND range(1, 2000) AS i
MERGE (r:Training {key: 'key-' + i})
SET r += {name: 'name-' + i % 100, text: 'some words ' + i, labels: ['app=' + i % 10], at: datetime()}, r:Trained;
UNWIND range(1, 2000) AS i
MATCH (a:Training {key: 'key-' + i})
MATCH (b:Training {key: 'key-' + (i / 3 + 1)})
MERGE (a)-[e:DEPENDS_ON]->(b)
SET e.fields = ['spec.x'], e.optional = false;
MATCH (r:Training {key: 'key-1500'})-[:DEPENDS_ON]->{1,4}(m:Training)
RETURN collect(DISTINCT m {.key, .name}) AS found;
MATCH p = (r:Training {key: 'key-7'})<-[:DEPENDS_ON*1..3]-(m)
RETURN count(m) AS dependents, max(length(p)) AS depth;
CALL db.index.fulltext.queryNodes('training_text', 'words') YIELD node, score
RETURN node.key AS key, score ORDER BY score DESC, key LIMIT 20;
MATCH (r:Training) WHERE r.name = 'name-7' AND any(label IN r.labels WHERE label STARTS WITH 'app=')
OPTIONAL MATCH (r)-[e:DEPENDS_ON]->(m)
RETURN r.key AS key, collect({field: e.fields, key: m.key}) AS edges;
MATCH (r:Training) WHERE r.key > 'key-19' DETACH DELETE r;
SHOW INDEXES YIELD name, state RETURN collect(name + state) AS indexes;
