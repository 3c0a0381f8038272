import { Injectable } from '@nestjs/common';
import type { TokenDesk } from '../../integrations/auth/auth-kind.js';
import { CredentialsDesk, type DeskServices, type TokenAsker } from '../../integrations/auth/credentials-desk.js';
import { OutboundHttpClient } from '../../security/outbound-http/outbound-http.client.js';
import { SharedTokens } from '../../security/tokens/shared-tokens.js';

export interface OpenDesk extends TokenDesk {
  /** Names the token that was given out; `null` where none was. */
  readonly receipt: string | null;
}

/** Where the authentication of a call gets its tokens. */
export abstract class TokenDesks {
  abstract open(asker: TokenAsker): OpenDesk;
}

/** The tokens that all processes share; a missing one is fetched from the vendor. */
@Injectable()
export class SharedTokenDesks extends TokenDesks {
  private readonly services: DeskServices;

  constructor(tokens: SharedTokens, http: OutboundHttpClient) {
    super();
    this.services = { tokens, http };
  }

  open(asker: TokenAsker): OpenDesk {
    return new CredentialsDesk(this.services, asker);
  }
}
