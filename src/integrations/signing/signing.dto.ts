import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMinSize, ArrayUnique, IsArray, IsIn, IsInt, Max, Min } from 'class-validator';
import { WEBHOOK_SCHEME_NAMES, type WebhookSchemeName } from '../../security/signatures/standard-webhooks.js';

const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** Standard Webhooks signatures on every delivery. */
export class SigningInput {
  /** `v1`: HMAC-SHA256 by a shared secret. `v1a`: Ed25519, verified by a public key. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(WEBHOOK_SCHEME_NAMES, { each: true })
  @ApiPropertyOptional({ enum: WEBHOOK_SCHEME_NAMES, isArray: true })
  schemes: WebhookSchemeName[] = ['v1'];
}

export class SigningKeyDto {
  scheme!: 'v1' | 'v1a';

  /** What receivers verify `v1a` by; `null` for `v1`, whose secret is never shown again. */
  publicKey!: string | null;

  createdAt!: Date;

  /** When it stops to sign, after a rotation; `null`: it is the current one. */
  signsUntil!: Date | null;
}

export class SigningDto {
  /** As in the request. */
  schemes!: ('v1' | 'v1a')[];

  keys!: SigningKeyDto[];
}

export class NewSigningKeyDto {
  scheme!: 'v1' | 'v1a';

  /** What its receiver verifies by: `whsec_...` (a secret) for `v1`, `whpk_...` (a public key) for `v1a`. */
  key!: string;
}

export class RotateSigningSecretDto {
  /** Seconds for which the keys before go on signing too: 0 to 2592000, 30 days. */
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  @ApiPropertyOptional({ type: 'integer' })
  overlapSeconds = 86_400;
}

export class SigningRotationDto {
  /** Shown only now. */
  newKeys!: NewSigningKeyDto[];

  signing!: SigningDto;
}
