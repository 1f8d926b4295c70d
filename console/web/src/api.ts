/** Requests to the front door. Every failure is a `Problem` with words for the person who looks. */

export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

let csrfToken = "page"; // the caller's page has no account: any value proves that the request is the page's own

export function useToken(token: string): void {
  csrfToken = token;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, { signal });
}

export async function post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "The server does not answer. Check your connection; this page tries again by itself.");
  }
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Problem(answer.status, problem.detail ?? `The server answered ${answer.status}.`);
  }
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}
