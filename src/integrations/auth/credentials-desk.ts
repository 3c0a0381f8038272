import type { OutboundHttpClient, OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
import { OutboundRequestError } from '../../security/outbound-http/outbound-request.error.js';
import type { OutboundTls } from '../../security/outbound-http/tls-agents.js';
import {
  ISSUE_TIMEOUT_MS,
  type IssueToken,
  type SharedTokens,
  type TokenOwner,
} from '../../security/tokens/shared-tokens.js';
import type { TokenDesk } from './auth-kind.js';
import { TokenRequestError } from './token-request.error.js';

/** Tokens are some kilobytes at the most. */
const MAX_ANSWER_BYTES = 65_536;

export interface DeskServices {
  readonly http: OutboundHttpClient;
  readonly tokens: SharedTokens;
}

export interface TokenAsker {
  readonly owner: TokenOwner;
  /** Names a token that the vendor has refused. */
  readonly refused: string | null;
  /** The token endpoint is called with the same client certificate as the vendor (RFC 8705, section 2). */
  readonly tls: OutboundTls | null;
}

/** The token desk of one try: it knows whose token is asked for, and which one the vendor has refused. */
export class CredentialsDesk implements TokenDesk {
  /** Names the token that was given out; `null` where the kind asked for none. */
  receipt: string | null = null;

  constructor(
    private readonly services: DeskServices,
    private readonly asker: TokenAsker,
  ) {}

  async token(issue: IssueToken): Promise<string> {
    const { value, receipt } = await this.services.tokens.get(this.asker.owner, issue, this.asker.refused);
    this.receipt = receipt;
    return value;
  }

  async send(request: Parameters<TokenDesk['send']>[0]): Promise<OutboundResponse> {
    const { host } = new URL(request.url);
    const response = await this.call(request, host);
    if (!response.truncated) return response;
    throw new TokenRequestError('TOKEN_ANSWER_UNREADABLE', host, `its answer has more than ${MAX_ANSWER_BYTES} bytes`);
  }

  private async call(request: Parameters<TokenDesk['send']>[0], host: string): Promise<OutboundResponse> {
    try {
      const { tls } = this.asker;
      return await this.services.http.send({
        ...request,
        ...(tls ? { tls } : {}),
        timeoutMs: ISSUE_TIMEOUT_MS,
        maxResponseBytes: MAX_ANSWER_BYTES,
      });
    } catch (error) {
      if (!(error instanceof OutboundRequestError) || !error.retryable) throw error;
      throw new TokenRequestError('TOKEN_ENDPOINT_UNAVAILABLE', host, error.message, { cause: error });
    }
  }
}
