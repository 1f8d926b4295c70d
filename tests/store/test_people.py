"""Accounts: what none of them can be."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from contracts.people import Person, PersonRole
from store import people
from store.errors import StoreError


def test_no_account_is_a_caller_neither_at_first_nor_later(engine: Engine) -> None:
    ada = Person(name="ada", display_name="Ada", roles=(PersonRole.AUDITOR,))
    caller = ada.model_copy(update={"roles": (PersonRole.AUDITOR, PersonRole.CALLER)})
    with pytest.raises(StoreError, match="not a role of an account"):
        people.add_person(engine, caller)
    people.add_person(engine, ada)
    with pytest.raises(StoreError, match="not a role of an account"):
        people.update_person(engine, caller)
    assert people.person(engine, "ada") == ada
