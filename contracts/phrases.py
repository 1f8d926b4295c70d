"""The words of a use case that no model chooses."""

from __future__ import annotations

from string import Formatter

from pydantic import model_validator

from contracts.base import Contract


class Phrases(Contract):
    """The words of this use case where no model is asked. `{…}` fields are filled by code."""

    greeting: str
    welcome_back: str = "Welcome back. Since we last spoke: {news}"
    acknowledge: str = "I have passed that on, and I will tell you as soon as it is done."
    confirm: str = "Just to be sure: {goal}. Shall I go ahead?"
    not_confirmed: str = "All right, I have left it as it is."
    holding: str = "One moment, please."
    unanswered: str = "I am sorry, I cannot answer that right now. Please ask me again in a moment."
    voiceless: str = (
        "I am sorry, my voice fails me at the moment. What I wanted to say is written in this conversation, "
        "or ask me again in a moment."
    )
    not_understood: str = "I am sorry, I did not catch that. Could you say it again?"
    cannot_hear: str = "I am sorry, I have trouble hearing you at the moment. Please say that again in a moment."
    backstage_away: str = (
        "I have noted your request, but the system behind me does not answer right now. "
        "It will be done as soon as it is back."
    )
    resumed: str = "As I was saying: {news}"
    still_there: str = "I cannot hear you. Are you still there?"
    waiting_approval: str = "A colleague is checking your request now. I will tell you as soon as it is decided."
    asked: str = "A colleague who looks at your request asks: {question}"
    answered: str = "Thank you, I pass that on."
    edited: str = "A colleague approved it with a change: {action}."
    taken_over: str = "A colleague is taking care of this personally, and will come back to you."
    declined: str = "I am sorry, your request was not approved."
    still_waiting: str = "Your request is still waiting for a colleague. I have reminded them."
    passed_on: str = "I have asked another colleague to look at your request."
    expired: str = "I am sorry, nobody could decide about your request in time, so nothing was done."
    safe_default: str = "Nobody could decide about your request in time, so I have done something safe instead."
    person_asked: str = "Nobody could decide about your request in time, so I am asking a colleague to join us."
    person_called: str = "I am asking a colleague to help. Please stay on the line."
    on_hold: str = "I have asked a colleague, and I am still waiting for them. Thank you for your patience."
    person_helped: str = "A colleague has looked at it, and I can go on."
    person_here: str = "A colleague is taking over now."
    nobody_came: str = "I am sorry, none of my colleagues is free right now. I will help you as well as I can."
    goes_on: str = "Nobody could look at it in time, so I go on without."
    needs_person: str = (
        "I could not confirm whether it went through, so a colleague will check it and come back to you."
    )
    failed: str = "I am sorry, I could not get that done. A colleague will look into it."
    recovered: str = "Sorry, I was gone for a moment. I am here again."
    cancelled: str = "All right, I have stopped that."
    undone: str = "This was undone: {actions}."
    not_undone: str = "This could not be undone, so a colleague will look into it: {actions}."
    already_done: str = "This was done already: {actions}."
    corrected: str = "I have passed your change on."
    redirected: str = "A colleague has looked at it, and it is done in another way."
    late: str = "I could not get all of that done in time. This is still missing: {missing}."
    suspended: str = "Your request is on hold for now."
    waiting: str = "Your request goes on as soon as its time has come. I will tell you then."
    quiet: str = "All right."
    take_your_time: str = "Of course, take your time."
    stopping: str = "All right, I am stopping this: {goal}."
    pausing: str = "All right, this is on hold until you tell me to go on: {goal}."
    going_on: str = "All right, I am going on with this: {goal}."
    changing: str = "All right, I pass that change on."
    still_going: str = "All right. This goes on in the meantime: {goal}. Say cancel that if you do not want it."
    shall_go_on: str = "I have put this on hold: {goal}. Shall I go on with it?"
    too_late: str = "I am sorry, that had ended before I could change anything."
    progress: str = "{done} of {total} steps are done."

    @model_validator(mode="after")
    def _fields_are_known(self) -> Phrases:
        """A field that no code fills would stop the work at the moment when it is to be said."""
        for name, declared in type(self).model_fields.items():
            words, known = getattr(self, name), _fields(declared.default)
            try:
                unknown = sorted(_fields(words) - known)
            except ValueError as error:
                if not known:
                    continue  # nothing is filled in there: a brace is a brace
                raise ValueError(f"phrases.{name}: {error}; a brace that is spoken is written twice") from error
            if unknown:
                allowed = ", ".join(f"{{{field}}}" for field in sorted(known)) or "none"
                raise ValueError(f"phrases.{name}: nothing fills {{{unknown[0]}}}; fields here: {allowed}")
        return self


def _fields(words: object) -> set[str]:
    if not isinstance(words, str):
        return set()
    return {field for _, field, _, _ in Formatter().parse(words) if field is not None}
