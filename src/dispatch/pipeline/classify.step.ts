import { Injectable } from '@nestjs/common';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import type { OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
import { answerBodyOf } from './answer-body.js';
import { asksFor, statusMatches, verdictOfAnswer } from './classify-response.js';
import type { Delivery } from './delivery.js';
import { vendorReason } from './vendor-reason.js';
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

  async verdict(delivery: Delivery): Promise<Verdict> {
    const { response, integration } = delivery;
    if (!response) return { outcome: 'success' };
    const { successRule, tenantId } = integration;
    const { status, headers } = response;
    if (!statusMatches(successRule, status)) {
      const url = delivery.request?.url.href ?? '';
      return withReason(verdictOfAnswer({ status, headers, url }, new Date()), delivery, response);
    }
    if (successRule.expression === null) return success(headers);
    try {
      const answer = { status, headers, body: answerBodyOf(response) };
      const passed = await this.sandbox.evaluate(successRule.expression, answer, { owner: tenantId });
      return passed === true ? success(headers) : withReason(RULE_SAYS_NO, delivery, response);
    } catch (error) {
      return ruleFailed(error);
    }
  }
}

/** A vendor may take a delivery and want no further one. */
const success = (headers: OutboundResponse['headers']): Verdict =>
  asksFor(headers, 'disable')
    ? { outcome: 'success', disables: 'The vendor wants no more deliveries (webhook-delivery: disable)' }
    : { outcome: 'success' };

function withReason(verdict: FailVerdict, delivery: Delivery, { body }: OutboundResponse): FailVerdict {
  const redactor = delivery.redactor();
  const reason = vendorReason(body, redactor);
  const errorMessage = redactor.text(verdict.errorMessage);
  return { ...verdict, errorMessage: reason === null ? errorMessage : `${errorMessage}. It says: ${reason}` };
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
