"""Google's CEL is the oracle of the expressions that payer rules share with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.claim_forms import PROFESSIONAL
from edi.edits.basis import Basis
from edi.edits.tables import load_shipped
from edi.payer_rules.conditions import compile_condition
from edi.payer_rules.kinds import claim_type
from edi.payer_rules.values import Ground

ENVIRONMENT = cel.NewEnv(
    variables=dict.fromkeys(("claimInformation", "subscriber", "billing", "referring"), cel.Type.DYN)
)
WORDS = ("CI", "MB", "W1", "ab", "X9", "a.b", "line\\two")
LINE = "claimInformation.serviceLines"
TEXTS = (
    "claimInformation.claimFilingCode",
    "claimInformation.claimNote.additionalInformation",
    "subscriber.memberId",
    "subscriber.groupNumber",
    "billing.npi",
    "referring.npi",
)
NUMBERS = ("claimInformation.claimChargeAmount", "claimInformation.patientAmountPaid")
LINE_TEXTS = ("l.providerControlNumber", "l.professionalService.procedureCode")
LINE_NUMBERS = ("l.professionalService.lineItemChargeAmount",)
PATTERNS = ("^[A-Z]+$", "[0-9]", "a.?b", "^$", "(M|X)[B9]")

quarters = st.integers(-40, 40).map(lambda number: Decimal(number) / 4)
words = st.sampled_from(WORDS)


def quote(word: str) -> str:
    return '"' + word.replace("\\", "\\\\") + '"'


def texts(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    field = st.sampled_from(names)
    leaf = field | words.map(quote)
    return leaf | st.builds("{} + {}".format, leaf, leaf).map(lambda text: f"({text})")


def numbers(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(names) | quarters.map(lambda number: f"({number:.2f})")
    return leaf | st.builds("({} {} {})".format, leaf, st.sampled_from("+-*"), leaf)


def conditions_of(text_names: tuple[str, ...], number_names: tuple[str, ...]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
    text, number = texts(text_names), numbers(number_names)
    methods = st.sampled_from(("startsWith", "endsWith", "contains"))
    listed = st.lists(words.map(quote), min_size=1, max_size=3).map(", ".join)
    return (
        st.builds("{} {} {}".format, text, signs, text)
        | st.builds("{} {} {}".format, number, signs, number)
        | st.builds("{} in [{}]".format, text, listed)
        | st.builds("{}.{}({})".format, text, methods, words.map(quote))
        | st.builds('{}.matches(r"{}")'.format, text, st.sampled_from(PATTERNS))
        | st.sampled_from(
            ("true", "false", "has(subscriber.memberId)", "has(claimInformation.claimFilingCode)")
        )
    )


def combine(test: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.builds("({} && {})".format, test, test)
        | st.builds("({} || {})".format, test, test)
        | test.map("!({})".format)
        | st.builds("({} ? {} : {})".format, st.sampled_from(("true", "1.0 < 0.5")), test, test)
    )


line_conditions = st.recursive(
    conditions_of(TEXTS + LINE_TEXTS, NUMBERS + LINE_NUMBERS), combine, max_leaves=3
)
over_lines = st.builds(
    f"{LINE}.{{}}(l, {{}})".format, st.sampled_from(("exists", "all", "exists_one")), line_conditions
)
#: CEL's filter fails where its condition does; ours leaves the item out. So here its condition never fails.
sure = conditions_of(("l.professionalService.procedureCode",), ("2.5",))
counted = st.builds(
    f"double({LINE}.filter(l, {{}}).size()) > {{}}".format, sure, st.sampled_from(("0.5", "1.5"))
)
expressions = st.recursive(conditions_of(TEXTS, NUMBERS) | over_lines | counted, combine, max_leaves=6)


def some_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


lines = st.lists(
    st.fixed_dictionaries(
        {
            "professionalService": st.fixed_dictionaries(
                {"procedureCode": words}, optional={"lineItemChargeAmount": quarters}
            )
        },
        optional={"providerControlNumber": words},
    ),
    max_size=3,
)
claims = st.fixed_dictionaries(
    {
        "claimInformation": st.fixed_dictionaries(
            {"serviceLines": lines},
            optional={
                "claimFilingCode": words,
                "claimChargeAmount": quarters,
                "patientAmountPaid": quarters,
                "claimNote": some_of(additionalInformation=words),
            },
        ),
        "subscriber": some_of(memberId=words, groupNumber=words),
        "billing": some_of(npi=words),
        "referring": some_of(npi=words),
    }
)


def to_cel(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: to_cel(held) for name, held in value.items()}
    if isinstance(value, list):
        return [to_cel(held) for held in value]
    return float(value) if isinstance(value, Decimal) else value


@settings(max_examples=400, deadline=None)
@given(expression=expressions, claim=claims)
def test_an_expression_is_true_for_us_where_it_is_true_for_cel(
    expression: str, claim: dict[str, Any]
) -> None:
    theirs = ENVIRONMENT.compile(expression).eval(data=to_cel(claim))
    true_for_cel = theirs.type() == cel.Type.BOOL and theirs.value() is True
    ours = compile_condition(expression.replace("double(", "("), claim_type(PROFESSIONAL), {})
    ground = Ground(Basis(load_shipped(), date(2026, 11, 24)))
    assert ours(claim, ground) is true_for_cel, expression
