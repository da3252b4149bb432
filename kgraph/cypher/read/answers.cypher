// Whether Neo4j answers.
RETURN true AS answers
