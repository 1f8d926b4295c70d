"""The model knows no line of business: its words come from the request."""

from __future__ import annotations

import re
from pathlib import Path

import inference.house

FORBIDDEN = re.compile(
    r"\b(orders?|ordered|refund\w*|stock|parcels?|shop\w*|kettles?|customers?|deliver(y|ies)|"
    r"shipping|shipment|checkout|"
    r"invoices?|purchases?|merchandise|returns policy|warehouse)\b",
    re.IGNORECASE,
)


def test_no_word_of_a_business_stands_in_the_model() -> None:
    folder = Path(inference.house.__file__).parent
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(folder.glob("*"))
        if path.suffix in (".py", ".md")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)
