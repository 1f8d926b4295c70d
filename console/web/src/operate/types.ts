import type { Content, TaskStage } from "../types";

export interface TaskRecord {
  task_id: string;
  session_id: string;
  composition: string;
  stage: TaskStage;
  goal: Content;
  speech: Content | null;
  requested_at: string;
  updated_at: string;
}

export interface StepRecord {
  step_id: string;
  position: number;
  role: string;
  goal: Content;
  status: string | null;
  answer: Content | null;
  depends_on: string[];
  updated_at: string;
}

export function stageClass(stage: string | null): string {
  switch (stage) {
    case "done":
      return "good";
    case "failed":
    case "declined":
      return "bad";
    case "needs_person":
    case "waiting_approval":
    case "suspended":
      return "warn";
    default:
      return "info";
  }
}
