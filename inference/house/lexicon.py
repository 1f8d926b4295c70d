"""Word lists of general English. No word here belongs to one line of business."""

from __future__ import annotations

from inference.house.wordlist import listed

STOP_WORDS = frozenset(
    listed(
        """a an the this that these those it its itself they them their theirs he him his she her hers we us
    our ours i me my mine myself you your yours yourself someone somebody anyone anybody everyone nobody
    something anything everything am is are was were be been being do does did done doing have has had
    having can could will would shall should may might must ought let lets to of in on at by for from
    with into onto over under about as than then so too also just very really quite please and or but
    nor if because while when where what which who whom whose why how there here not no yes yeah yep ok
    okay well oh um uh er erm hmm like kind sort bit lot some any all both each every few more most
    other another such only own same s t d ll re ve m now again still already yet ever never up down out
    off get got want wants wanted need needs needed would wish know tell say said says please thanks
    thank hi hello hey dear sir madam right sure actually basically maybe perhaps way thing things one
    ones much many able going go give given gives giving us make made makes making long far soon use used uses using
    via per etc eg ie called"""
    )
)

FILLERS = (
    "by the way",
    "you know",
    "i mean",
    "i was wondering",
    "i am wondering",
    "if you do not mind",
    "if that is ok",
    "one more thing",
    "another thing",
    "let me see",
    "sort of",
    "kind of",
    "um",
    "uh",
    "erm",
    "er",
    "hmm",
    "well",
    "oh",
    "so",
    "ok",
    "okay",
    "hi",
    "hello",
    "hey",
    "hi there",
    "hello there",
    "hey there",
    "good morning",
    "good afternoon",
    "good evening",
    "please",
    "actually",
    "also",
    "and",
    "now",
    "alright",
    "all right",
    "right",
    "great",
    "thanks",
    "thank you",
    "excuse me",
    "sorry",
    "listen",
    "look",
    "anyway",
)

# Words of one group mean nearly the same to a caller. Only general words.
PARAPHRASES: tuple[tuple[str, ...], ...] = (
    ("broken", "damaged", "faulty", "defective", "cracked", "smashed", "shattered", "torn"),
    ("cancel", "abort", "withdraw", "revoke"),
    ("stop", "end", "halt", "finish"),
    ("book", "reserve", "schedule", "arrange"),
    ("booking", "reservation", "appointment"),
    ("begin", "start", "launch"),
    ("check", "look", "find", "search", "see", "lookup", "inspect", "show"),
    ("change", "alter", "modify", "update", "adjust", "edit"),
    ("move", "shift", "postpone", "reschedule"),
    ("send", "dispatch", "forward"),
    ("email", "mail", "e-mail"),
    ("price", "cost", "fee", "charge", "amount"),
    ("money", "cash"),
    ("back", "return"),
    ("ill", "sick", "unwell", "poorly"),
    ("fix", "repair", "mend"),
    ("person", "human", "someone", "colleague", "people"),
    ("available", "free", "availability", "left"),
    ("status", "state", "progress", "happening", "whereabouts"),
    ("where", "location", "place", "whereabouts"),
    ("remove", "delete", "erase"),
    ("add", "include", "attach"),
    ("extend", "renew", "prolong", "longer"),
    ("problem", "issue", "trouble", "complaint"),
    ("talk", "speak", "chat"),
    ("phone", "telephone", "call", "ring"),
    ("tell", "inform", "notify", "alert"),
    ("open", "opening"),
    ("hour", "time"),
    ("late", "overdue", "delayed", "delay"),
    ("wrong", "incorrect", "mistaken"),
    ("create", "set", "register", "file"),
    ("visit", "come"),
    ("pay", "payment", "paid"),
    ("learn", "teach", "lesson"),
    ("picture", "photo", "image"),
)

IRREGULAR = {
    "broke": "break",
    "broken": "break",
    "gave": "give",
    "bought": "buy",
    "sent": "send",
    "paid": "pay",
    "lent": "lend",
    "found": "find",
    "told": "tell",
    "took": "take",
    "taken": "take",
    "went": "go",
    "came": "come",
    "left": "leave",
    "kept": "keep",
    "spoke": "speak",
    "spoken": "speak",
    "wrote": "write",
    "written": "write",
    "saw": "see",
    "seen": "see",
    "chose": "choose",
    "chosen": "choose",
    "held": "hold",
    "lost": "lose",
    "loss": "lose",
    "met": "meet",
    "ran": "run",
    "sold": "sell",
    "brought": "bring",
    "began": "begin",
    "begun": "begin",
    "felt": "feel",
    "grew": "grow",
    "grown": "grow",
    "children": "child",
    "people": "person",
    "mice": "mouse",
    "feet": "foot",
    "leaves": "leave",
    "changed": "change",
    "changing": "change",
}

READ_VERBS = frozenset(
    listed(
        """get look lookup find check list show search read fetch query see view describe tell retrieve browse
    inspect know answer count status info whether say"""
    )
)

ACTION_VERBS = frozenset(
    listed(
        """add adjust alter arrange ask assign attach begin block book bring build buy call cancel change
    charge clean clear close collect confirm copy create cut delete dispatch do draw edit email enable
    end enter erase exchange extend feed file fill finish fix forward freeze give grant handle help hold
    inform install invite issue join keep launch leave lend let lock log make mark message move name
    note notify open pause pay phone pick place plan play postpone prepare print process prolong pull
    put raise record register reject release remind remove renew rent repair repeat replace report
    request reschedule reserve reset resolve restart resume return revoke ring run save schedule sell
    send set settle shift sign start stop store submit switch take talk tell transfer turn unblock
    unlock update upgrade use visit wake warn wash water withdraw write write pass"""
    )
)

IMPERATIVE_TO_AGENT = frozenset(
    listed(
        """be use never always do don keep speak answer ask call say tell if when whenever you your reply
    respond avoid follow remember only please act pretend refuse delegate confirm repeat stay make let
    note read write given return produce plan choose pick list cite write must should before after
    unless greet offer acknowledge apologise explain summarise summarize think help try treat consider"""
    )
)

NUMBER_WORDS = frozenset(
    listed(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    thousand million nought"""
    )
)
