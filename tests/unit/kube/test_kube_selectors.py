"""Label and field selectors against apimachinery's rules, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube.field_selectors import FieldSelector, FieldTerm
from kgraph.kube.selectors import EVERYTHING, NOTHING, LabelSelector, Operator, Requirement, SelectorError

KEYS = st.sampled_from(["a", "b", "in", "notin", "app.kubernetes.io/name", "x-1"])
VALUES = st.sampled_from(["", "a", "in", "v1.2_3", "7", "42"])
REQUIREMENTS = st.one_of(
    st.builds(
        Requirement,
        KEYS,
        st.sampled_from([Operator.IN, Operator.NOT_IN]),
        st.sets(VALUES, min_size=1).map(lambda values: tuple(sorted(values))),
    ),
    st.builds(Requirement, KEYS, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
    st.builds(
        Requirement,
        KEYS,
        st.sampled_from([Operator.GREATER, Operator.LESS]),
        st.sampled_from(["0", "7", "42"]).map(lambda value: (value,)),
    ),
)


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        pytest.param("", {}, True, id="empty selects everything"),
        pytest.param("  ", {"a": "b"}, True, id="blanks select everything"),
        pytest.param("a=b", {"a": "b"}, True, id="equal"),
        pytest.param("a==b", {"a": "b"}, True, id="double equal"),
        pytest.param("a=b", {"a": "c"}, False, id="another value"),
        pytest.param("a=b", {}, False, id="absent label is not equal"),
        pytest.param("a!=b", {}, True, id="absent label differs"),
        pytest.param("a!=b", {"a": "b"}, False, id="not different"),
        pytest.param("a=", {"a": ""}, True, id="empty value"),
        pytest.param("a=", {}, False, id="absent label is not the empty value"),
        pytest.param("a", {"a": ""}, True, id="exists"),
        pytest.param("!a", {}, True, id="does not exist"),
        pytest.param("! a", {"a": "x"}, False, id="does not exist, but does"),
        pytest.param("a in (x, y)", {"a": "y"}, True, id="in"),
        pytest.param("a in (x)", {}, False, id="in, absent"),
        pytest.param("a notin (x,y)", {}, True, id="notin, absent"),
        pytest.param("a notin (x,y)", {"a": "x"}, False, id="notin, there"),
        pytest.param("a in ()", {"a": ""}, True, id="no values are the empty value"),
        pytest.param("a in (,x)", {"a": ""}, True, id="empty value before a comma"),
        pytest.param("a in (x,,y)", {"a": ""}, True, id="empty value between commas"),
        pytest.param("a in (x,)", {"a": ""}, True, id="empty value after a comma"),
        pytest.param("in in (in,notin)", {"in": "notin"}, True, id="operators as names"),
        pytest.param("a>3", {"a": "10"}, True, id="numbers are compared as numbers"),
        pytest.param("a<3", {"a": "two"}, False, id="no number is not less"),
        pytest.param("a>3", {"a": "9223372036854775808"}, False, id="beyond int64 is no number"),
        pytest.param("a=b,c!=d,e in (x,y),!f,g", {"a": "b", "e": "x", "g": ""}, True, id="all hold"),
        pytest.param("a=b,c!=d,e in (x,y),!f,g", {"a": "b", "e": "x"}, False, id="one does not"),
        pytest.param("a=b,a=c", {"a": "b"}, False, id="contradiction"),
    ],
)
def test_label_selector_matches_as_kubectl_does(text: str, labels: dict[str, str], selected: bool) -> None:
    """A selector in kubectl's syntax selects exactly what apimachinery's rules say."""
    assert LabelSelector.parse(text).matches(labels) is selected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=b,", "a label's name"),
        (",a", "a label's name"),
        ("a b", "one of = == != > < in notin"),
        ("a in x", "'('"),
        ("a in (x y)", "',' or ')'"),
        ("a in (x", "the end"),
        ("!a=b", "',' or the end"),
        ("a=b c", "',' or the end"),
        ("a=(b)", "a value"),
        ("-a=b", "no label's name"),
        ("Up/a=b", "no label's name"),
        ("/a=b", "no label's name"),
        ("a=-b", "no label's value"),
        ("a=" + "x" * 64, "no label's value"),
        ("a>b", "whole number"),
        ("a>", "whole number"),
    ],
)
def test_a_selector_that_cannot_be_read_says_what_was_expected(text: str, wanted: str) -> None:
    """A wrong selector is an error that shows it and says what was expected."""
    with pytest.raises(SelectorError) as error:
        LabelSelector.parse(text)
    assert wanted in str(error.value)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("selector", "labels", "selected"),
    [
        pytest.param({}, {}, True, id="empty selects everything"),
        pytest.param({"matchLabels": None}, {}, True, id="null labels"),
        pytest.param(None, {}, False, id="absent selects nothing"),
        pytest.param({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"}, True, id="labels"),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["x", "y"]}]},
            {"a": "y"},
            True,
            id="In",
        ),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, {}, True, id="NotIn"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True, id="Exists"),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": None}]},
            {"a": ""},
            False,
            id="DoesNotExist",
        ),
        pytest.param(
            {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]},
            {"a": "b"},
            False,
            id="labels and expressions must both hold",
        ),
    ],
)
def test_label_selector_objects_mean_what_kubernetes_says(
    selector: dict[str, object] | None,
    labels: dict[str, str],
    selected: bool,
) -> None:
    """A metav1.LabelSelector selects what LabelSelectorAsSelector says."""
    assert LabelSelector.from_object(selector).matches(labels) is selected


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}, "'Gt'"),
        ({"matchExpressions": [{"key": "a", "operator": ["In"]}]}, "none of In, NotIn"),
        ({"matchExpressions": [{"key": "a", "operator": "In"}]}, "at least one value"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]}, "takes no values"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": "xy"}]}, "should be a list"),
        ({"matchExpressions": [{"operator": "Exists"}]}, "no label's name"),
        ({"matchExpressions": ["a"]}, "key, operator and values"),
        ({"matchExpressions": {"a": "b"}}, "matchExpressions a list"),
        ({"matchLabels": {"a": 1}}, "no label's value"),
        ([], "an object was expected"),
    ],
)
def test_a_malformed_selector_object_is_a_clear_error(selector: object, reason: str) -> None:
    """Whatever stands where a selector should be, the error is a SelectorError that names the fault."""
    with pytest.raises(SelectorError) as error:
        LabelSelector.from_object(selector)  # type: ignore[arg-type] # the case under test
    assert reason in str(error.value)


def test_required_pair_is_one_that_every_selected_object_has() -> None:
    """The pair for the index comes from an equality or a one-valued `in`, and is None where there is none."""
    assert LabelSelector.parse("!z,b in (c),d in (e,f)").required_pair() == ("b", "c")
    assert LabelSelector.parse("a=1,b=2").required_pairs() == (("a", "1"), ("b", "2"))
    assert LabelSelector.parse("!z,d in (e,f),g").required_pair() is None


def test_equal_selectors_are_equal_however_they_were_written() -> None:
    """Selectors that say the same in another order are one key of a dictionary."""
    written = LabelSelector.parse("b in (y,x),a=1,a=1")
    stated = LabelSelector.from_object(
        {
            "matchLabels": {"a": "1"},
            "matchExpressions": [{"key": "b", "operator": "In", "values": ["x", "y", "x"]}],
        }
    )
    assert {written: 1}[stated] == 1
    assert LabelSelector.from_labels({"a": "1"}) == LabelSelector.parse("a==1")
    assert EVERYTHING != NOTHING


@given(st.lists(REQUIREMENTS, max_size=5))
def test_a_selector_written_out_reads_back_the_same(requirements: list[Requirement]) -> None:
    """What str() gives for the apiserver means what the selector means."""
    text = ",".join(map(str, requirements))
    selector = LabelSelector.parse(text)
    assert set(selector.requirements) == set(requirements)
    assert LabelSelector.parse(str(selector)) == selector


def test_a_selector_of_nothing_cannot_be_sent_as_one_of_everything() -> None:
    """The text of NOTHING is refused by the parser, so that it never reads as the empty selector."""
    with pytest.raises(SelectorError):
        LabelSelector.parse(str(NOTHING))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("a.b=c", (FieldTerm("a.b", "c"),)),
        (
            "status.phase!=Running,spec.nodeName==n1",
            (FieldTerm("status.phase", "Running", negated=True), FieldTerm("spec.nodeName", "n1")),
        ),
        ("a=", (FieldTerm("a", ""),)),
        ("a=b,,c=d,", (FieldTerm("a", "b"), FieldTerm("c", "d"))),
        ("a=b,!=,=", (FieldTerm("a", "b"),)),
        (r"a=x\,y\=z\\", (FieldTerm("a", "x,y=z\\"),)),
    ],
)
def test_field_selectors_read_as_kubectl_reads_them(text: str, terms: tuple[FieldTerm, ...]) -> None:
    """A field selector in kubectl's syntax gives its terms, and reads back the same when written out."""
    selector = FieldSelector.parse(text)
    assert selector.terms == terms
    assert FieldSelector.parse(str(selector)) == selector


@pytest.mark.parametrize("text", ["a", "a=b,c", "a=b=c", r"a=\x", "a=b\\", "=b", "a=b,!=c"])
def test_a_field_selector_that_cannot_be_read_is_an_error(text: str) -> None:
    """A wrong field selector is a SelectorError that shows it."""
    with pytest.raises(SelectorError) as error:
        FieldSelector.parse(text)
    assert repr(text) in str(error.value)


def test_field_selectors_take_an_absent_field_as_empty() -> None:
    """A field that the object has not is the empty text, as in apimachinery."""
    assert FieldSelector.parse("a=").matches({})
    assert FieldSelector.parse("a!=b").matches({})
    assert not FieldSelector.parse("a=b").matches({})
