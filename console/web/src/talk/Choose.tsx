import { useState } from "react";
import { Card } from "../components/Card";
import { Trouble } from "../components/Trouble";
import { useLive } from "../live";
import type { Choice } from "./types";

interface Props {
  back: string | undefined;
  problem: string;
  onOpen: (composition: string, microphone: boolean) => void;
  onReturn: (microphone: boolean) => void;
}

export function Choose({ back, problem, onOpen, onReturn }: Props) {
  const { data, problem: away } = useLive<Choice[]>("/api/compositions");
  const [chosen, setChosen] = useState("");
  const choice = data?.find((known) => known.id === chosen) ?? data?.[0];
  return (
    <Card title={back ? "Your call goes on" : "Talk to an agent"}>
      {back ? (
        <>
          <p>You left this call, or loaded the page again. The agent is still there.</p>
          <div className="join">
            <button className="primary wide" onClick={() => onReturn(true)}>
              Come back with microphone
            </button>
            <button className="wide" onClick={() => onReturn(false)}>
              Come back in writing
            </button>
          </div>
        </>
      ) : (
        <>
          <fieldset className="choices">
            <legend className="hidden">With whom</legend>
            {data?.map((known) => (
              <label key={known.id} className="choice">
                <input
                  type="radio"
                  name="composition"
                  checked={known === choice}
                  onChange={() => setChosen(known.id)}
                />
                {known.title}
              </label>
            ))}
          </fieldset>
          {choice && (
            <>
              <p className="notice">{choice.consent}</p>
              <div className="join">
                <button className="primary wide" onClick={() => onOpen(choice.id, true)}>
                  Agree and join with microphone
                </button>
                <button className="wide" onClick={() => onOpen(choice.id, false)}>
                  Agree and join in writing
                </button>
              </div>
            </>
          )}
        </>
      )}
      <Trouble text={problem || away?.message} />
    </Card>
  );
}
