import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ACTION_NAME_PATTERN, MAX_ACTION_ID } from './action-definition.js';

/** A field of an action's context. */
export class ContextFieldDto {
  /**
   * A letter or `_`, then letters, digits and `_`; 64 at the most. `tenantId` is always there and not declared.
   * @example "patientId"
   */
  @Matches(/^(?!tenantId$)[A-Za-z_]\w{0,63}$/, {
    message: 'name must be a name of up to 64 letters, digits and _, and not tenantId, which every context has',
  })
  name!: string;

  @IsIn(['string', 'number', 'boolean'])
  type!: 'string' | 'number' | 'boolean';

  @IsBoolean()
  required!: boolean;
}

/** An action of a host in any language, rebuilt by calling its intent URL. */
export class RegisterActionDto {
  /** Stable for ever: integrations and logs refer to it. */
  @IsInt()
  @Min(1)
  @Max(MAX_ACTION_ID)
  id!: number;

  /**
   * Lower-case words joined by dots.
   * @example "bill.generated"
   */
  @IsString()
  @MaxLength(128)
  @Matches(ACTION_NAME_PATTERN, { message: 'name must be lower-case words joined by dots, such as bill.generated' })
  name!: string;

  /** One sentence for the catalogue. */
  @IsOptional()
  @IsString()
  @Length(1, 500)
  description?: string;

  /** What its context holds besides `tenantId`: ids and primitives. */
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique(({ name }: ContextFieldDto) => name, { message: 'contextFields must not name a field twice' })
  @ValidateNested({ each: true })
  @Type(() => ContextFieldDto)
  contextFields!: ContextFieldDto[];

  /** Where Waybill posts `{ action, context }`, signed as Standard Webhooks, and gets the data as JSON. */
  @IsString()
  @MaxLength(2_048)
  @Matches(/^[^{}]*$/, { message: 'intentUrl must not hold placeholders' })
  intentUrl!: string;
}

/** What was sent when an action was registered, without its signing secret. */
export class RegistrationDto {
  contextFields!: ContextFieldDto[];

  /** `null` but for keys of the platform. Query values whose names call them secret are hidden. */
  intentUrl!: string | null;

  createdAt!: Date;

  /** The key that registered it. */
  createdBy!: string;
}

export class ActionDto {
  id!: number;

  name!: string;

  description!: string | null;

  /** `code`: declared by the host's code. `api`: registered over HTTP. */
  source!: 'code' | 'api';

  /** What its context may hold besides `tenantId`. */
  contextFieldNames!: string[];

  /** How it was registered over HTTP; `null` for an action of code. */
  registration!: RegistrationDto | null;
}

export class ActionPageDto {
  /** In the order of their ids. */
  items!: ActionDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}

export class RegisteredActionDto extends ActionDto {
  /** `whsec_...`: what the intent URL verifies Waybill's calls by (Standard Webhooks). It is shown only now. */
  signingSecret!: string;
}
