import type { HandlerAnswer } from './received-webhook.js';

/** What an answer is over the wire. */
interface AnswerContent {
  /** `null`: it has no body. */
  readonly text: string | null;
  readonly contentType: string | null;
  /** Why there is no body although there should be one. */
  readonly fault?: string;
}

const NO_CONTENT = { text: null, contentType: null };

/** Text of a type that the answer names, anything else as JSON; what no JSON can be made of is no body, never thrown. */
export function contentOf({ headers, body }: HandlerAnswer): AnswerContent {
  const named = headers?.['content-type'];
  if (typeof body === 'string' && named !== undefined) return { text: body, contentType: named };
  try {
    const text: string | undefined = JSON.stringify(body);
    return text === undefined ? NO_CONTENT : { text, contentType: 'application/json; charset=utf-8' };
  } catch (error) {
    return { ...NO_CONTENT, fault: `(not serialisable: ${String(error)})` };
  }
}
