/** What a host, or whoever adds to Waybill, tests with: `waybill/testing`. It works with any test runner. */

export { describeAuthKind } from './describe-auth-kind.js';
export type { AuthKindExample, AuthKindExpectations } from './describe-auth-kind.js';
export { describeLogSink } from './describe-log-sink.js';
export type { LogSinkUnderTest } from './describe-log-sink.js';
export { describeSignatureScheme } from './describe-signature-scheme.js';
export type { SignatureSchemeExample, SignatureVector } from './describe-signature-scheme.js';
export type { TestRunner } from './test-runner.js';
export type { SignableMessage, SignatureScheme } from '../security/signatures/signature-scheme.js';
export { defineAuthKind } from '../integrations/auth/auth-kind.js';
export type { AuthenticableRequest, AuthKind, AuthSettings, TokenDesk } from '../integrations/auth/auth-kind.js';
export type { LogEntry, LogSink } from '../logging/log-entry.js';
