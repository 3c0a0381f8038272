/** What a host, or whoever adds to Waybill, tests with: `waybill/testing`. It works with any test runner. */

export { describeAuthKind } from './describe-auth-kind.js';
export type { AuthKindExample, AuthKindExpectations } from './describe-auth-kind.js';
export { describeLogSink } from './describe-log-sink.js';
export type { LogSinkUnderTest } from './describe-log-sink.js';
export { describeSignatureScheme } from './describe-signature-scheme.js';
export type { SignatureSchemeExample, SignatureVector } from './describe-signature-scheme.js';
export { describeVerificationScheme } from './describe-verification-scheme.js';
export { aRawRequest } from '../inbound/verification/raw-request.builders.js';
export type { VerificationExample, VerificationExpectations } from './describe-verification-scheme.js';
export type { TestRunner } from './test-runner.js';
export type { SignableMessage, SignatureScheme } from '../security/signatures/signature-scheme.js';
export { defineVerificationScheme } from '../inbound/verification/verification-scheme.js';
export type { VerificationScheme, Verified } from '../inbound/verification/verification-scheme.js';
export type { RawRequest } from '../inbound/verification/raw-request.js';
export { defineAuthKind } from '../integrations/auth/auth-kind.js';
export type { AuthenticableRequest, AuthKind, AuthSettings, TokenDesk } from '../integrations/auth/auth-kind.js';
export type { LogEntry, LogSink } from '../logging/log-entry.js';
