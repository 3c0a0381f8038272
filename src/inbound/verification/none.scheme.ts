import { Equals } from 'class-validator';
import { addressListFaults } from './address-list.js';
import { EchoInput, echoOf } from './echo.challenge.js';
import { curlPost, shellStart } from './shell.js';
import { defineVerificationScheme } from './verification-scheme.js';

class NoneInput extends EchoInput {
  @Equals('none')
  kind!: 'none';
}

/** Nothing but the caller's address, which the source's list of allowed ones has to settle. */
export const NO_VERIFICATION_SCHEME = defineVerificationScheme({
  kind: 'none',
  input: NoneInput,
  check: (_input, { allowedAddresses }) =>
    allowedAddresses.length > 0
      ? addressListFaults('kind', allowedAddresses)
      : [
          {
            field: 'kind',
            expected: "may be none only where the source's allowCidrs name the addresses of its vendor",
            received: 'string',
          },
        ],
  split: ({ kind: _kind, ...settings }) => ({ settings: { ...settings }, secrets: {} }),
  verify: () => ({ ok: true }),
  challenge: (request, { settings }) => echoOf(settings, request),
  example: (_settings, url) => ({
    steps: ['Send the request from one of the addresses that are allowed.'],
    variables: [],
    commands: [...shellStart(url), curlPost([])].join('\n'),
  }),
});
