import type { Evidence, Expectation } from '../evidence.js';
import {
  everyDeliveryArrivedOnce,
  everyLabUsedItsOwnCredentials,
  everyNameArrivedAsItIs,
  everyPatientReachedTheEhrOnce,
  logsAgreeWithVendors,
  repeatedRequestIsOneEvent,
  theLargeReportArrivedWhole,
} from './deliveries.js';
import { inboundCallsAreLogged, labsSeeTheirOwnOnly, redisHoldsNobodysName, skipsHaveTheirReason } from './records.js';
import {
  bothAttemptsAreInTheLog,
  everythingSucceededInTheEnd,
  insurerRefusalsFailed,
  missingPhonesFailed,
  theRetrySentTheCorrection,
  transientFailuresHealed,
} from './retries.js';
import {
  everyBillIsPaid,
  everyResultsReportReachedTheEhr,
  repeatedWebhooksAreTakenOnce,
  theForgottenSamplesResultWasRetried,
  theWrongSignatureWasRefused,
} from './webhooks.js';

type Check = (evidence: Evidence) => Expectation | Promise<Expectation>;

const CHECKS: readonly Check[] = [
  everyPatientReachedTheEhrOnce,
  everyNameArrivedAsItIs,
  everyDeliveryArrivedOnce,
  logsAgreeWithVendors,
  repeatedRequestIsOneEvent,
  skipsHaveTheirReason,
  everyLabUsedItsOwnCredentials,
  transientFailuresHealed,
  insurerRefusalsFailed,
  missingPhonesFailed,
  theRetrySentTheCorrection,
  bothAttemptsAreInTheLog,
  everythingSucceededInTheEnd,
  theLargeReportArrivedWhole,
  everyResultsReportReachedTheEhr,
  repeatedWebhooksAreTakenOnce,
  theWrongSignatureWasRefused,
  theForgottenSamplesResultWasRetried,
  everyBillIsPaid,
  inboundCallsAreLogged,
  redisHoldsNobodysName,
  labsSeeTheirOwnOnly,
];

/** Looks at everything, also after something did not hold. */
export async function checkExpectations(evidence: Evidence): Promise<Expectation[]> {
  const checked: Expectation[] = [];
  for (const check of CHECKS) checked.push(await check(evidence));
  return checked;
}
