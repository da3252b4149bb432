"""What of a caller's own Cypher is refused for its words alone, however they are written."""

import pytest

from kgraph.api.errors import BadUserInput
from kgraph.api.statements import refuse_words

CALL = "apoc.util.sleep(1)"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"RETURN {CALL}", id="plain"),
        pytest.param(f"RETURN 1 AS `'`, {CALL} AS `'`", id="quote-in-backticks"),
        pytest.param(f'RETURN 1 AS `"`, {CALL} AS `"`', id="double-quote-in-backticks"),
        pytest.param(f"RETURN 1 AS `//`, {CALL}", id="comment-in-backticks"),
        pytest.param(f"RETURN 1 AS `/*`, {CALL} AS `*/`", id="long-comment-in-backticks"),
        pytest.param(f"RETURN 1 AS `a``'`, {CALL} AS `'`", id="doubled-backtick"),
        pytest.param("RETURN `apoc`.`util`.`sleep`(1)", id="names-in-backticks"),
        pytest.param("RETURN apo\\u0063.util.sleep(1)", id="escaped-letter"),
        pytest.param("RETURN apoc\\u002Eutil.sleep(1)", id="escaped-dot"),
        pytest.param("RETURN apoc.util.sleep\\u00281)", id="escaped-bracket"),
        pytest.param(f"RETURN 'a\\u0027, {CALL}, \\u0027b'", id="escaped-quote"),
        pytest.param(f"RETURN 'a\\u005c', {CALL}, 'b'", id="escaped-backslash"),
        pytest.param(f"RETURN 'a\\\\', {CALL}, 'b'", id="backslash-at-the-end"),
        pytest.param("RETURN apoc\u180e.util.sleep(1)", id="another-space"),
        pytest.param("RETURN apoc/* */.util // x\n.sleep(1)", id="comments-between"),
        pytest.param("\\u004cOAD CSV FROM 'file:///x' AS l RETURN l", id="escaped-load"),
        pytest.param("LOAD\u180eCSV FROM 'file:///x' AS l RETURN l", id="load-with-another-space"),
        pytest.param("U\\u0053E system SHOW USERS", id="escaped-use"),
        pytest.param("CALL { \\u0055SE system MATCH (n) RETURN n } RETURN n", id="escaped-inner-use"),
    ],
)
def test_words_that_lead_elsewhere_are_found_however_they_are_written(text: str) -> None:
    """Neither escapes, nor names in backticks, nor comments hide a call, a file or another database."""
    with pytest.raises(BadUserInput, match=r"can be read here|cannot be called here"):
        refuse_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "RETURN 'apoc.util.sleep(1)', \"LOAD CSV\" // USE system",
        "MATCH (n) WHERE n.`app.kubernetes.io/name` = 'a\\u00fc' RETURN n AS `LOAD (it)`",
        "RETURN `a`.`b` AS `x'y`, 'it''s' AS z",
    ],
)
def test_words_that_are_only_said_are_not_refused(text: str) -> None:
    """What stands in texts, comments and names leads nowhere."""
    refuse_words(text)
