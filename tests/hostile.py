"""Texts that try to be more than texts: for whoever puts them where texts of others come in."""

from collections.abc import Mapping

FORGED = "forged"
TEXTS: Mapping[str, str] = {
    "cypher-quote": "zz' OR true RETURN n //",
    "cypher-double-quote": 'zz"}) SET n.evil = true //',
    "cypher-statement": "zz'}) DETACH DELETE (n); CREATE (:Evil) //",
    "cypher-backtick": "Pod`) SET n.evil = true WITH n MATCH (m:`Pod",
    "cypher-escape": "zz\\u0027}) CREATE (:Evil) //",
    "cypher-parameter": "$of.query",
    "lucene-or": "zz) OR *:* OR (zz",
    "lucene-field": 'zz" OR kind:"Secret',
    "lucene-range": "zz TO *] OR [* TO *]",
    "lucene-regex": "/.*/",
    "line": f'zz\n{{"event": "{FORGED}", "level": "info"}}',
    "header": f"zz\r\nX-Forged: {FORGED}\r\n\r\n<html>",
    "ansi": "zz\x1b[2J\x1b[31m\x1b]0;evil\x07",
    "control": "zz\x9b31m\x7f\x00\x08\u2028\u202e",
    "path": "../../kube-system/pods/proxy-1",
    "path-encoded": "..%2f..%2fkube-system",
    "json": '","evil":true,"a":"',
    "page": "<script>alert(1)</script>",
    "template": "{{7*7}}${7*7}%s%n{0.__class__}",
}
