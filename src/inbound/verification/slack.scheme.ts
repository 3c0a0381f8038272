import { Equals, IsInt, Max, Min } from 'class-validator';
import { isRecord } from '../../common/primitives.js';
import { echo } from './echo.challenge.js';
import { hmacPreset, PLAIN_HMAC } from './hmac-preset.js';
import { verifyByHmac } from './hmac-rules.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { DEFAULT_TOLERANCE_SECONDS, MAX_TOLERANCE_SECONDS } from './timestamp.js';
import { defineVerificationScheme } from './verification-scheme.js';

class SlackInput {
  @Equals('slack')
  kind!: 'slack';

  /** The app's signing secrets. */
  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];

  @IsInt()
  @Min(1)
  @Max(MAX_TOLERANCE_SECONDS)
  toleranceSeconds = DEFAULT_TOLERANCE_SECONDS;
}

const RULES = {
  ...PLAIN_HMAC,
  header: 'x-slack-signature',
  prefix: 'v0=',
  timestampHeader: 'x-slack-request-timestamp',
  template: 'v0:{{timestamp}}:{{body}}',
} as const;

/** Larger than any challenge; an event need not be parsed to tell that it is none. */
const MAX_CHALLENGE_BYTES = 4_096;

/**
 * https://api.slack.com/authentication/verifying-requests-from-slack, and `url_verification`, by which Slack asks for the
 * challenge in a signed body: https://api.slack.com/events/url_verification.
 */
export const SLACK_SCHEME = defineVerificationScheme({
  kind: 'slack',
  ...hmacPreset(SlackInput, RULES),
  challenge: (request, { settings: { toleranceSeconds = RULES.toleranceSeconds }, secrets: { secrets } }) => {
    if (request.body.length > MAX_CHALLENGE_BYTES) return null;
    const challenge = challengeIn(request.body);
    if (challenge === null || !verifyByHmac({ ...RULES, toleranceSeconds }, request, secrets).ok) return null;
    return echo(challenge);
  },
});

function challengeIn(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isRecord(value) && value['type'] === 'url_verification' ? value['challenge'] : null;
  } catch {
    return null;
  }
}
