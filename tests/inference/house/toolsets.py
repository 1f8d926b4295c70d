"""Tools that no product has, and one set like a shop's."""

from __future__ import annotations

from tests.inference.house.dialogue import text, tool, whole

TODAY = "Today is Friday 2026-03-13."

GREENHOUSE = [
    tool(
        "look_up_bed",
        "Look up a garden bed: what grows there and how moist the soil is.",
        {"bed_id": text("The bed's number")},
    ),
    tool(
        "water_bed",
        "Water a garden bed for some minutes.",
        {"bed_id": text("The bed's number"), "minutes": whole("How many minutes to water", minimum=1, maximum=60)},
        fertiliser={"type": "boolean", "description": "Whether to add fertiliser"},
    ),
    tool(
        "set_vents",
        "Open or close the roof vents.",
        {"position": text("How far the vents open", enum=["closed", "half_open", "fully_open"])},
    ),
]

LIBRARY = [
    tool(
        "lookup_loan",
        "Look up a loan: the book, when it is due and any fee.",
        {"loan_id": text("Loan number, digits only", pattern=r"^\d{4}$")},
    ),
    tool(
        "find_book",
        "Find a book in the catalogue and whether a copy is on the shelf.",
        {"title": text("Title of the book")},
    ),
    tool(
        "renew_loan",
        "Renew a loan so that the book may be kept longer.",
        {
            "loan_id": text("Loan number, digits only", pattern=r"^\d{4}$"),
            "until": text("The new due date", format="date"),
        },
    ),
    tool(
        "waive_fee",
        "Waive a late fee of a loan.",
        {
            "loan_id": text("Loan number, digits only", pattern=r"^\d{4}$"),
            "amount": {"type": "number", "description": "Amount of the fee"},
            "currency": text("ISO code", pattern="^[A-Z]{3}$"),
            "reason": text("Why it is waived"),
        },
    ),
]

OBSERVATORY = [
    tool("list_free_nights", "List nights on which the telescope is free.", {"month": text("Month, for example May")}),
    tool(
        "book_telescope",
        "Book the telescope for an observation.",
        {
            "night": text("The date of the night", format="date"),
            "start": text("When to start, local time", format="time"),
            "people": whole("How many people come", minimum=1, maximum=12),
            "target": text("What to observe", enum=["moon", "jupiter", "saturn", "orion_nebula"]),
        },
        email=text("Where to send the confirmation", format="email"),
    ),
]

VET = [
    tool("opening_times", "Opening times of the clinic on a day.", {"day": text("Day of the week")}),
    tool(
        "book_visit",
        "Book a visit with a vet for an animal that is ill or needs a vaccination.",
        {
            "animal": text("Kind of animal", enum=["cat", "dog", "rabbit", "parrot"]),
            "owner_name": text("The owner's name"),
            "date": text("Date of the visit", format="date"),
            "reason": text("Why the animal comes"),
        },
    ),
    tool("call_a_person", "Connect the caller with a human colleague.", {"reason": text("Why")}),
]

SHOP = [
    tool(
        "lookup_order",
        "Look up an order: its items, state, price and when it arrives.",
        {"order_id": text("The order number, digits only", pattern=r"^\d+$")},
    ),
    tool("check_stock", "Whether an item is in stock, and its price.", {"item": text("Name of the item")}),
    tool(
        "delegate",
        "Start work that takes time or changes something: give money back when something arrived broken, change an "
        "address, book an appointment, send an e-mail.",
        {"goal": text("What the caller wants, in one sentence that stands alone")},
    ),
]

SHOP_FACTS = f"""You are Iris, the voice of Blue Kettle. You answer in one or two short sentences.
We are open Monday to Friday from nine to six, and on Saturday from ten to four.
Returns are accepted within thirty days. Parking is free behind the house.
Never promise a date. Use delegate for anything that changes something.
{TODAY}"""
