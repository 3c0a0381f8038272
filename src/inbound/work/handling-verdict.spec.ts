import { Redactor } from '../../common/redaction.js';
import { shownFailure, verdictOfHandling } from './handling-verdict.js';

describe("what is shown of a handler's error", () => {
  const failure = verdictOfHandling(new Error('Ana Souza has no bed'));

  it('is what its message leaves once redacted', () => {
    expect(shownFailure(failure, new Redactor(['Ana Souza'])).errorMessage).toBe('*** has no bed');
  });

  it('is its code alone, where nobody knows what is to be hidden', () => {
    expect(shownFailure(failure, null).errorMessage).toBe('HANDLER_FAILED');
  });
});
