/** The shapes of the front door's API, as far as the pages use them. */

export type Role = "caller" | "reviewer" | "operator" | "auditor" | "admin";
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Arguments = Record<string, Json>;

export interface Me {
  name: string;
  display_name: string;
  roles: Role[];
  reviewer: string | null;
  csrf_token: string;
}

export interface Content {
  subject_id: string;
  body: string;
}

export const taskStages = [
  "planning",
  "running",
  "waiting_approval",
  "waiting",
  "suspended",
  "done",
  "needs_person",
  "declined",
  "failed",
  "cancelled",
] as const;
export type TaskStage = (typeof taskStages)[number];

export type Stage = "pending" | "approved" | "rejected" | "taken_over" | "expired" | "withdrawn";

export interface QueueItem {
  approval_id: string;
  action: string;
  tool: string;
  composition: string;
  risk: string;
  stage: Stage;
  opened_at: string;
  deadline: string;
  decided_at: string | null;
  on_the_line: boolean;
  claimed_by: string | null;
  approvers: number;
  approved_by: string[];
  mine: boolean;
  approved: boolean;
}

export interface QueuePage {
  items: QueueItem[];
  total: number;
  next_after: string | null;
  now: string;
}

interface Approval {
  approval_id: string;
  task_id: string;
  step_id: string;
  session_id: string;
  composition: string;
  tool: string;
  capability: string;
  action: Content;
  digest: string;
  rule_id: string;
  why: string;
  context_pack: Content | null;
  editable: string[];
  stage: Stage;
  opened_at: string;
  deadline: string;
  decided_at: string | null;
  reviewer: string | null;
  note: Content | null;
}

interface Rung {
  after_seconds: number;
  kind: "remind" | "pass_on" | "fallback";
  to: string | null;
  say: string | null;
  fallback: string | null;
}

export interface Receipt {
  number: number;
  reviewer: string;
  verdict: string;
  accepted: boolean;
  reason: string;
  at: string;
  channel: string;
}

export interface Asked {
  question_id: string;
  reviewer: string;
  question: Content;
  asked_at: string;
  answer: Content | null;
}

export interface Delivery {
  delivery_id: string;
  state: "owed" | "offered" | "played" | "heard" | "dropped" | "expired";
  speech: Content;
  updated_at: string;
  created_at: string;
  topic: string;
}

export interface Shown {
  item: QueueItem;
  approval: Approval;
  digest: string;
  asked_arguments: Arguments;
  arguments: Arguments;
  standing: {
    deciders: string[];
    editable: Record<string, { at_most: number | "original" | null }>;
    ladder: Rung[];
    max_extension_seconds: number;
    asked: Asked[];
    edited_fields: string[];
  } | null;
  outlook: { approved: string; edited: string; rejected: string; taken_over: string; expired: string };
  refusal: string | null;
  decisions: Receipt[];
  deliveries: Delivery[];
  temporal_url: string;
  now: string;
}

export interface Colleague {
  name: string;
  display_name: string;
  groups: string[];
}
