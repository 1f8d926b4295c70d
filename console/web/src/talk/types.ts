import type { TaskStage } from "../types";

export interface Opened {
  session_id: string;
  room: string;
  url: string;
  token: string;
  identity: string;
}

export interface Choice {
  id: string;
  title: string;
  consent: string;
}

export interface TaskCard {
  task_id: string;
  goal: string;
  stage: TaskStage;
  speech: string | null;
  requested_at: string;
  updated_at: string;
  waits_until: string | null;
}

export interface CallState {
  session_id: string;
  composition: string;
  open: boolean;
  tasks: TaskCard[];
  now: string;
}
