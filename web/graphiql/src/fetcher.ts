type Params = { query: string; variables?: unknown; operationName?: string | null };
type Options = { headers?: Record<string, unknown> };
type Answer = { data?: unknown; errors?: { message: string }[] };

const failure = (message: string): Answer => ({ errors: [{ message }] });

/** Sends one operation to the address this page came from. */
export async function fetcher(params: Params, options?: Options): Promise<any> {
  const endpoint = window.location.pathname;
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(options?.headers as Record<string, string> | undefined),
      },
      body: JSON.stringify(params),
    });
  } catch {
    return failure(`No answer from ${endpoint}: is the server running?`);
  }
  const text = await response.text();
  try {
    const answer: unknown = JSON.parse(text);
    // A refusal may be JSON and still no GraphQL answer.
    if (typeof answer === 'object' && answer !== null && ('data' in answer || 'errors' in answer)) return answer;
  } catch {
    // shown below, as text
  }
  return failure(`HTTP ${response.status} ${response.statusText}: ${text.slice(0, 2000) || 'no content'}`);
}
