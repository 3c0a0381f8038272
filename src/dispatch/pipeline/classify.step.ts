import { Injectable } from '@nestjs/common';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import type { OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
import { statusMatches, verdictOfStatus } from './classify-response.js';
import type { Delivery } from './delivery.js';
import type { FailVerdict, Verdict } from './verdict.js';

const RULE_SAYS_NO: FailVerdict = {
  outcome: 'fail',
  errorClass: 'rejected',
  errorCode: 'SUCCESS_RULE_FALSE',
  errorMessage: "The vendor's answer is not a success by the integration's success rule",
  remedy: "See the vendor's answer, correct the record or the rule, then retry the log.",
  retryAfterMs: null,
};

/** Says whether the vendor took it: by status, then by the integration's own rule over the answer. */
@Injectable()
export class ClassifyStep {
  constructor(private readonly sandbox: ExpressionSandbox) {}

  async verdict({ response, integration }: Delivery): Promise<Verdict> {
    if (!response) return { outcome: 'success' };
    const { successRule, tenantId } = integration;
    const { status, headers } = response;
    if (!statusMatches(successRule, status)) return verdictOfStatus(status, headers, new Date());
    if (successRule.expression === null) return { outcome: 'success' };
    try {
      const answer = { status, headers, body: bodyOf(response) };
      const passed = await this.sandbox.evaluate(successRule.expression, answer, { owner: tenantId });
      return passed === true ? { outcome: 'success' } : RULE_SAYS_NO;
    } catch (error) {
      return ruleFailed(error);
    }
  }
}

/** The vendor answered a good status and may have taken it: sending again by itself could do harm, so a person decides. */
const ruleFailed = (error: unknown): FailVerdict => ({
  outcome: 'fail',
  errorClass: 'config',
  errorCode: 'SUCCESS_RULE_FAILED',
  errorMessage: `The success rule could not be evaluated: ${error instanceof Error ? error.message : String(error)}`,
  remedy: "See whether the vendor took it, correct the integration's success rule, then retry the log.",
  retryAfterMs: null,
});

/** JSON where it is JSON, text otherwise: vendors do not always say which. */
function bodyOf({ body }: OutboundResponse): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
